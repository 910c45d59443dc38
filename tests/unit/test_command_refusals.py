"""Why a command can never be carried out, whatever else comes: what it must say, and where two corrections meet."""

import json

import msgspec
import pytest
from story import NOW_US, command, meeting, on, purchase, record_of, ticket

from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from relationship.state.account import CLIENT, CUSTOMER, Account, Merge, Override
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord
from relationship.timeline.commands import NO_BY, NOT_THERE, effects, rejection_reason

MOMENT = 1 / 86_400_000_000  # of a day: a microsecond
NEEDS = "an override needs a 'status', and an 'until' after its 'occurred_at'"
BARE = AccountRecord()


def why(told, record=BARE):
    """Return why a command can never be carried out."""
    return rejection_reason(record, told[1], 1_000)


@pytest.mark.parametrize(
    ("name", "fields", "asks"),
    [
        ("override", {"status": "client", "until": on(9)}, True),
        ("release", {}, True),
        ("merge", {"into": "b"}, True),
        ("unmerge", {"into": "b"}, True),
        ("correct", {"corrects": "x", "value": None}, False),
        ("erase", {}, False),
    ],
)
def test_who_holds_or_joins_an_account_is_named(name, fields, asks):
    """A system corrects what it has sent and a law erases; all else is somebody's decision. An empty name is none."""
    for by in (None, ""):
        assert why(command(1, name, by=by, **fields)) == (NO_BY if asks else None)
    assert why(command(1, name, by="kim", **fields)) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "client", "until": on(1 + MOMENT)}, None),
        ({"status": "client", "until": on(1)}, NEEDS),
        ({"status": "client", "until": on(1 - MOMENT)}, NEEDS),
        ({"status": "client"}, NEEDS),
        ({"until": on(9)}, NEEDS),
        ({}, NEEDS),
    ],
)
def test_an_override_has_a_status_and_an_end_that_is_to_come(fields, reason):
    """Seen from its own moment: a microsecond later is later."""
    assert why(command(1, "override", **fields)) == reason


def test_a_merge_is_into_another_account_that_is_not_in_this_one():
    """And of one whose whole history is there to travel."""
    itself = "an account is not merged into itself: name another one in 'into'"
    assert [why(command(1, "merge", into=into)) for into in (None, "", "a", "b")] == [itself, itself, itself, None]
    circle = why(command(1, "merge", into="b"), AccountRecord(merged_sources=["b"]))
    assert circle == "that account is merged into this one already: it would be a circle"
    assert why(command(1, "merge", into="c"), AccountRecord(merged_sources=["b"])) is None
    behind = why(command(1, "merge", into="b"), AccountRecord(base=Account()))
    assert behind == "its history reaches further back than what is kept of it"


def kept(*told, base=None):
    """Return why each of the commands kept has no effect, by id."""
    record = AccountRecord(base=base)
    record.keep([fact_of(message) for _, message in told])
    return effects(record)


def test_each_command_has_its_effect_in_event_time():
    """A release ends what holds then; one of nothing has no effect, and neither has a second merge."""
    held = command(1, "override", "o", status="client", until=on(9))
    assert kept(held, command(9, "release", "r"))["r"] is None
    assert kept(held, command(9 + MOMENT, "release", "r"))["r"] is not None
    assert kept(command(1, "release", "r"))["r"] is not None
    merged = command(1, "merge", "m", into="b")
    found = kept(merged, command(2, "merge", "n", into="c"), command(3, "unmerge", "u", into="b"))
    assert [found[name] is None for name in "mnu"] == [True, False, True]


def test_what_was_in_force_before_the_history_kept_is_in_force_in_it():
    """An override, and a merge; corrections and refused commands have no effect of this kind."""
    until = fact_of(purchase(5)[1]).t
    base = Account(override=Override(CLIENT, until), merge=Merge("b", "m"))
    assert kept(command(2, "unmerge", "u", into="b"), base=base) == {"u": None}
    found = kept(command(2, "correct", "c", corrects="x", value=None), command(3, "release", "r"), base=base)
    assert set(found) == {"r"}


def folded(*told):
    """Fold messages of the account `a`; return the replay, and what the audit says of each command in turn."""
    replay, details = Replay(Core(load_policy())), []
    for topic, message in told:
        sent = replay.fold(topic, message, NOW_US)[1]
        details += [json.loads(each.value)["detail"] for each in sent if each.topic == AUDIT]
    return replay, details


def fix(day, topic, value=None, name=None, corrects="x"):
    """Return a correction of an event."""
    new = None if value is None else json.loads(msgspec.json.encode(value[1]))
    return command(day, "correct", name or f"c{day}", corrects=corrects, topic=topic, value=new)


def test_a_later_correction_holds_of_the_same_event_alone():
    """Of the same id in another topic it is another event's; without a topic it is of whichever the other one means."""
    both = [purchase(1, "x"), ticket(1, "x")]
    replay, details = folded(*both, fix(9, m.PURCHASES), fix(8, m.TICKETS))
    assert details == [None, None]
    assert (record_of(replay).head.purchases, record_of(replay).head.letters) == (0, 0)
    later = "a later correction of the event is there"
    dearer = purchase(1, "x", amount="12.00")
    _, details = folded(purchase(1, "x"), fix(9, m.PURCHASES, dearer), fix(8, m.PURCHASES))
    assert details == [None, later]
    _, details = folded(purchase(1, "x"), fix(9, m.PURCHASES), fix(8, None))
    assert details == [None, later]
    _, details = folded(purchase(1, "x"), fix(8, m.PURCHASES, dearer), fix(9, m.PURCHASES))
    assert details == [None, None]
    _, details = folded(purchase(1, "x"), purchase(1, "y"), fix(9, m.PURCHASES), fix(8, m.PURCHASES, corrects="y"))
    assert details == [None, None]


def test_of_two_corrections_of_one_moment_the_one_of_the_later_id_holds():
    """In whichever order they come."""
    dearer = [fix(9, m.PURCHASES, purchase(1, "x", amount=f"{n}.00"), name=f"c{n}") for n in (11, 12)]
    for told in (dearer, dearer[::-1]):
        replay, _ = folded(purchase(1, "x"), *told)
        assert record_of(replay).head.spent == {"EUR": "12.00"}


def test_a_withdrawal_of_what_is_not_there_is_kept_and_told_so():
    """Should it still come, it is a repeat."""
    replay, details = folded(purchase(1, "own"), fix(3, m.MEETINGS))
    assert details == [NOT_THERE]
    replay.fold(*meeting(2, "x"), NOW_US)
    assert record_of(replay).head.meetings == 0
    assert (record_of(replay).repeats, record_of(replay).head.effective_status) == (1, CUSTOMER)


@pytest.mark.parametrize(
    ("value", "done"),
    [
        (purchase(1, "x", amount="12.00"), True),
        (purchase(1, "y"), False),
        (purchase(1, "x", account="b"), False),
    ],
)
def test_a_corrections_value_is_the_event_itself(value, done):
    """Of the account and under the id that the command names."""
    _, details = folded(purchase(1, "x"), fix(3, m.PURCHASES, value))
    wrong = "the 'value' is no message of this account with the corrected event's id"
    assert details == [None if done else wrong]
