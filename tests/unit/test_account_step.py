"""One account in one step: what is counted, when the state is published again, what is due, and what is told again."""

import json

import msgspec
import pytest
from story import (
    CORE,
    NOW_US,
    POLICY,
    command,
    courtship,
    fold,
    meeting,
    on,
    profile,
    purchase,
    step,
    ticket,
)

from relationship.classify.transitions import read
from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT, RECLASSIFIED, STATE, Applied, Delivered, Reason, Repeat
from relationship.contract.times import micros
from relationship.core import Core
from relationship.state.record import RecordError, decode, encode
from relationship.timeline.closing import SCORE_STEP


def states(outcome):
    """Return the states that a step publishes."""
    return [json.loads(sent.value) for sent in outcome.sends if sent.topic == STATE and sent.value]


def again(outcome, *told):
    """Take further messages, at the next offsets."""
    first = 1 + max(decode(outcome.record).offsets.values())
    return step(outcome.record, told, first_offset=first)


def test_what_is_applied_and_what_is_repeated_is_counted():
    """Refused messages are neither; every step that changes something is a revision."""
    first = step(None, [purchase(100, "p"), purchase(100, "p"), purchase(1, "late")])
    record = decode(first.record)
    assert (record.applied, record.repeats, record.revision, record.count) == (1, 1, 1, 1)
    second = again(first, purchase(101, "q"), purchase(101, "q"), purchase(100, "p"))
    record = decode(second.record)
    assert (record.applied, record.repeats, record.revision) == (2, 3, 2)
    assert [first.verdicts[i].reason for i in (2,)] == [Reason.LATE]


def test_an_offset_is_reflected_once_in_each_topic():
    """The next offset is new, the same one is a repeat that changes nothing, and topics count by themselves."""
    first = CORE.step("a", None, [Delivered(m.PURCHASES, 5, purchase(1, "p")[1])], NOW_US)
    same = CORE.step("a", first.record, [Delivered(m.PURCHASES, 5, purchase(2, "q")[1])], NOW_US)
    assert (same.verdicts, same.changed, list(same.sends)) == ([Repeat()], False, [])
    assert decode(same.record).repeats == 0
    assert same.record == first.record
    assert same.due_at == first.due_at is not None
    following = CORE.step("a", first.record, [Delivered(m.PURCHASES, 6, purchase(2, "q")[1])], NOW_US)
    other = CORE.step("a", first.record, [Delivered(m.TICKETS, 0, ticket(2, "q")[1])], NOW_US)
    assert following.verdicts == other.verdicts == [Applied()]
    assert decode(other.record).offsets == {1: 5, 2: 0}


def test_what_says_nothing_makes_no_account():
    """A cleared profile and another account's leave find nobody; the verdict is that they are done."""
    cleared = profile(1, industry=None, party=None, market=None)
    outcome = step(None, [cleared])
    assert (outcome.record, outcome.changed, outcome.verdicts, outcome.due_at) == (None, False, [Applied()], None)
    there = step(None, [cleared, purchase(1)])
    assert decode(there.record).count == 1


def scored(record, by):
    """Return the record with its published score so many hundredths lower."""
    found = decode(record)
    score = read(found.head, POLICY).score + by
    found.published_state = msgspec.structs.replace(found.published_state, score=score)
    return encode(found)


@pytest.mark.parametrize(("by", "published"), [(499, 0), (500, 1), (-499, 0), (-500, 1)])
def test_a_state_is_published_again_when_its_score_has_moved_by_five_points(by, published):
    """Up or down; less is not worth a message."""
    assert SCORE_STEP == 500
    first = step(None, [purchase(1), profile(1.5)])
    outcome = CORE.step("a", scored(first.record, by), [Delivered(m.COMMANDS, 0, command(1.5, "release")[1])], NOW_US)
    assert outcome.changed
    assert len(states(outcome)) == published


def test_a_state_is_published_again_when_anything_else_of_it_differs():
    """Another status, another standing, another profile; a repeat and a refused command publish none."""
    first = step(None, [purchase(1)])
    (state,) = states(first)
    assert (state["status"], state["segment"]["standing"], state["transition_seq"]) == ("customer", "new", 1)
    assert [sent.event_id for sent in first.sends if sent.topic == STATE] == ["state-1-1"]
    assert states(again(first, purchase(1))) == []
    assert states(again(first, command(2, "release"))) == []
    (state,) = states(again(first, profile(2)))
    assert state["segment"]["industry"] == "consulting"
    (state,) = states(again(first, purchase(91.5), purchase(92.5)))
    assert state["segment"]["standing"] == "regular"
    (state,) = states(again(first, command(2, "override", status="client", until=on(9))))
    assert (state["status"], state["held_until"]) == ("client", "2024-01-10T09:00:00Z")


def test_an_account_of_refused_commands_alone_publishes_no_state():
    """Nothing was folded that a state could speak of but the commands; an erasure of nobody publishes none at all."""
    assert states(step(None, [command(1, "erase")])) == []
    late = step(None, [purchase(100), purchase(1, "late")])
    assert len(states(late)) == 1


def test_a_changes_decision_is_told_on_the_facts_known_by_then():
    """Its evidence names no later event, though the step has taken one in."""
    outcome = step(None, [purchase(1, "p"), meeting(2, "m")])
    (decision,) = [json.loads(sent.value) for sent in outcome.sends if sent.topic == RECLASSIFIED]
    named = {event for part in decision["dimensions"] for event in part["evidence"]}
    assert named == {"p"}
    late = step(None, [meeting(2, "m"), purchase(1, "p")])
    told = [json.loads(sent.value) for sent in late.sends if sent.topic == RECLASSIFIED]
    assert {event for part in told[-1]["dimensions"] for event in part["evidence"]} == {"p"}


