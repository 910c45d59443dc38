"""What a stranger tries against the console, by requests made by hand; docs/console.md tells it in the same order."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from console_support import TLS_URL, Place, password, users_file
from readmodel_support import begun, sample, write
from starlette.requests import Request

from console.access.sessions import MOST
from console.access.users import Known
from console.guard import FORM_BYTES
from console.pages.refused import BYTES_SHOWN, readable
from console.tables import csv_file
from console.visit import Visit
from readmodel.answers import Standing
from relationship.contract.decisions import Audit
from views.base.decisions import Decision

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}' onfocus=alert(3) \u202e"

FAR = Standing(None, "new", caught_up=False, asked_at=None, topics=[])


class Row(NamedTuple):
    """A decision of a list, as the read model gives it."""

    decision: Any
    corrected_by: Any


#: What the page of decisions wants besides its rows.
BLANK: dict[str, Any] = {
    "notice": "", "total": 1, "standing": FAR, "onward": "", "industries": [HOSTILE], "statuses": [], "directions": [],
    "query": "",
}  # fmt: skip
SURE = {"reason": "r", "understood": "yes"}


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a user of each role."""
    return users_file(tmp_path_factory.mktemp("users"))


@pytest.fixture
def place(users: Path) -> Place:
    """A console of which no server answers."""
    return Place(users)


class Tags(HTMLParser):
    """Collects the tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.tags.append((tag, dict(attrs)))


def harmless(page: str) -> bool:
    """Tell whether a page has no script but our files, nothing that acts inline, and leads nowhere else."""
    for tag, attributes in Tags(page).tags:
        if tag == "script" and not str(attributes.get("src", "")).startswith("/static/"):
            return False
        if tag in {"img", "iframe", "object", "embed", "style", "base"} or "style" in attributes:
            return False
        if any(name.startswith("on") or name in {"hx-on", "srcdoc", "formaction"} for name in attributes):
            return False
        if not re.match(r"/|#|$", str(attributes.get("href") or attributes.get("action") or "")):
            return False
    return True


def visit(place: Place, role: Any = "admin") -> Visit:
    """Return a visit of somebody who is logged in."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/decisions",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
    }
    return Visit(Request(scope), place.house, place.house.sessions.begin(Known(role, role, once=True)), {})


def decision(account_id: str, **more: Any) -> Decision:
    """Return a decision whose every text is hostile."""
    texts = {"why": HOSTILE + account_id, "what_next": HOSTILE, "event_id": HOSTILE}
    plain = {"from_": "customer", "to": "client", "effective_at": "2026-01-31T00:00:00Z", "score": 60.0}
    return Decision(account_id=account_id, **(plain | texts | more))


# Script in account ids and free text -----------------------------------------------------------------------------------


def test_text_from_outside_is_shown_and_does_nothing(place: Place) -> None:
    """An account id, a reason and an audit's detail that are markup stand on the pages as text."""
    rows = [Row(decision(HOSTILE), decision(HOSTILE, supersedes=HOSTILE))]
    texts = dict.fromkeys(("event_id", "account_id", "action", "detail", "by"), HOSTILE)
    times = dict.fromkeys(("occurred_at", "decided_at"), "2026-01-31T00:00:00Z")
    entry = Audit(outcome="done", **texts, **times)
    pages = [
        visit(place).fragment("decisions.html", **BLANK | {"notice": HOSTILE, "rows": rows, "query": HOSTILE}),
        visit(place).fragment("account_trace.html", entries=[entry], awaited=HOSTILE, here=entry, shown=HOSTILE),
        visit(place).fragment("audit.html", **BLANK | {"entries": [entry], "outcomes": [HOSTILE], "onward": HOSTILE}),
        visit(place).fragment("problem.html", notice="", line=HOSTILE),
    ]  # fmt: skip
    for page in pages:
        assert harmless(page)
        assert "&lt;script&gt;" in page
        assert "{{7*7}}" in page
    assert not harmless(f"<p>{HOSTILE}</p>")


