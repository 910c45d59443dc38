"""What a stranger tries against the console, by requests made by hand: forged ones, and paths and headers that trick."""

from pathlib import Path
from typing import Any

import pytest
from console_support import Place, password

from console.guard import FORM_BYTES

SURE = {"reason": "r", "understood": "yes"}


@pytest.fixture
def place(users: Path) -> Place:
    """A console of which no server answers."""
    return Place(users)


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
