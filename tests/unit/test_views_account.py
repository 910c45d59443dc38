"""An account's record as views answer it: now, at a time, and as a timeline; and the same of a file of events."""

import json

import msgspec
import pytest
from story import POLICY, courtship, fold, on, purchase

from relationship.contract.times import micros, rfc3339
from streams.config.settings import Settings
from views.accounts.account import account_view, account_view_at, timeline_of
from views.errors import NoAccountError, NoHistoryError
from views.offline.account import account_in_file

REPLAY, DECISIONS = fold(courtship())
RAW = REPLAY.records["a"]


def as_lines(*more: bytes) -> list[bytes]:
    """Return the courtship as the lines of a file, with others behind."""
    return [*(msgspec.json.encode({"topic": topic, "value": each}) for topic, each in courtship()), *more]


def test_an_account_at_its_last_decision_is_what_it_is_now() -> None:
    """Asked of a time after all events, the past is the present, but for what the last step sent."""
    end = micros(on(161))
    now, then = account_view("a", RAW, POLICY), account_view_at("a", RAW, end, POLICY)
    assert msgspec.structs.replace(then.state, as_of=now.state.as_of) == now.state
    assert then.timeline == now.timeline
    assert then.dimensions == now.dimensions


def test_an_account_before_a_decision_stood_where_that_led_from() -> None:
    """A microsecond before each decision the status is the one that it leaves, and at it the one that it enters."""
    for decision in DECISIONS:
        t = micros(msgspec.convert(decision["effective_at"], type=type(on(0))))
        assert account_view_at("a", RAW, t, POLICY).state.status == decision["to"]
        if decision["transition_seq"] > 1:
            assert account_view_at("a", RAW, t - 1, POLICY).state.status == decision["from"]


def test_the_reason_is_the_one_that_was_given_then() -> None:
    """The sentence of an earlier decision is made again word for word."""
    for decision in DECISIONS:
        t = micros(msgspec.convert(decision["effective_at"], type=type(on(0))))
        assert account_view_at("a", RAW, t, POLICY).why == decision["why"]


def test_before_its_first_event_there_is_no_account() -> None:
    """One line says so, with the time."""
    with pytest.raises(NoHistoryError, match=r"^no event of a by 2023-12-31T09:00:00Z: name a later time$"):
        account_view_at("a", RAW, micros(on(-1)), POLICY)


def test_a_timeline_has_every_event_and_decision_in_order() -> None:
    """Oldest first; a decision stands behind the event that tipped it, and nothing is left out."""
    found = timeline_of("a", RAW)
    assert [entry.at for entry in found.entries] == sorted(entry.at for entry in found.entries)
    events = [entry.event.event_id for entry in found.entries if entry.event]
    assert events == [message.event_id for _, message in courtship()]
    decisions = [(entry.decision.source, entry.decision.target) for entry in found.entries if entry.decision]
    assert decisions == [(each["from"], each["to"]) for each in DECISIONS]
    last = max(i for i, entry in enumerate(found.entries) if entry.decision)
    before, decided = found.entries[last - 1].event, found.entries[last].decision
    assert before is not None
    assert decided is not None
    assert decided.cause.endswith(f"({before.event_id})")
    assert found.folded == len(events)


def test_answers_are_json() -> None:
    """A view and a timeline become JSON objects with names for everything."""
    view = json.loads(msgspec.json.encode(account_view("a", RAW, POLICY)))
    assert view["timeline"][-1]["target"] == view["state"]["status"] == "client"
    assert view["kept"] == len(courtship())
    (first, *_) = json.loads(msgspec.json.encode(timeline_of("a", RAW)))["entries"]
    assert (first["event"]["event_id"], first["decision"]) == ("e0", None)


def test_a_file_gives_the_same_answer_as_the_record() -> None:
    """The same account at the same time, by the file's lines; a line that is refused is handed on with its number."""
    refused: list[int] = []
    lines, at = as_lines(b"nope"), on(120)
    found = account_in_file(
        enumerate(lines, 1), "f", "a", at, POLICY, Settings(), lambda number, _: refused.append(number)
    )
    assert found == account_view_at("a", RAW, micros(at), POLICY)
    assert refused == [len(lines)]


def test_a_file_without_the_account_says_so() -> None:
    """With the name of the file."""
    with pytest.raises(NoAccountError, match=r"^no account nobody in f\.jsonl: ids are never normalised$"):
        account_in_file(enumerate(as_lines(), 1), "f.jsonl", "nobody", on(1), POLICY, Settings(), lambda *_: None)


def test_only_what_is_kept_can_be_asked_for() -> None:
    """Where the oldest events are folded together, the answer says from when on there is one."""
    replay, _ = fold(purchase(day, f"p{day}") for day in range(1, 800))
    raw = replay.records["a"]
    kept = account_view("a", raw, POLICY).kept
    assert kept < 799
    with pytest.raises(NoHistoryError, match="are folded together: name a later time"):
        account_view_at("a", raw, micros(on(2)), POLICY)
    oldest = timeline_of("a", raw).entries[0]
    assert oldest.at > rfc3339(micros(on(2)))
