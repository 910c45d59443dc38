"""The shadow: a second policy beside the active one that decides nothing and tells where it differs."""

import hashlib
import json

import pytest
from story import NOW_US, POLICY, command, courtship, fold, meeting, on, profile, purchase, record_of, state_of
from variants import variant

from relationship.contract.outcome import SHADOWED, Delivered
from relationship.contract.times import micros
from relationship.core import Core
from relationship.replay import Replay
from relationship.state.record import decode
from relationship.timeline.history import KEPT
from relationship.timeline.shadow import Shadow

STRICT = Shadow("strict", variant("s", client_up=95.0))
HASTY = Shadow("hasty", variant("h", lapse=30))


def shadowed(told, shadow, core=None):
    """Fold messages beside a shadow; return the replay, and the differences told, None for a tombstone."""
    core = core or Core(POLICY)
    core.shadow = shadow
    replay, found = Replay(core), []
    for topic, message in told:
        found += differences(replay.fold(topic, message, NOW_US)[1])
    return replay, found


def differences(sends):
    """Return what is told of the shadow."""
    return [sent.value and json.loads(sent.value) for sent in sends if sent.topic == SHADOWED]


def kinds(found):
    """Return the kinds of differences told, None for a tombstone."""
    return [each and each["kind"] for each in found]


def test_without_a_shadow_there_is_none():
    """The record bears nothing of it, and nothing is told."""
    assert record_of(fold(courtship())[0]).shadowed is None


def test_it_decides_nothing():
    """The decisions are those of the active policy alone."""
    core = Core(POLICY)
    core.shadow = STRICT
    assert fold(courtship(), core)[1] == fold(courtship())[1]


def test_a_difference_is_told_when_it_begins():
    """Both statuses, both scores, both policies, once."""
    (each,) = shadowed(courtship(), STRICT)[1]
    assert (each["kind"], each["approximate"]) == ("entered", False)
    assert (each["active"]["status"], each["shadow"]["status"]) == ("client", "candidate")
    assert (each["active"]["policy"]["version"], each["shadow"]["policy"]["version"]) == ("1", "s")
    assert each["active"]["score"] == each["shadow"]["score"] > 50


def test_the_scores_of_a_difference_are_those_of_the_states():
    """In points, as the account's state has it at the same moment."""
    core = Core(POLICY)
    core.shadow = STRICT
    replay = Replay(core)
    told = (differences(replay.fold(topic, message, NOW_US)[1]) for topic, message in courtship())
    (difference,) = next(found for found in told if found)
    assert difference["active"]["score"] == pytest.approx(state_of(replay).score, abs=0.01)


def test_a_shadow_that_was_given_meanwhile_is_kept_by_whatever_comes_next():
    """By a message that is a repeat too: the record is to be stored, though nothing else of it has changed."""
    core = Core(POLICY)
    delivered = [Delivered(topic, offset, message) for offset, (topic, message) in enumerate(courtship())]
    record = core.step("a", None, delivered, NOW_US).record
    assert not core.step("a", record, delivered[:1], NOW_US).changed
    core.shadow = STRICT
    outcome = core.step("a", record, delivered[:1], NOW_US)
    assert outcome.changed
    assert decode(outcome.record).shadowed.mark == "strict"
    assert not core.step("a", outcome.record, delivered[:1], NOW_US).changed


def test_and_when_it_ends():
    """Once both say the same again."""
    told = [*courtship(), command(165, "override", status="customer", until=on(200))]
    assert kinds(shadowed(told, STRICT)[1]) == ["entered", "left"]


def test_and_when_it_becomes_another():
    """Still different, in other statuses."""
    replay, found = shadowed(courtship(), STRICT)
    found += differences(replay.run_until(micros(on(4000)), NOW_US))
    assert kinds(found)[0] == "entered"
    assert kinds(found)[-1] == "left", "in the end both have lapsed"


@pytest.mark.parametrize("order", [lambda told: told, lambda told: [*told[:5], *told[6:9], told[5], *told[9:]]])
def test_the_shade_is_the_account_as_its_policy_alone_would_have_it(order):
    """Whether it is folded on, or anew after a late event."""
    replay = shadowed(order(courtship()), STRICT)[0]
    alone = fold(courtship(), Core(STRICT.policy))[0]
    assert record_of(replay).shadowed.head == record_of(alone).head
    assert record_of(replay).shadowed.exact


