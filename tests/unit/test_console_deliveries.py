"""The console's deliveries: how an endpoint does, what a form must say, who may, and what receivers say shown safely."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from console_support import Place
from delivery_support import golden

from actions.errors import InputError
from clientward_client import RECLASSIFIED
from console.pages import deliveries as page
from console.troubles import delivery_troubles
from delivering.events import body_of
from delivering.file import read_deliveries
from delivering.state import Status, Waiting, Wishes
from streams.kafka.reading import Backlog
from views.operations.deliveries import (
    SLOW_SECONDS,
    DeadMessage,
    Deliveries,
    EndpointStatus,
    _behind,
    _state,
    wanted_words,
    without_path,
)

NOW = 1_767_225_600.0  # 2026-01-01
HOSTILE = "500 <script>alert(1)</script>\x1b[31m\u202e"
FILE = """[endpoints.crm]
url = "https://crm.example/hooks/T0-SECRET-9"
secret_files = ["none"]
"""
SETTLED = 'to = ["client"]\nindustry = ["law", "saas"]\nsettle_minutes = 15\nerasures = true\n'


def endpoint(tmp_path: Path, more: str = "") -> Any:
    """Return the endpoint of a file."""
    file = tmp_path / "deliveries.toml"
    file.write_text(FILE + more)
    (found,) = read_deliveries(file)
    return found


def behind(*parts: tuple[int, float | None], waiting: Waiting | None = None) -> Any:
    """Return how far an endpoint is behind: by partition, how many records, and when the first of them was stored."""
    found = {
        TopicPartition(RECLASSIFIED, number): Backlog(0, records, None if at is None else int(at * 1000))
        for number, (records, at) in enumerate(parts)
    }
    return _behind(found, waiting)


# How an endpoint does ----------------------------------------------------------------------------------------------------


def test_a_state_is_the_worst_that_can_be_said(tmp_path: Path) -> None:
    """Paused before failing before slow; each with since when, and of what never began nothing is known."""
    own, none, failing = endpoint(tmp_path), Wishes(), Status(failures_in_a_row=2, failing_since=NOW - 90)
    late, fresh = behind((3, NOW - 200)), behind((3, NOW - 5))
    assert _state(own, Status(), none, fresh, NOW) == ("well", None)
    assert _state(own, Status(), none, late, NOW) == ("slow", NOW - 200)
    assert _state(own, failing, none, late, NOW) == ("failing", NOW - 90)
    assert _state(own, Status(failures_in_a_row=1, last_failure=NOW - 9), none, late, NOW) == ("failing", NOW - 9)
    assert _state(own, failing, Wishes(paused="a test", paused_at=NOW - 7), late, NOW) == ("paused", NOW - 7)
    assert _state(own, Status(), none, _behind(None, None), NOW) == ("new", None)
    assert _state(own, Status(), none, None, NOW) == ("well", None)


def test_what_waits_to_settle_makes_nobody_slow(tmp_path: Path) -> None:
    """Only what is older than its settling and a minute more."""
    own = endpoint(tmp_path, SETTLED)
    limit = 15 * 60 + SLOW_SECONDS
    assert _state(own, Status(), Wishes(), behind((1, NOW - limit + 1)), NOW)[0] == "well"
    assert _state(own, Status(), Wishes(), behind((1, NOW - limit - 1)), NOW) == ("slow", NOW - SLOW_SECONDS - 1)


def test_the_oldest_may_stand_in_redis() -> None:
    """What is tried again was decided before what Kafka has next; of an erasure without a time it is the first failure."""
    decision = golden()
    decided = msgspec.json.decode(msgspec.json.encode(decision.decided_at), type=datetime).timestamp()
    waiting = Waiting(0, "a", "acme", body_of(decision), since=NOW)
    assert behind((2, NOW), (0, None), waiting=waiting) == _behind_of(2, min(decided, NOW))
    erased = Waiting(0, "a", "acme", '{"id":"a","data":null}', since=NOW - 3)
    assert behind((0, None), waiting=erased) == _behind_of(0, NOW - 3)


def _behind_of(records: int, oldest: float) -> Any:
    found = behind((records, oldest))
    assert (found.records, found.oldest) == (records, oldest)
    return found


def test_a_filter_is_told_in_words(tmp_path: Path) -> None:
    """None where all is wanted as it comes."""
    assert wanted_words(endpoint(tmp_path)) == []
    words = ["to client", "industry law, saas", "what stands for 15 min", "erasures too"]
    assert wanted_words(endpoint(tmp_path, SETTLED)) == words


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("404 Not Found Cannot POST /hooks/T0-SECRET-9", "404 Not Found Cannot POST /…"),
        ("400 bad token=abc123 at /hooks/T0-SECRET-9?token=abc123", "400 bad /… at /…"),
        ("503", "503"),
    ],
)
def test_a_path_is_not_told_back(said: str, told: str) -> None:
    """Receivers repeat what they were asked for, and an address's path and query are often what lets one in."""
    assert without_path(said, "https://crm.example/hooks/T0-SECRET-9?token=abc123") == told
    assert without_path("200 / 4", "https://crm.example/") == "200 / 4"


