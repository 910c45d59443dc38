"""What a stranger tries to be let in as somebody else: stolen and planted sessions, and guessed passwords."""

import re
from pathlib import Path

import pytest
from console_support import TLS_URL, Place, password

from console.access.sessions import MOST


@pytest.fixture
def place(users: Path) -> Place:
    """A console of which no server answers."""
    return Place(users)


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
