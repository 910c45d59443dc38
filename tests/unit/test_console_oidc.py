"""Logins at an OpenID Connect provider that stands in on loopback, and what is tried against them."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec
import pytest
from console_support import URL, Browser, Place
from joserfc.jwk import RSAKey
from oidc_stand_in import CLIENT, SECRET, StandIn, Twist, by_secret, standing_in, unsigned

from console.access.oidc_file import OidcFileError, read_oidc
from console.access.provider import AGAIN_SECONDS, KEPT_SECONDS, PENDING_SECONDS, Provider

KEY, OTHER = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("first", "second"))
FORGED = RSAKey.generate_key(2048, {"kid": "first"})
FILE = """
issuer = "{issuer}"
client_id = "{client}"
client_secret_file = "{secret}"
title = "Firm <login>"
[roles]
ops = "operator"
sales = "viewer"
board = "admin"
"""


@pytest.fixture
def stand() -> Iterator[StandIn]:
    """A provider with one key."""
    with standing_in(KEY) as found:
        yield found


@pytest.fixture
def place(users: Path, stand: StandIn, tmp_path: Path) -> Place:
    """A console that people log in to at the provider."""
    return made(users, stand, tmp_path)


def made(users: Path, stand: StandIn, folder: Path, more: str = "") -> Place:
    """A console, with this in its file besides."""
    found = Place(users)
    file = read_oidc(file_of(folder, stand.issuer, more))
    found.house.provider = Provider(file, URL, found.clock, time.time)
    return found


def file_of(folder: Path, issuer: str, more: str = "") -> Path:
    """Write the file of a provider, and the secret's."""
    secret, file = folder / "secret", folder / "oidc.toml"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    secret.chmod(0o600)
    file.write_text(more + FILE.format(issuer=issuer, client=CLIENT, secret=secret), encoding="utf-8")
    return file


def sent(browser: Browser, onward: str = "") -> str:
    """Begin a login; return where the browser is sent."""
    answer = browser.get(f"/login/provider?next={onward}")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def back(address: str) -> str:
    """Be approved by the provider; return where it sends the browser back to, without our address."""
    answer = httpx2.get(address)
    assert answer.status_code == 302
    found: str = answer.headers["location"]
    assert found.startswith(f"{URL}/login/callback?")
    return found.removeprefix(URL)


def entered(browser: Browser, onward: str = "") -> Any:
    """Log in; return the answer to the way back."""
    return browser.get(back(sent(browser, onward)))


def refused(browser: Browser, answer: Any) -> str:
    """Return what a login that is refused says; nobody is logged in by it."""
    assert answer.status_code == 401, answer.text[:200]
    assert browser.get("/keys").status_code == 303
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    assert found is not None
    return found.group(1)


def test_whoever_the_provider_knows_is_logged_in_with_the_role_that_its_claim_gives(place: Place) -> None:
    """Under a new session, by the name that is audited, and led on to what was asked for; the highest role counts."""
    browser = place.browser()
    address = sent(browser, "/audit?by=x")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    assert (asked["redirect_uri"], asked["scope"]) == (f"{URL}/login/callback", "openid email profile")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    before = browser.cookies
    answer = browser.get(back(address))
    assert (answer.status_code, answer.headers["location"]) == (303, "/audit?by=x")
    assert browser.cookies != before
    assert "ann@firm.example · operator" in browser.get("/keys").text
    assert browser.post("/policy/change", {"what": "end"}).status_code == 403


def test_the_login_leads_to_no_other_site(place: Place) -> None:
    """`next` is an address of ours."""
    assert entered(place.browser(), "https://evil.example").headers["location"] == "/now"
    assert entered(place.browser(), "//evil.example").headers["location"] == "/now"


def test_local_users_log_in_as_before(place: Place) -> None:
    """The page offers both, and the provider's name is text."""
    page = place.browser().get("/login").text
    assert "Log in with Firm &lt;login&gt;" in page
    assert place.browser("admin").get("/keys").status_code == 200


def without(name: str) -> Twist:
    """Leave a claim out."""
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def but(**more: Any) -> Twist:
    """Say something else in claims."""
    return lambda claims: claims | more


@pytest.mark.parametrize(
    "twist",
    [
        but(nonce="another"),
        without("nonce"),
        but(aud="another-client"),
        but(aud="another-client", azp=CLIENT),
        but(aud=[CLIENT, "another-client"]),
        but(aud=[CLIENT, "another-client"], azp="another-client"),
        without("aud"),
        but(exp=int(time.time()) - 90),
        but(exp=float("inf")),
        without("exp"),
        but(iat=int(time.time()) + 3_600),
        but(nbf=int(time.time()) + 3_600),
        but(iss="https://evil.example"),
        without("iss"),
        without("sub"),
        but(at_hash="x"),
    ],
)
def test_a_token_that_is_not_of_this_login_is_refused(place: Place, stand: StandIn, twist: Twist) -> None:
    """Of another attempt, for another client, out of time, or of another provider: each by itself is enough."""
    stand.twist = twist
    browser = place.browser()
    assert "does not hold" in refused(browser, entered(browser))
    stand.twist = lambda claims: claims
    assert entered(browser).status_code == 303


