"""What a step collects of timers and of restored accounts: values, the due set, and the outbox; the fold is hand-written."""

from types import SimpleNamespace

import pytest
from story import CORE, NOW_US, on, purchase, step

from relationship.contract.outcome import RECLASSIFIED, STATE, Outcome, Outgoing, Reason, StepTooLargeError
from relationship.contract.times import micros
from streams.engine.step import OutboxEntry, StepBuilder, decode_entry
from streams.wire.arrivals import arrival_of


def sent(name, topic=RECLASSIFIED, key="a"):
    """Return something to publish."""
    return Outgoing(topic, key, b"{}", name, "2024-01-01T00:00:00Z")


class Timers:
    """A fold whose accounts do, when their timers run, what they are told to."""

    def __init__(self, outcomes):
        self.outcomes = outcomes
        self.calls = []

    def run_timers(self, account_id, record, until, decided_at):
        """Note the call, and return the outcome."""
        self.calls.append((account_id, record, until, decided_at))
        return self.outcomes[account_id]

    def latest(self, account_id, record, decided_at):  # noqa: ARG002 - the protocol's
        """Return what the record sent."""
        assert record == account_id.encode() * 2
        return [sent(f"again {account_id}")]


OUTCOMES = {
    "a": Outcome(b"new", True, [], [sent("e1"), sent("e2")], 50),  # noqa: FBT003
    "b": Outcome(b"bb", False, [], [], 60),  # noqa: FBT003
}


def entries(step_):
    """Return the outbox's entries, decoded from what is written."""
    return [decode_entry(raw) for _, raw in step_.write.outbox]


def test_timers_that_run_write_what_has_changed_and_note_when_they_are_due():
    """Of an account that is gone the timer goes too; a timer's decisions are of no record's arrival."""
    fold = Timers(OUTCOMES)
    builder = StepBuilder(fold, {b"a": b"aa", b"b": b"bb", b"gone": None}, 5)
    builder.wake([b"a", b"b", b"gone"], 99)
    found = builder.step({"topic": 7})
    assert fold.calls == [("a", b"aa", 99, 5), ("b", b"bb", 99, 5)]
    assert found.write.values == {b"a": b"new"}
    assert found.write.due == {b"a": 50, b"b": 60, b"gone": None}
    assert found.write.positions == {"topic": 7}
    assert entries(found) == [OutboxEntry("a", sent("e1"), 0), OutboxEntry("a", sent("e2"), 0)]
    assert (found.refused, found.counts, found.newest) == ([], {}, 0.0)


def test_restored_accounts_send_their_latest_decisions_again():
    """And have their timers back, which no one has run; one that is gone has neither."""
    fold = Timers(OUTCOMES)
    builder = StepBuilder(fold, {b"a": b"aa", b"b": b"bb", b"gone": None}, 5)
    builder.restored([b"a", b"b", b"gone"])
    found = builder.step({})
    assert fold.calls == [("a", b"aa", 0, 5), ("b", b"bb", 0, 5)]
    assert entries(found) == [OutboxEntry("a", sent("again a"), 0), OutboxEntry("b", sent("again b"), 0)]
    assert found.write.values == {}
    assert found.write.due == {b"a": 50, b"b": 60}


def test_a_restored_account_whose_record_cannot_be_read_is_counted_and_passed_over():
    """No reason to open no partition: the others send their latest decisions, and its timer stays as it is."""

    class Unreadable(Timers):
        def latest(self, account_id, record, decided_at):
            if account_id == "a":
                raise ZeroDivisionError("a defect")
            return super().latest(account_id, record, decided_at)

    builder = StepBuilder(Unreadable(OUTCOMES), {b"a": b"aa", b"b": b"bb"}, 5)
    builder.restored([b"a", b"b"])
    assert builder.failed_timers == 1
    found = builder.step({})
    assert entries(found) == [OutboxEntry("b", sent("again b"), 0)]
    assert found.write.due == {b"b": 60}


def test_a_restored_account_is_as_it_was():
    """With the core: its messages under their ids, its lapse due when it was, and nothing of it written."""
    first = step(None, [purchase(1)])
    builder = StepBuilder(CORE, {b"a": first.record}, NOW_US)
    builder.restored([b"a"])
    found = builder.step({})
    assert [each.outgoing for each in entries(found)] == list(first.sends)
    assert found.write.due == {b"a": first.due_at}
    assert found.write.values == {}
    lapsed = StepBuilder(CORE, {b"a": first.record}, NOW_US)
    lapsed.wake([b"a"], micros(on(400)))
    assert [each.outgoing.topic for each in entries(lapsed.step({}))] == [RECLASSIFIED, STATE]


def test_what_is_sent_twice_in_a_step_is_one_entry():
    """By topic, key and id: the first stays; another topic's, key's or id's is another, however they are joined."""
    alike = [sent("e"), sent("e")]
    others = [
        sent("e", STATE),
        sent("e", key="b"),
        sent("f"),
        sent("\0e"),
        sent("e", key="a\0e"),
        sent("", key="a\0e\0"),
    ]
    fold = Timers({"a": Outcome(b"new", True, [], [*alike, *others], None)})  # noqa: FBT003
    builder = StepBuilder(fold, {b"a": b"aa"}, 5)
    builder.wake([b"a"], 1)
    found = builder.step({})
    assert [each.outgoing for each in entries(found)] == [alike[0], *others]
    assert list(found.entries) == [identity for identity, _ in found.write.outbox]


def test_what_is_keyed_by_the_account_goes_to_its_partition():
    """What is keyed by another goes where that key belongs."""
    assert OutboxEntry("a", sent("e")).home(3) == 3
    assert OutboxEntry("a", sent("e", key="b")).home(3) is None
    assert OutboxEntry("a", sent("e")).arrived_ms == 0


class Failing:
    """A fold with a defect."""

    def step(self, account_id, record, delivered, decided_at):  # noqa: ARG002 - the signature of a fold
        """Fail, with what may be personal data."""
        raise KeyError("canary")


def test_a_message_on_which_the_fold_fails_leaves_its_account_as_it_was():
    """Nothing of the account is written, its timer neither; the message is refused as a fault, and quotes nothing."""
    topic, message = purchase(1)
    builder = StepBuilder(Failing(), {b"a": b"as it was"}, 5)
    arrival = arrival_of(topic, SimpleNamespace(offset=0, timestamp=9_000, key=b"a", headers=()), message, on(1))
    assert [*builder.arrivals({b"a": [arrival]}, [])] == [None]
    found = builder.step({topic: 1})
    assert (found.write.values, found.write.due, [*found.write.outbox]) == ({}, {}, [])
    assert found.counts == {(topic, "refused"): 1}
    ((letter, refused),) = found.refused
    assert letter is arrival
    assert refused.reason is Reason.FAULT
    assert "KeyError" in refused.text
    assert "canary" not in refused.text


def test_several_messages_on_which_the_fold_fails_are_tried_one_by_one():
    """Which of them it is cannot be told: the step is too large, and sets nothing aside."""
    topic, message = purchase(1)
    both = [arrival_of(topic, SimpleNamespace(offset=0, timestamp=9_000, key=b"a", headers=()), message, on(1))] * 2
    with pytest.raises(StepTooLargeError, match="'a'"):
        [*StepBuilder(Failing(), {b"a": None}, 5).arrivals({b"a": both}, [])]