@pytest.mark.parametrize(
    "path",
    [
        *("/account", "/account/do?command=override&", "/decisions", "/audit", "/policy", "/refused", "/base"),
        *("/refused/do?what=discard&", "/policy/backtest", "/deliveries/endpoint", "/deliveries/do?what=redrive&"),
    ],
)
def test_a_hostile_address_gives_a_page_that_does_nothing(place: Place, path: str, tmp_path: Path) -> None:
    """Whatever a filter says comes back as text, or not at all."""
    names = (
        *("id", "account", "industry", "from", "since", "confidence", "reason", "a", "by", "event", "awaits", "after"),
        *("prefix", "state", "days", "place", "number", "name", "what"),
    )
    place.house.deliveries = tmp_path / "deliveries.toml"
    place.house.deliveries.write_text('[endpoints.crm]\nurl = "https://crm.example"\nsecret_variables = ["X"]\n')
    browser = place.browser("admin")
    for name in names:
        for value in (
            HOSTILE.replace("\u202e", ""),
            HOSTILE,
            "' OR 1=1 --",
            "\x00",
            "9" * 600,
            "nan",
            "2026-13-45",
            "-1",
        ):
            answer = place_answer(browser, path, name, value)
            assert answer.status_code in {200, 400, 404, 422, 503}, (path, name, value, answer.text)
            assert harmless(answer.text), (path, name, value)


def place_answer(browser: Any, path: str, name: str, value: str) -> Any:
    """Ask for a page with a query of one value."""
    base, _, query = path.partition("?")
    given = dict(pair.split("=") for pair in query.split("&") if pair) | {name: value}
    return browser.client.get(base, params=given, headers={"accept": "text/html"})


@pytest.mark.parametrize("value", ["%", "_", "acc_0", "' OR 1=1 --", "acc-0-0' --", "*", "[a-z]", "acc-0-0\\"])
def test_a_filter_is_a_value_and_nothing_of_it_is_asked(place: Place, value: str) -> None:
    """Wildcards and SQL match nobody, where every account begins otherwise; what is meant is found."""
    write(begun(place.house.model), sample().records)
    browser = place.browser("admin")
    for path, name, none in (
        ("/account", "prefix", "No account fits."),
        ("/decisions", "account", "No decision fits."),
        ("/decisions", "policy", "No decision fits."),
        ("/audit", "by", "No entry fits."),
    ):
        assert none in place_answer(browser, path, name, value).text, (path, name)
    assert "acc-0-0" in place_answer(browser, "/account", "prefix", "acc-0-0").text
    assert "acc-0-0" in place_answer(browser, "/decisions", "account", "acc-0-0").text


def test_a_refused_record_is_shown_so_that_nothing_in_it_acts() -> None:
    """Control characters and what turns text around stand as escapes, and of a large one only the beginning."""
    assert readable(b"a\x00\x1b[31m\xff\n\xe2\x80\xaeb") == "a\\x00\\x1b[31m\\xff\n\\u202eb"
    assert readable(b"x" * 5_000) == "x" * BYTES_SHOWN + "\n… and 3,000 bytes more"
    assert readable(None) == "null"


async def test_no_cell_of_a_file_is_a_formula() -> None:
    """A spreadsheet that opens the CSV computes nothing of it."""

    async def rows() -> AsyncIterator[list[object]]:
        for cell in ("=1+1", "@x", "-1", -1.5, "plain, quoted"):
            yield [cell]

    body = csv_file("x", ("a",), rows()).body_iterator
    assert [line async for line in body] == [
        "a\r\n",
        "'=1+1\r\n",
        "'@x\r\n",
        "'-1\r\n",
        "-1.5\r\n",
        '"plain, quoted"\r\n',
    ]


# CSRF -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("x" * 43, {}),
        (None, {"origin": "https://evil.example"}),
        (None, {"origin": "null"}),
        (None, {"sec-fetch-site": "cross-site"}),
        (None, {"sec-fetch-site": "same-site"}),
        (None, {"content-type": "text/plain"}),
        (None, {"content-type": "application/json"}),
    ],
)
def test_a_change_that_does_not_come_from_our_own_page_is_refused(
    place: Place, token: Any, headers: dict[str, str]
) -> None:
    """Without the token, with another session's, from another site, or as no form: nothing is changed."""
    browser = place.browser("admin")
    assert browser.post("/policy/change", {"what": "x"}).status_code == 422
    assert browser.post("/policy/change", {"what": "x"}, token=token, **headers).status_code in {403, 415}


def test_a_token_is_of_one_session(place: Place) -> None:
    """Another user's token is worth nothing, and neither is one from before the login."""
    one, other, before = place.browser("admin"), place.browser("operator"), place.browser()
    early = before.token()
    assert one.post("/policy/change", {"what": "x"}, token=other.token()).status_code == 403
    assert before.log_in("admin", password("admin")).status_code == 303
    assert before.post("/policy/change", {"what": "x"}, token=early).status_code == 403