# What Now says of it -----------------------------------------------------------------------------------------------------


def status(name: str = "crm", **more: Any) -> EndpointStatus:
    """Return how an endpoint does: well, unless told otherwise."""
    blank = EndpointStatus(
        name=name, host="crm.example", wanted=[], state="well", since=None, delivered=7, waiting=0, dead=0, behind=0,
        oldest_at=None, is_behind=False, failures_in_a_row=0, last_delivered_at=None, last_failure_at=None, why="",
        paused=None, paused_by="", replay_from=None, redriven=0,
    )  # fmt: skip
    return msgspec.structs.replace(blank, **more)


AT = "2026-01-01T00:00:00+00:00"


def test_now_names_the_endpoints_that_take_nothing_and_leads_to_them() -> None:
    """A few failures warn, ten fail; who paused itself fails, whom somebody paused is no trouble; no receiver's words."""
    failing = {"state": "failing", "since": AT, "why": HOSTILE}
    found = Deliveries(
        is_running=True,
        endpoints=[
            status("well"),
            status("shaky", failures_in_a_row=2, **failing),
            status("down", failures_in_a_row=10, **failing),
            status("gone", state="paused", paused=HOSTILE),
            status("held", state="paused", paused="a test", paused_by="ann"),
            status("picky", dead=3, last_failure_at=AT),
        ],
    )
    seen = datetime(2026, 2, 1, tzinfo=UTC)
    told = delivery_troubles(found, seen)
    assert [(each.page.removeprefix("/deliveries/endpoint?name="), each.level) for each in told] == [
        ("shaky", "warn"), ("down", "fail"), ("gone", "fail"), ("picky#dead", "warn"),
    ]  # fmt: skip
    assert [each.since == seen for each in told] == [False, False, True, False]
    assert not any("script" in each.text + each.advice for each in told)
    (nobody,) = delivery_troubles(Deliveries(is_running=False, endpoints=[status()]), seen)
    assert (nobody.page, nobody.since) == ("/deliveries", seen)


# The pages ---------------------------------------------------------------------------------------------------------------


