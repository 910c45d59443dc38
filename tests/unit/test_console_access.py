"""Who may ask for what: every route of the console, by every role; and what ends a session."""

from itertools import product
from pathlib import Path

import pytest
from console_support import TLS_URL, Place, password, users_file
from starlette.routing import Route

from console.access.routes import ANYBODY, Page, may
from console.access.users import ROLES, Users
from console.pages import PAGES
from console.pages.now import STREAMS

NOBODY = "nobody"
OPEN = {("GET", "/"), ("GET", "/login"), ("POST", "/login"), ("GET", "/login/provider"), ("GET", "/login/callback")}
#: What each role may ask for besides what those before it may: kept by hand, so that a change of the table is seen here.
OPERATORS = {
    ("GET", "/account/do"),
    ("POST", "/account/do"),
    ("GET", "/refused/do"),
    ("POST", "/refused/do"),
    ("GET", "/deliveries/do"),
    ("POST", "/deliveries/do"),
    ("POST", "/policy/check"),
    ("GET", "/policy/backtest"),
    ("GET", "/policy/backtest/progress"),
    ("POST", "/policy/backtest"),
}
ADMINS = {("POST", "/policy/change")}


@pytest.fixture
def place(users: Path) -> Place:
    """A console of which no server answers; its streams are all taken, so that one ends at once."""
    made = Place(users)
    made.house.streams = STREAMS
    return made


def test_the_table_says_a_role_for_every_route_that_is_served(place: Place) -> None:
    """No route is served beside the table, but for the probe and the files; and the table's roles are those listed here."""
    routes = [each for each in place.app.routes if isinstance(each, Route)]
    served = {(method, each.path) for each in routes for method in (each.methods or set()) - {"HEAD"}}
    assert served == {(page.method, page.path) for page in PAGES} | {("GET", "/livez")}
    roles = {(page.method, page.path): page.role for page in PAGES}
    assert {key for key, role in roles.items() if role == ANYBODY} == OPEN
    assert {key for key, role in roles.items() if role == "operator"} == OPERATORS
    assert {key for key, role in roles.items() if role == "admin"} == ADMINS
    assert set(roles.values()) <= {ANYBODY, *ROLES}
    assert {page.method for page in PAGES} == {"GET", "POST"}


@pytest.mark.parametrize("role", [NOBODY, *ROLES])
def test_every_route_is_held_to_its_role(place: Place, role: str) -> None:
    """A direct request, with a token that is right, is refused to whoever has too little; and to nobody else."""
    browser = place.browser(None if role == NOBODY else role)
    token = browser.token()
    for page in PAGES:
        if page.path == "/logout":
            continue
        answer = browser.get(page.path) if page.method == "GET" else browser.post(page.path, token=token)
        assert (answer.status_code, page.path) in _expected(page, role), (page, answer.status_code, answer.text[:200])
    assert browser.post("/logout", token=token).status_code == (403 if role == NOBODY else 303) or role == NOBODY


def _expected(page: Page, role: str) -> set[tuple[int, str]]:
    if page.role == ANYBODY:
        return {(status, page.path) for status in (200, 303, 401, 429)}
    if role == NOBODY:
        return {(303, page.path)} if page.method == "GET" else {(401, page.path)}
    if not may(role, page.role):  # type: ignore[arg-type]
        return {(403, page.path)}
    return {(status, page.path) for status in (200, 422, 503)}


@pytest.mark.parametrize(("role", "least"), list(product(ROLES, ROLES)))
def test_a_role_may_what_those_before_it_may(role: str, least: str) -> None:
    """viewer, operator, admin, in this order."""
    assert may(role, least) is (ROLES.index(role) >= ROLES.index(least))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST", "HEAD"])
def test_another_method_is_no_way_round_a_role(place: Place, method: str) -> None:
    """What a route does not name is refused, and HEAD is GET."""
    answer = place.browser().client.request(method, "/audit")
    assert answer.status_code == (401 if method == "HEAD" else 405)


def test_who_is_taken_out_of_the_file_is_out_with_the_next_request(tmp_path: Path) -> None:
    """So is whoever is given a smaller role: it counts at once."""
    own = Place(users_file(tmp_path))
    path, browser, other = tmp_path / "users.json", own.browser("admin"), own.browser("operator")
    Users(path).add("admin", "viewer", password("admin"))
    assert browser.post("/policy/change", {"what": "end"}).status_code == 403
    Users(path).remove("operator")
    assert other.get("/keys").status_code == 303
    assert own.house.sessions.find(next(iter(other.cookies.values()))) is None
    assert browser.get("/keys").status_code == 200


def test_a_session_ends_when_it_is_idle_and_in_any_case_after_a_day(place: Place) -> None:
    """Requests keep it alive up to twelve hours, and an open stream does not."""
    idle, busy = place.browser("viewer"), place.browser("viewer")
    for _ in range(12):
        place.clock.now += 3_500
        assert busy.get("/keys").status_code == 200
        busy_id = next(iter(busy.cookies.values()))
        assert place.house.sessions.find(busy_id, touch=False) is not None
    assert idle.get("/keys").status_code == 303
    place.clock.now += 1_300
    assert busy.get("/keys").status_code == 303


def test_a_login_leads_on_to_the_page_that_was_asked_for_and_to_no_other_site(place: Place) -> None:
    """`next` is an address of ours, whatever a link says."""
    browser = place.browser()
    assert (
        browser.get("/audit?by=x&since=2026-01-01").headers["location"]
        == "/login?next=%2Faudit%3Fby%3Dx%26since%3D2026-01-01"
    )
    form = {"name": "viewer", "password": password("viewer")}
    assert browser.post("/login", form | {"next": "/audit?by=x"}).headers["location"] == "/audit?by=x"
    for trick in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/a\nb",
        "javascript:alert(1)",
        "",
        "audit",
    ):
        assert place.browser().post("/login", form | {"next": trick}).headers["location"] == "/now", trick


def test_a_log_out_ends_the_session_on_the_server(place: Place) -> None:
    """A cookie that was copied before is worth nothing after it."""
    browser = place.browser("admin")
    stolen = next(iter(browser.cookies.values()))
    assert browser.post("/logout").status_code == 303
    thief = place.browser()
    thief.client.cookies.set(place.house.cookie, stolen)
    assert thief.get("/keys").status_code == 303


def test_a_one_time_code_logs_in_once_by_the_form(tmp_path: Path) -> None:
    """As whom it was made, though the file has no such user; a second time it is refused, and counts as a failure."""
    place = Place(tmp_path / "users.json")
    code = Users(tmp_path / "users.json").add_once("demo", "admin")
    first, second = place.browser(), place.browser()
    assert first.post("/login", {"code": code}).status_code == 303
    assert "demo · admin" in first.get("/keys").text
    assert second.post("/login", {"code": code}).status_code == 401
    assert second.get("/keys").status_code == 303


def test_who_guesses_codes_locks_nobody_else_out(tmp_path: Path) -> None:
    """Codes are counted by the address that they come from: another's is taken meanwhile."""
    place = Place(tmp_path / "users.json", TLS_URL)
    code = Users(tmp_path / "users.json").add_once("demo", "admin")
    guesser = {"x-forwarded-for": "1.1.1.1"}
    answers = [place.browser().post("/login", {"code": "guess"}, **guesser).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert place.browser().post("/login", {"code": code}, **{"x-forwarded-for": "2.2.2.2"}).status_code == 303