def test_a_request_that_says_neither_origin_nor_site_changes_nothing(place: Place) -> None:
    """Every browser of today sends one of both with a form."""
    browser = place.browser("admin")
    answer = browser.client.post("/policy/change", data={"csrf": browser.token(), "what": "x"})
    assert answer.status_code == 403


# Session theft and fixation ---------------------------------------------------------------------------------------------


def test_a_login_begins_a_session_under_a_new_id(place: Place) -> None:
    """An id that was planted before is worth nothing after, made up or given by us."""
    browser = place.browser()
    browser.get("/login")
    planted = browser.cookies[place.house.cookie]
    browser.log_in("admin", password("admin"))
    assert browser.cookies[place.house.cookie] != planted
    for stale in (planted, "a" * 43, "", "../../etc/passwd"):
        thief = place.browser()
        thief.client.cookies.set(place.house.cookie, stale)
        assert thief.get("/keys").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(users: Path) -> None:
    """HttpOnly and SameSite always; Secure, host-bound by its prefix, and HSTS where TLS ends in front."""
    plain = Place(users).browser().get("/login")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.headers["set-cookie"].split("; "))
    secure = Place(users, TLS_URL).browser().get("/login")
    assert secure.headers["set-cookie"].startswith("__Host-clientward=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(secure.headers["set-cookie"].split("; "))
    assert "domain" not in secure.headers["set-cookie"].lower()
    assert "strict-transport-security" in secure.headers


def test_visitors_cannot_push_out_who_is_logged_in(place: Place) -> None:
    """A flood of first visits fills a space of its own, and no more of it than there is."""
    browser = place.browser("viewer")
    for _ in range(MOST + 10):
        place.house.sessions.begin()
    assert len(place.house.sessions._visitors) == MOST
    assert browser.get("/keys").status_code == 200


# Path and header tricks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/static/../users.json", "/static/%2e%2e/users.json", "/static/..%2fguard.py", "/static//etc/passwd",
        "/static/%2e%2e/%2e%2e/pyproject.toml", "/static/vendor/../../run.py", "/static/", "/static/vendor",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_files_that_are_served(place: Place, path: str) -> None:
    """What is not in the folder is not there, and folders are not listed."""
    assert place.browser().get(path).status_code in {404, 405}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-original-url": "/login"}, {"x-rewrite-url": "/login"}, {"x-forwarded-host": "evil.example"},
        {"x-http-method-override": "POST"}, {"x-forwarded-user": "admin"}, {"authorization": "Basic YWRtaW46eA=="},
        {"x-forwarded-for": "127.0.0.1"}, {"hx-request": "true"}, {"cookie": "clientward-console=a; clientward-console=b"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/audit", "//audit", "/audit/", "/AUDIT", "/./audit", "/%61udit", "/login/../audit"])
def test_no_header_and_no_spelling_lets_a_stranger_in(place: Place, headers: dict[str, str], path: str) -> None:
    """A page is shown to nobody who has not logged in, however it is asked for."""
    answer = place.browser().get(path, **headers)
    assert answer.status_code in {303, 307, 401, 404}
    assert "evil" not in answer.headers.get("location", "")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8090.evil.example", "127.0.0.1", "localhost:8090", ""])
def test_a_name_that_others_point_at_us_gets_no_page(place: Place, host: str) -> None:
    """DNS rebinding: the Host must be the address that the console was started for."""
    assert place.browser().get("/login", host=host).status_code == 421
    assert place.browser().get("/livez", host=host).status_code == 200


def test_every_answer_has_the_headers_that_bind_a_browser(place: Place) -> None:
    """Pages, refusals, files and errors: no script, style, frame or request but ours, and no page is kept."""
    browser = place.browser("viewer")
    for path in ("/login", "/keys", "/audit", "/nowhere", "/static/console.js", "/now", "/livez", "/policy/change"):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert (answer.headers.get("cache-control") == "no-store") is not path.startswith("/static/")


def test_a_form_that_is_too_large_or_no_text_is_refused(place: Place) -> None:
    """Before it is in memory whole."""
    browser = place.browser("admin")
    assert browser.post("/policy/check", {"text": "x" * FORM_BYTES}).status_code == 413
    own = {"origin": place.house.url, "content-type": "application/x-www-form-urlencoded"}
    for body in (b"\xff\xfe", b"csrf=%ff", b"&".join(b"a%d=1" % i for i in range(100))):
        assert browser.client.post("/policy/check", content=body, headers=own).status_code in {400, 403}


# Brute force ------------------------------------------------------------------------------------------------------------


def test_guessing_is_slowed_and_the_owner_gets_in_later(place: Place) -> None:
    """After five failures each further one waits twice as long; the right password waits too, and then it is over."""
    browser = place.browser()
    for _ in range(5):
        assert browser.log_in("admin", "a wrong password").status_code == 401
    blocked = browser.log_in("admin", password("admin"))
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) >= 1
    place.clock.now += 2
    assert browser.log_in("admin", "a wrong password").status_code == 401
    assert int(browser.log_in("admin", "x").headers["retry-after"]) == 2
    place.clock.now += 1_000
    assert browser.log_in("admin", password("admin")).status_code == 303


def test_many_names_from_one_address_are_slowed_too(place: Place) -> None:
    """An X-Forwarded-For of the guesser's own changes nothing where no proxy is in front."""
    browser = place.browser()
    answers = [browser.log_in(f"user{i}", "x" * 300, **{"x-forwarded-for": f"10.0.0.{i}"}) for i in range(21)]
    assert [each.status_code for each in answers] == [401] * 20 + [429]


def test_behind_a_proxy_the_address_is_what_the_proxy_adds(users: Path) -> None:
    """The last of X-Forwarded-For: those before it are the guesser's own words."""
    place = Place(users, TLS_URL)
    for number in range(20):
        answer = place.browser().log_in(f"u{number}", "x" * 300, **{"x-forwarded-for": f"1.1.1.{number}, 9.9.9.9"})
        assert answer.status_code == 401
    assert place.browser().log_in("viewer", password("viewer"), **{"x-forwarded-for": "9.9.9.9"}).status_code == 429
    assert place.browser().log_in("viewer", password("viewer"), **{"x-forwarded-for": "8.8.8.8"}).status_code == 303


def test_an_unknown_name_and_a_wrong_password_are_told_alike(place: Place) -> None:
    """The page says neither which it was; and both are hashed, so that the time does not either."""
    answers = [place.browser().log_in(name, "a wrong password") for name in ("admin", "nobody-here")]
    pages = [re.sub(r'value="[^"]*"', "", each.text) for each in answers]
    assert pages[0] == pages[1]
    assert [each.status_code for each in answers] == [401, 401]


# Forged commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "form", "status"),
    [
        ("operator", {"command": "erase", "id": "a", "again": "a", **SURE}, 403),
        ("admin", {"command": "erase", "id": "a", "again": "b", **SURE}, 422),
        ("admin", {"command": "erase", "id": "a", "again": "a", "reason": "", "understood": "yes"}, 422),
        ("admin", {"command": "erase", "id": "a", "again": "a", "reason": "r"}, 422),
        ("admin", {"command": "promote", "id": "a", **SURE}, 422),
        ("admin", {"command": "override", "id": "a", **SURE, "status": "king", "until": "2030-01-01"}, 422),
        ("admin", {"command": "erase", "id": "a", "again": "a", **SURE, "by": "somebody else"}, 503),
    ],
)  # fmt: skip
def test_a_command_without_right_reason_or_confirmation_is_not_sent(
    place: Place, role: str, form: dict[str, str], status: int
) -> None:
    """What is refused reaches no broker; what is right does, and here none answers."""
    answer = place.browser(role).post("/account/do", form)
    assert answer.status_code == status
    assert ("Kafka does not answer" in answer.text) is (status == 503)


# Masked ids -------------------------------------------------------------------------------------------------------------


def test_a_viewer_sees_pseudonyms_where_ids_are_masked(users: Path) -> None:
    """On pages and in files; an id that is guessed gets no page, a link that was shown does. Others see the ids."""
    place = Place(users, masks=True)
    viewer, operator = visit(place, "viewer"), visit(place, "operator")
    values = BLANK | {"rows": [Row(decision("acme-17"), None)]}
    page = viewer.fragment("decisions.html", **values)
    assert "acme-17" not in page
    assert place.house.mask.of("acme-17") in page
    assert "acme-17" in operator.fragment("decisions.html", **values)
    assert "acme-17" not in str(viewer.masked(decision("acme-17", caused_by="acme-17:p1")))
    assert viewer.real_id(place.house.mask.of("acme-17")) == "acme-17"
    assert place.browser("viewer").get("/account?id=acme-17").status_code == 422
    assert place.browser("viewer").get(f"/account?id={place.house.mask.of('acme-17')}").status_code == 503