def test_a_shadow_that_comes_later_has_the_history_kept():
    """It is folded from the events kept, at the account's next event."""
    core = Core(POLICY)
    replay = fold(courtship(), core)[0]
    core.shadow = STRICT
    assert kinds(differences(replay.fold(*purchase(165), NOW_US)[1])) == ["entered"]
    alone = fold([*courtship(), purchase(165)], Core(STRICT.policy))[0]
    assert record_of(replay).shadowed.head == record_of(alone).head


def test_another_shadow_takes_the_first_one_s_place():
    """It is another trial: what the first one differed in is nothing to it."""
    core = Core(POLICY)
    replay, _ = shadowed(courtship(), STRICT, core)
    core.shadow = HASTY
    replay.fold(*purchase(165), NOW_US)
    assert record_of(replay).shadowed.mark == "hasty"


def test_what_the_active_policy_folded_away_makes_it_approximate():
    """Where the history kept begins later, the shade says so."""
    core = Core(POLICY)
    told = [profile(0), *(purchase(1 + 0.5 * i, f"p{i}") for i in range(2 * KEPT + 1))]
    replay = fold(told, core)[0]
    assert record_of(replay).base is not None
    core.shadow = HASTY
    replay.fold(*purchase(300, "last"), NOW_US)
    assert not record_of(replay).shadowed.exact


def test_its_timers_run():
    """A shadow that lapses sooner tells so when it does; the account wakes for it."""
    core = Core(POLICY)
    core.shadow = HASTY
    replay = fold([profile(0), purchase(1)], core)[0]
    outcome = core.run_timers("a", replay.records["a"], micros(on(31)) - 1, NOW_US)
    assert outcome.due_at == micros(on(31))
    assert not outcome.changed
    outcome = core.run_timers("a", replay.records["a"], micros(on(31)), NOW_US)
    (each,) = differences(outcome.sends)
    assert (each["active"]["status"], each["shadow"]["status"]) == ("customer", "lapsed")


def test_its_end_takes_the_difference_from_the_topic():
    """A tombstone follows at the account's next event, and the record is as before."""
    core = Core(POLICY)
    replay, _ = shadowed(courtship(), STRICT, core)
    core.shadow = None
    assert differences(replay.fold(*purchase(165), NOW_US)[1]) == [None]
    assert record_of(replay).shadowed is None


@pytest.mark.parametrize("last", [command(165, "erase"), command(165, "merge", into="b")])
def test_an_account_that_leaves_takes_it_along(last):
    """Erased or merged, it differs from nobody."""
    found = shadowed([*courtship(), last], STRICT)[1]
    assert kinds([each for each in found if not each or each["account_id"] == "a"]) == ["entered", None]


def test_what_had_ceased_to_differ_is_erased_as_well():
    """The topic still says `left` of the account, under another shadow too: a tombstone takes that away."""
    core = Core(POLICY)
    told = [*courtship(), command(165, "override", status="customer", until=on(200))]
    replay, found = shadowed(told, STRICT, core)
    core.shadow = Shadow("another", STRICT.policy)
    replay.fold(*purchase(166), NOW_US)
    assert differences(replay.fold(*command(167, "erase"), NOW_US)[1]) == [None]
    assert kinds(found) == ["entered", "left"]


def test_told_twice_it_has_the_same_id():
    """A step done again after a crash publishes the same difference."""
    core = Core(POLICY)
    replay = fold(courtship(), core)[0]
    core.shadow = STRICT
    topic, message = purchase(165)
    record, offset = replay.records["a"], replay.offsets[topic]
    again = []
    for _ in range(2):
        trial = Replay(core)
        trial.records, trial.offsets = {"a": record}, {topic: offset}
        again += [sent.event_id for sent in trial.fold(topic, message, NOW_US)[1] if sent.topic == SHADOWED]
    assert len(again) == 2
    of_revision = f"a\x1fstrict\x1f{decode(trial.records['a']).revision}".encode()
    assert set(again) == {"sh-" + hashlib.blake2b(of_revision, digest_size=16).hexdigest()}
    assert decode(record).shadowed is None