class Doing:
    """In place of Redis and Kafka: one endpoint that fails, and a book of what was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[tuple[str, Any]] = []
        self.endpoints = [
            status(
                state="failing", since=AT, dead=1, failures_in_a_row=12, last_failure_at=AT, why=HOSTILE, behind=1_204,
                oldest_at=AT, wanted=["to client"],
            )
        ]  # fmt: skip
        self.dead = [DeadMessage("acme-17:rc-1", "acme-17", 9, AT, AT, f"{HOSTILE} acme-17")]
        monkeypatch.setattr(page, "deliveries", self.look)
        monkeypatch.setattr(page, "dead_messages", self.look_at_dead)
        for name in ("pause", "resume", "replay", "redrive"):
            monkeypatch.setattr(page, name, self.doing(name))

    async def look(self, *_: Any) -> Deliveries:
        """Tell how the endpoint does."""
        return Deliveries(is_running=False, endpoints=self.endpoints)

    async def look_at_dead(self, *_: Any) -> list[DeadMessage]:
        """Tell what was given up."""
        return self.dead

    def doing(self, name: str) -> Any:
        """Return what notes a change."""

        async def do(_settings: Any, _file: Any, *given: Any, by: str, why: str) -> int:
            if given[0] != "crm":
                raise InputError(f"there is no endpoint {given[0]}; it has crm")
            self.done.append((name, (*given, by, why)))
            return 1

        return do


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Doing:
    """Let changes be noted only."""
    return Doing(monkeypatch)


def place(users: Path, **more: Any) -> Place:
    """Return a console that knows of a file."""
    return Place(users, deliveries=users.parent / "deliveries.toml", clock=lambda: NOW + 60, **more)


FORM = {"name": "crm", "why": "a test", "understood": "yes"}


def test_a_console_without_a_file_says_how_it_would_have_one(users: Path) -> None:
    """The page is there; a change is refused."""
    browser = Place(users).browser("operator")
    assert "--deliveries DELIVERIES.toml" in browser.get("/deliveries").text
    assert browser.get("/deliveries/endpoint?name=crm").status_code == 422
    assert browser.post("/deliveries/do", FORM | {"what": "pause"}).status_code == 422


def test_an_endpoint_is_shown_with_all_that_is_known_of_it(users: Path, doing: Doing) -> None:
    """Its state and since when, its filter, how far behind, what was given up; and that nobody delivers."""
    assert doing.done == []
    for path in ("/deliveries", "/deliveries/endpoint?name=crm"):
        text = " ".join(place(users).browser("viewer").get(path).text.split())
        assert "Nobody delivers." in text
        assert 'class="e-failing">fails' in text
        assert "60.0 s" in text
        for told in ("1,204", "to client", "crm.example", "2026-01-01 00:00:00"):
            assert told in text
    assert "acme-17" in text
    assert "/deliveries/do" not in text  # a viewer is offered nothing
    assert "what=redrive&amp;name=crm&amp;id=acme-17%3Arc-1" in place(users).browser("operator").get(path).text


@pytest.mark.parametrize(
    ("what", "more", "noted"),
    [
        ("pause", {}, ("pause", ("crm", "operator", "a test"))),
        ("resume", {}, ("resume", ("crm", "operator", "a test"))),
        (
            "replay",
            {"since": "2025-12-31T23:00"},
            ("replay", ("crm", datetime(2025, 12, 31, 23, tzinfo=UTC), "operator", "a test")),
        ),
        ("redrive", {}, ("redrive", ("crm", [], "operator", "a test"))),
        ("redrive", {"id": "acme-17:rc-1"}, ("redrive", ("crm", ["acme-17:rc-1"], "operator", "a test"))),
    ],
)
def test_a_change_is_made_as_the_login_says_and_with_the_reason(
    users: Path, doing: Doing, what: str, more: dict[str, str], noted: Any
) -> None:
    """Who asks is the login's name, whatever the form says; and the endpoint's page tells that it is done."""
    browser = place(users).browser("operator")
    assert browser.get(f"/deliveries/do?what={what}&name=crm").status_code == 200
    answer = browser.post("/deliveries/do", FORM | {"what": what, "by": "somebody else"} | more)
    assert (answer.status_code, answer.headers["location"]) == (303, "/deliveries/endpoint?name=crm")
    assert doing.done == [noted]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"why": " "}, "Reason: say why"),
        ({"why": "x" * 501}, "Reason: say why"),
        ({"understood": ""}, "Tick that you have read"),
        ({"since": ""}, "Since: give a date"),
        ({"since": "soon"}, "Since: give a date"),
        ({"since": "2026-01-01T00:02"}, "Since: give a time that has been"),
        ({"since": "1969-12-31T00:00"}, "Since: give a time that has been"),
        ({"since": "0001-01-01T00:00+14:00"}, "Since: give a date"),
        ({"name": "other"}, "there is no endpoint other; it has crm"),
        ({"what": "burn"}, "there is no such change"),
        ({"what": "redrive", "id": "x" * 601}, "there is no message of such an id"),
    ],
)
def test_a_form_that_does_not_fit_does_nothing(users: Path, doing: Doing, change: dict[str, str], said: str) -> None:
    """422, with what to mend."""
    form = FORM | {"what": "replay", "since": "2025-12-31T23:00"} | change
    answer = place(users).browser("operator").post("/deliveries/do", form)
    assert answer.status_code == 422
    assert said in answer.text
    assert doing.done == []


def test_nobody_changes_an_endpoint_round_the_page(users: Path, doing: Doing) -> None:
    """Not a viewer, by direct request; not without the token, with another session's, or from another site."""
    console = place(users)
    viewer, operator, other = (console.browser(role) for role in ("viewer", "operator", "admin"))
    form = FORM | {"what": "pause"}
    assert viewer.get("/deliveries/do?what=pause&name=crm").status_code == 403
    assert viewer.post("/deliveries/do", form).status_code == 403
    assert operator.post("/deliveries/do", form, token=other.token()).status_code == 403
    assert operator.post("/deliveries/do", form, token="").status_code == 403
    assert operator.post("/deliveries/do", form, origin="https://evil.example").status_code == 403
    assert operator.get("/deliveries/do?what=pause&name=crm&why=x&understood=yes").status_code == 200
    assert doing.done == []


def test_what_a_receiver_says_is_shown_and_does_nothing(users: Path, doing: Doing) -> None:
    """Markup stands as text, control characters and what turns text around as escapes."""
    doing.endpoints = [msgspec.structs.replace(doing.endpoints[0], state="paused", paused=HOSTILE)]
    browser = place(users).browser("operator")
    for path in (
        "/deliveries",
        "/deliveries/endpoint?name=crm",
        "/deliveries/do?what=redrive&name=crm&id=%22%3E%3Cimg%3E",
    ):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert '"><img>' not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\u202e" in browser.get("/deliveries").text


def test_where_ids_are_masked_a_viewer_sees_none_here_either(users: Path, doing: Doing) -> None:
    """Neither the account nor what names it: the message's id, and what the receiver said."""
    assert doing.dead
    console = place(users, masks=True)
    for path in ("/deliveries", "/deliveries/endpoint?name=crm"):
        text = console.browser("viewer").get(path).text
        assert "acme-17" not in text
        assert "script" not in text.split("</head>")[1]
    assert console.house.mask.of("acme-17") in text
    assert "acme-17" in console.browser("operator").get(path).text