def test_a_token_that_no_key_of_the_provider_has_signed_is_refused(place: Place, stand: StandIn) -> None:
    """Unsigned; by a secret, the published key's text among them; by another key under the same name; cut, or none."""
    forms: tuple[Any, ...] = (
        unsigned,
        lambda claims: by_secret(claims, KEY.as_pem(private=False)),
        lambda claims: by_secret(claims, SECRET.encode()),
        lambda claims: stand.signed(claims, FORGED),
        lambda claims: stand.signed(claims, OTHER),
        lambda claims: stand.signed(claims)[:-8],
        lambda _: "",
        lambda _: "a.b.c",
    )
    for form in forms:
        stand.sign = form
        place.clock.now += 3_700  # else the lock-out would refuse it, and nobody see why
        browser = place.browser()
        assert "does not hold" in refused(browser, entered(browser))


def test_a_state_that_is_not_this_sessions_is_refused_and_no_code_is_spent(place: Place, stand: StandIn) -> None:
    """Another's, a made-up one, or none: nobody can log somebody in as himself by a link."""
    mine, other = place.browser(), place.browser()
    theirs, own = back(sent(other)), back(sent(mine))
    code = parse_qs(urlsplit(own).query)["code"][0]
    for address in (theirs, f"/login/callback?code={code}&state=guess", f"/login/callback?code={code}"):
        assert "not begun here" in refused(mine, mine.get(address))
    assert "not begun here" in refused(mine, mine.get(own)), "an attempt is good once, whatever came of it"
    assert stand.token_asked == 0


def test_a_code_logs_in_once(place: Place, stand: StandIn) -> None:
    """Replayed in the same browser the attempt is over; in another one its proof is missing, and the provider refuses."""
    browser, thief = place.browser(), place.browser()
    address = back(sent(browser))
    stolen = back(sent(browser))
    state = parse_qs(urlsplit(sent(thief)).query)["state"][0]
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    assert "does not hold" in refused(thief, thief.get(f"/login/callback?code={code}&state={state}&iss={stand.issuer}"))
    assert browser.get(address).status_code == 401, "it is not the newest attempt of the session"
    address = back(sent(browser))
    assert browser.get(address).status_code == 303
    again = place.browser()
    again.client.cookies.update(browser.client.cookies)
    assert again.get(address).status_code == 401
    assert browser.get("/keys").status_code == 200


def test_an_attempt_is_over_after_ten_minutes(place: Place) -> None:
    """Whoever stays away longer begins again."""
    browser = place.browser()
    address = back(sent(browser))
    place.clock.now += PENDING_SECONDS + 1
    assert "took too long" in refused(browser, browser.get(address))


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({"groups": ["guests"]}, "you have no role here"),
        ({"groups": []}, "you have no role here"),
        ({"groups": {"ops": True}}, "you have no role here"),
        ({"groups": "OPS"}, "you have no role here"),
        ({"groups": [["ops"], 1, None]}, "you have no role here"),
        ({"email": "ann@firm.example", "email_verified": False}, "says no email"),
        ({"email": "<b>ann</b>"}, "says no email"),
        ({"email": None}, "says no email"),
        ({"email": "admin"}, "admin is a local user here as well"),
    ],
)
def test_who_has_no_role_or_no_name_of_its_own_is_refused(
    place: Place, stand: StandIn, person: dict[str, Any], said: str
) -> None:
    """A role that nobody mapped is none; a name that is a local user's would be taken for that one in the audit."""
    stand.person |= person
    browser = place.browser()
    assert said in refused(browser, entered(browser))


def test_a_role_may_stand_in_a_part_of_a_claim(users: Path, stand: StandIn, tmp_path: Path) -> None:
    """As some providers have it; a claim of that very name comes first."""
    place = made(users, stand, tmp_path, 'role_claim = "realm.roles"\nname_claim = "preferred_username"\n')
    stand.person = {"sub": "1", "preferred_username": "Bob", "realm": {"roles": ["board", "sales"]}}
    browser = place.browser()
    assert entered(browser).status_code == 303
    assert "bob · admin" in browser.get("/keys").text
    stand.person["realm.roles"] = "sales"
    other = place.browser()
    assert entered(other).status_code == 303
    assert "bob · viewer" in other.get("/keys").text


def test_clocks_may_differ_by_a_minute(place: Place, stand: StandIn) -> None:
    """By no more, and no less than the file says."""
    now = int(time.time())
    for twist, status in ((but(exp=now - 30), 303), (but(iat=now + 30, nbf=now + 30), 303), (but(exp=now - 75), 401)):
        stand.twist = twist
        assert entered(place.browser()).status_code == status