def test_what_undoes_a_decision_names_it_and_goes_the_other_way():
    """By the account as it stands now, in the direction of a correction, last told first."""
    withdrawn = [each[1].event_id for each in courtship() if each[0] == m.PURCHASES]
    fixes = [command(170 + i, "correct", f"fix{i}", corrects=name, value=None) for i, name in enumerate(withdrawn)]
    decisions = fold([*courtship(), *fixes])[1]
    corrections = [each for each in decisions if each["direction"] == "correction"]
    by_id = {each["event_id"]: each for each in decisions}
    assert corrections
    for each in corrections:
        undone = by_id[each["supersedes"]]
        assert (each["from"], each["to"]) == (undone["to"], undone["from"])
        assert each["effective_at"] == undone["effective_at"]
        assert each["why"].startswith(f"The {undone['direction']} from {undone['from']} to {undone['to']} of ")
        assert each["caused_by"] in each["why"]


def test_an_audit_entry_follows_every_command_once():
    """Done or refused; a repeat of it is not answered again, and no event is."""
    first = step(None, [purchase(1), command(2, "release", "c")])
    assert [sent.topic for sent in first.sends].count(AUDIT) == 1
    assert [sent.topic for sent in again(first, command(2, "release", "c"), purchase(3)).sends].count(AUDIT) == 0


def test_timers_that_have_nothing_to_do_change_nothing():
    """The record is as it was, byte for byte but for what the clock says, and nothing is sent."""
    first = step(None, [purchase(1)])
    quiet = CORE.run_timers("a", first.record, micros(on(2)), NOW_US)
    assert (quiet.changed, list(quiet.sends), quiet.verdicts) == (False, [], [])
    assert quiet.due_at == first.due_at
    due = CORE.run_timers("a", first.record, first.due_at, NOW_US)
    assert due.changed
    assert [sent.topic for sent in due.sends] == [RECLASSIFIED, STATE]
    assert due.due_at is None


def test_a_merged_account_has_no_timer_and_no_state():
    """Until it is unmerged; what comes meanwhile is forwarded, and told when it stands for itself again."""
    merged = step(None, [purchase(1), command(2, "merge", into="b")])
    assert merged.due_at is None
    assert states(merged) == []
    assert decode(merged.record).published_state is None
    woken = CORE.run_timers("a", merged.record, micros(on(4000)), NOW_US)
    assert (woken.changed, list(woken.sends), woken.due_at) == (False, [], None)
    more = again(merged, profile(3))
    assert {sent.topic for sent in more.sends} == {m.MOVES}
    apart = again(more, command(4, "unmerge", into="b"))
    assert apart.due_at == micros(on(1)) + POLICY.trade(0).lapse_us
    assert [state["segment"]["industry"] for state in states(apart)] == ["consulting"]


def test_a_record_that_left_its_state_out_tells_it_again():
    """From its own score and head; a record that shows none cannot."""
    first = step(None, [purchase(1)])
    assert list(CORE.pending("a", first.record)) == list(first.sends)
    broken = decode(first.record)
    broken.published_state = None
    with pytest.raises(RecordError, match="none shown"):
        CORE.pending("a", encode(broken))


def test_the_lateness_is_a_setting_in_days():
    """Half a day is half a day."""
    half = Core(POLICY, lateness_days=0.5)
    assert half.limits.lateness_us == 43_200_000_000
    record = half.step("a", None, [Delivered(m.PURCHASES, 0, purchase(2, "p")[1])], NOW_US).record
    told = [Delivered(m.PURCHASES, i, purchase(day, f"q{i}")[1]) for i, day in enumerate((1.5, 1.4999), start=1)]
    assert [type(each).__name__ for each in half.step("a", record, told, NOW_US).verdicts] == ["Applied", "Refused"]


class StoredAt(Delivered, frozen=True):
    """A message with the moment at which Kafka stored it, in ms."""

    ms: int = 0

    @property
    def arrived_ms(self):
        """Return the moment."""
        return self.ms


def test_an_erasure_stored_before_all_that_the_record_reflects_erased_another_account():
    """What was stored in between, of another topic, is folded: only of an erasure does it matter what came first."""
    (bought, sold), (asked, question), (ordered, erase) = purchase(1), ticket(2), command(3, "erase")
    record = CORE.step("a", None, [StoredAt(bought, 7, sold, ms=2_000)], NOW_US).record
    told = CORE.step("a", record, [StoredAt(asked, 3, question, ms=1_000)], NOW_US)
    assert isinstance(told.verdicts[0], Applied)
    assert [fact.id for fact in decode(told.record).facts()] == ["e1", "e2"]
    later = CORE.step("a", told.record, [StoredAt(bought, 8, purchase(3)[1], ms=3_000)], NOW_US)
    assert decode(later.record).stored_ms == decode(told.record).stored_ms == 1_000
    past = CORE.step("a", told.record, [StoredAt(ordered, 1, erase, ms=999)], NOW_US)
    assert isinstance(past.verdicts[0], Repeat)
    assert past.record == told.record
    assert CORE.step("a", told.record, [StoredAt(ordered, 1, erase, ms=1_000)], NOW_US).record is None
