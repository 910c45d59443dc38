"""`account show`: an account's record, as a person sees it."""

import io
import json

import msgspec
import pytest
from rich.console import Console

from cli.look.account_page import print_page
from relationship.contract.messages import MEETINGS, PURCHASES, decoder_for
from relationship.contract.outcome import Delivered
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import RecordError
from views.accounts.account import AccountView, account_view

ACCOUNT = "acc\x1b1"
POLICY = load_policy(None)


def record_of(*messages: tuple[str, dict[str, object]]) -> bytes:
    """Fold messages into the record of ACCOUNT."""
    delivered = [
        Delivered(
            topic,
            offset,
            decoder_for(topic).decode(
                msgspec.json.encode({"event_id": f"e{offset}", "account_id": ACCOUNT, **message})
            ),
        )
        for offset, (topic, message) in enumerate(messages)
    ]
    record = Core(POLICY).step(ACCOUNT, None, delivered, 0).record
    assert record is not None
    return record


@pytest.fixture
def found() -> AccountView:
    """An account that bought and met us."""
    record = record_of(
        (PURCHASES, {"occurred_at": "2026-01-02T03:04:05Z", "amount": "10.00", "currency": "EUR"}),
        (
            MEETINGS,
            {"occurred_at": "2026-02-01T00:00:00Z", "meeting_id": "m", "kind": "review", "duration_minutes": 60},
        ),
    )
    return account_view(ACCOUNT, record, POLICY, list(Core(POLICY).pending(ACCOUNT, record)))


def page(found: AccountView) -> str:
    """Print the page without colours."""
    out = io.StringIO()
    print_page(Console(file=out, width=140), found)
    return out.getvalue()


def test_view_holds_state_dimensions_and_timeline(found: AccountView) -> None:
    """The view tells the status, its decisions and all dimensions, which add up to the score."""
    assert found.state.status == found.timeline[-1].target
    assert found.timeline[0].source == "prospect"
    assert sum(round(each.contribution * 100) for each in found.dimensions) == round(found.state.score * 100)
    assert [event.event_id for event in found.events] == ["e0", "e1"]
    assert "purchase" in found.timeline[0].cause


def test_why_is_the_decisions_own_sentence(found: AccountView) -> None:
    """While the record holds the last decision's message, its own sentence is shown."""
    assert found.why.endswith(".")
    assert "tipped it" not in found.why or found.state.status != "customer"


def test_page_shows_it_with_foreign_text_escaped(found: AccountView) -> None:
    """The page names status, dimensions, timeline and events; an escape character in the id is escaped."""
    text = page(found)
    assert "acc\\x1b1" in text
    assert "\x1b" not in text
    for told in (found.state.status, "engagement", "prospect", "2026-01-02T03:04", "2 newest of 2 events kept"):
        assert told in text


def test_json_is_one_object(found: AccountView) -> None:
    """The JSON form has the same parts by name."""
    told = json.loads(msgspec.json.encode(found))
    assert told["state"]["account_id"] == ACCOUNT
    assert told["timeline"][0]["source"] == "prospect"
    assert told["events"][0]["event_id"] == "e0"
    assert told["dimensions"][0]["name"]


def test_other_bytes_are_refused() -> None:
    """Bytes that are no record are an error of one line, not a page of nonsense."""
    with pytest.raises(RecordError, match="no account record"):
        account_view("a", b"\x01", POLICY)