def test_a_new_key_of_the_provider_is_looked_for_and_one_that_it_withdrew_is_out(place: Place, stand: StandIn) -> None:
    """Keys are asked for once an hour, and again where one is not known; not for each token that a stranger makes up."""
    for _ in range(3):
        assert entered(place.browser()).status_code == 303
    assert stand.jwks_asked == 1
    place.clock.now += AGAIN_SECONDS + 1
    stand.key, stand.published = OTHER, [KEY, OTHER]
    assert entered(place.browser()).status_code == 303
    assert stand.jwks_asked == 2
    stand.sign = lambda claims: stand.signed(claims, RSAKey.generate_key(2048, {"kid": "third"}))
    for _ in range(3):
        assert entered(place.browser()).status_code == 401
    assert stand.jwks_asked == 2
    stand.sign, stand.published = (lambda claims: stand.signed(claims, KEY)), [OTHER]
    place.clock.now += KEPT_SECONDS + 1
    assert entered(place.browser()).status_code == 401


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("error=access_denied", "did not log you in: access_denied"),
        ("error=%3Cscript%3E", "did not log you in: &lt;script&gt;"),
        ("code=x&iss=https://evil.example", "another provider"),
        ("code=x", "another provider"),
        ("iss={issuer}", "gave no code"),
    ],
)
def test_an_answer_that_is_none_is_told(place: Place, stand: StandIn, query: str, said: str) -> None:
    """An error of the provider's, as text; an answer of another provider's; one without a code."""
    browser = place.browser()
    state = parse_qs(urlsplit(sent(browser)).query)["state"][0]
    answer = browser.get(f"/login/callback?state={state}&{query.format(issuer=stand.issuer)}")
    assert said in refused(browser, answer)
    assert stand.token_asked == 0


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": 3}],
)
def test_a_provider_that_is_another_or_would_be_asked_in_the_clear_is_not_used(
    place: Place, stand: StandIn, metadata: dict[str, Any]
) -> None:
    """Nothing is sent to it; local users log in all the same."""
    stand.metadata = metadata
    answer = place.browser().get("/login/provider")
    assert answer.status_code == 503
    assert "does not answer as a provider should" in answer.text
    assert place.browser("viewer").get("/keys").status_code == 200


def test_who_tries_answers_out_is_slowed(place: Place, stand: StandIn) -> None:
    """As with passwords: five failures are free, from one address."""
    stand.twist = but(nonce="x")
    answers = [entered(place.browser()).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    stand.twist = lambda claims: claims
    place.clock.now += 10
    assert entered(place.browser()).status_code == 303


def test_a_log_out_ends_the_session_and_shows_the_way_out_of_the_provider(place: Place, stand: StandIn) -> None:
    """A local user is not shown it."""
    browser = place.browser()
    entered(browser)
    stolen = next(iter(browser.cookies.values()))
    answer = browser.post("/logout")
    assert answer.headers["location"] == "/login?left=provider"
    assert place.house.sessions.find(stolen) is None
    page = browser.get("/login?left=provider").text
    assert f'href="{stand.issuer}/end?client_id={CLIENT}&amp;post_logout_redirect_uri=' in page
    assert place.browser("viewer").post("/logout").headers["location"] == "/login"


def test_a_login_at_the_provider_is_held_to_its_role_and_its_time_like_any(place: Place, stand: StandIn) -> None:
    """Its role is the one of the login; idle for an hour, it is over."""
    browser = place.browser()
    entered(browser)
    assert browser.get("/account/do?command=override&id=a").status_code == 200
    place.clock.now += 3_601
    assert browser.get("/keys").status_code == 303
    stand.person["groups"] = "sales"
    entered(browser)
    assert browser.get("/account/do?command=override&id=a").status_code == 403


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("issuer = ", "issuer = 3 # "), "issuer"),
        (('issuer = "', 'issuer = "http://login.example" # "'), "https://"),
        (("[roles]", "[rolls]"), "rolls"),
        (('board = "admin"', 'board = "king"'), "king"),
        (("title =", "leeway_seconds = 900\ntitle ="), "leeway_seconds"),
        (("title =", 'scopes = ["email"]\ntitle ='), "openid"),
        (("/secret", "/nothing"), "No such file"),
        (("issuer", "= ="), "oidc.toml"),
    ],
)
def test_a_file_that_does_not_fit_says_where(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """In one line, before anything is served."""
    file = file_of(tmp_path, "https://login.example")
    assert read_oidc(file).client_id == CLIENT
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(OidcFileError, match=re.escape(said)) as told:
        read_oidc(file)
    assert "\n" not in str(told.value)


def test_a_secret_that_others_can_read_or_that_is_empty_is_refused(tmp_path: Path) -> None:
    """And so is a file of no roles."""
    file = file_of(tmp_path, "https://login.example")
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(OidcFileError, match="can be read by others"):
        read_oidc(file)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "secret").write_text(" \n", encoding="utf-8")
    with pytest.raises(OidcFileError, match="is empty"):
        read_oidc(file)
    file.write_text('issuer = "https://x"\nclient_id = "c"\n[roles]\n', encoding="utf-8")
    with pytest.raises(OidcFileError, match="at least one"):
        read_oidc(file)


def test_a_public_client_has_no_secret(tmp_path: Path) -> None:
    """It proves by PKCE alone."""
    file = file_of(tmp_path, "https://login.example")
    assert msgspec.structs.replace(read_oidc(file), client_secret_file=None).secret() is None
    assert read_oidc(file).secret() == SECRET