def test_each_difference_has_an_id_of_its_own():
    """By the record's next revision and the trial: what enters and what leaves, and its tombstone, are three messages."""
    core = Core(POLICY)
    core.shadow, replay = STRICT, Replay(core)
    told = [*courtship(), command(165, "override", status="customer", until=on(200)), command(166, "erase")]
    sends = [s for each in told for s in replay.fold(*each, NOW_US)[1] if s.topic == SHADOWED]
    assert [sent.value is None for sent in sends] == [False, False, True]
    assert len({sent.event_id for sent in sends}) == 3
    before = shadowed(told[:-1], STRICT)[0]
    ended = f"a\x1fstrict\x1f{record_of(before).revision + 1}".encode()
    assert sends[2].event_id == "sh-" + hashlib.blake2b(ended, digest_size=16).hexdigest()
    assert all(sent.event_id.startswith("sh-") and len(sent.event_id) == 35 for sent in sends)
    assert [sent.time for sent in sends[:2]] == [json.loads(sent.value)["effective_at"] for sent in sends[:2]]


def test_a_difference_that_becomes_another_is_told_with_its_kind():
    """Client against candidate, then lapsed against candidate: changed; lapsed on both sides: left."""
    patient = Shadow("patient", variant("p", client_up=95.0, lapse=400))
    replay, found = shadowed(courtship(), patient)
    for days in (300, 1000):
        found += differences(replay.run_until(micros(on(days)), NOW_US))
    assert [(each["kind"], each["active"]["status"], each["shadow"]["status"]) for each in found] == [
        ("entered", "client", "candidate"),
        ("changed", "lapsed", "candidate"),
        ("left", "lapsed", "lapsed"),
    ]


def test_a_shadows_timer_runs_at_its_moment_and_not_before():
    """Folded anew too: a microsecond before its lapse the shadow is a customer still."""
    core = Core(POLICY)
    core.shadow = HASTY
    replay = fold([profile(0), purchase(1)], core)[0]
    due = micros(on(31))
    before = core.run_timers("a", replay.records["a"], due - 1, NOW_US)
    assert decode(before.record).shadowed.head.status == decode(before.record).head.status == 1
    core.shadow = Shadow("again", HASTY.policy)
    assert decode(core.run_timers("a", before.record, due - 1, NOW_US).record).shadowed.head.status == 1
    assert decode(core.run_timers("a", before.record, due, NOW_US).record).shadowed.head.status == 4


def test_an_event_at_the_shadows_own_moment_is_folded_anew():
    """After its lapse at that very moment nothing can be appended to it; the shade is the one of its policy alone."""
    told = [profile(0), purchase(1), meeting(31, no_show=True)]
    for order in (told, [told[0], told[2], told[1]]):
        replay = shadowed(order, HASTY)[0]
        alone = fold(told, Core(HASTY.policy))[0]
        assert record_of(replay).shadowed.head == record_of(alone).head


def test_an_event_before_what_the_shadows_own_timers_have_changed_folds_it_anew():
    """The shadow has lapsed and the active policy has not: an event in between is appended to the one history alone."""
    core = Core(POLICY)
    core.shadow = HASTY
    told, alone = [profile(0), purchase(1)], Replay(Core(HASTY.policy))
    replay = fold(told, core)[0]
    for topic, message in told:
        alone.fold(topic, message, NOW_US)
    for each in (replay, alone):
        list(each.run_until(micros(on(40)), NOW_US))
        each.fold(*purchase(20, "between"), NOW_US)
    assert record_of(replay).shadowed.head == record_of(alone).head
    assert record_of(replay).shadowed.difference is None
    assert record_of(replay).shadowed.exact


def test_what_never_differed_leaves_nothing_in_the_topic():
    """Under another shadow after it neither: there is nothing to take away when the account is erased."""
    core = Core(POLICY)
    replay, found = shadowed([profile(0), purchase(1)], STRICT, core)
    core.shadow = Shadow("another", STRICT.policy)
    found += differences(replay.fold(*purchase(2), NOW_US)[1])
    assert record_of(replay).shadowed.mark == "another"
    found += differences(replay.fold(*command(3, "erase"), NOW_US)[1])
    assert found == []
