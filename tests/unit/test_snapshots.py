"""Snapshots along a history: what they spare, how many there are, and what of an event that is gone they must not keep."""

import hashlib
import json
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from story import NOW_US, POLICY, START, command, courtship, meeting, on, purchase, ticket

from relationship.classify import fold
from relationship.contract import messages as m
from relationship.contract.outcome import RECLASSIFIED, Delivered
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import FOLD, Policy
from relationship.policy.schedule import Schedule, Switch
from relationship.state.record import decode, encode
from relationship.state.snapshots import EVERY, FEWEST, MOST, Snapshot, is_due, thinned, wanted
from simulator import Rates, simulate_events
from streams.wire.codecs import Codec, Limits

LONG = 400  # days, with a purchase each
WIDE = Core(POLICY, lateness_days=1_000)
STRICT = Policy(
    msgspec.structs.replace(
        POLICY.source, thresholds=msgspec.structs.replace(POLICY.source.thresholds, gate=0.9), version="2.0.0"
    )
)


def step(record, *told, core=WIDE):
    """Take messages in one step of account `a`, at the next offsets; return the record."""
    first = 1 + max(decode(record).offsets.values(), default=-1) if record else 0
    delivered = [Delivered(topic, first + i, message) for i, (topic, message) in enumerate(told)]
    return core.step("a", record, delivered, NOW_US).record


def bought(days, currency="EUR"):
    """Return a purchase a day."""
    return [purchase(day, f"a-{day:04}", currency=currency) for day in days]


HISTORY = step(None, *bought(range(LONG)))


def asked(record, *told):
    """Return how many amounts are summed while messages are folded: some for every purchase folded."""
    summed = []

    def counted(amount: str) -> Decimal:
        summed.append(amount)
        return Decimal(amount)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fold, "Decimal", counted)
        step(record, *told, core=Core(POLICY, lateness_days=1_000))
    return len(summed)


@pytest.mark.parametrize("late", [3, 20, 60])
def test_a_late_event_folds_little_more_than_what_is_behind_it(late):
    """The first one too: no more than twice what is behind it and the distance of two snapshots."""
    record = decode(HISTORY)
    record.snapshots = []
    whole = asked(encode(record), purchase(LONG - late - 0.5, "a-0late"))
    least = asked(HISTORY, purchase(LONG - late - 0.5, "a-0late"))
    assert whole > LONG
    assert least <= whole * (3 * late + 3 * EVERY) / LONG


def test_a_withdrawal_folds_from_the_last_snapshot_before_it():
    """As a late event does."""
    fix = command(LONG, "correct", "a-0fix", corrects=f"a-{LONG - 30:04}", topic=m.PURCHASES, value=None)
    record = decode(HISTORY)
    record.snapshots = []
    assert asked(HISTORY, fix) < asked(encode(record), fix) / 2


def test_snapshots_are_a_tenth_of_the_record_at_most_and_a_short_one_has_none():
    """However long it is; each says where its facts end."""
    raw = None
    for day, told in enumerate(bought(range(LONG)), start=1):
        raw = step(raw, told)
        record = decode(raw)
        with_them, found = len(raw), record.snapshots
        assert len(found) <= (MOST if day >= FEWEST else 0)
        record.snapshots = []
        assert with_them <= 1.1 * len(encode(record))
    assert found
    assert found[-1].index > LONG - 2 * EVERY


def test_wanted_distances_from_the_end_grow_by_half():
    """Behind what is kept only, and in no short history."""
    assert wanted(0, FEWEST - 1) == []
    assert wanted(0, 200) == [200 - back for back in (181, 121, 81, 54, 36, 24, 16)]
    assert wanted(150, 200) == [164, 176, 184]
    assert wanted(190, 200) == []


def test_one_is_due_every_few_facts():
    """Counted from the last one, in a history that is long enough."""
    there = [Snapshot(200, 0, 0, 0, b"")]
    assert [is_due([], count) for count in (FEWEST - 1, FEWEST)] == [False, True]
    assert [is_due(there, count) for count in (200 + EVERY - 1, 200 + EVERY)] == [False, True]


def test_the_least_useful_are_left_out():
    """Few bytes of history have room for few; what is left is closer together towards the end."""
    many = [Snapshot(index, 0, 0, 0, b"x" * 476) for index in range(EVERY, 1_000, EVERY)]
    assert thinned(many, 1_000, 4_999) == []
    assert len(thinned(many, 1_000, 5_000)) == 1
    assert len(thinned(many, 1_000, 10**9)) == MOST
    left = [each.index for each in thinned(many, 1_000, 40_000)]
    assert len(left) == 8
    gaps = [after - before for before, after in zip([0, *left], left, strict=False)]
    assert all(after <= 2 * before for before, after in pairwise(gaps))
    assert gaps[-1] <= 3 * EVERY < gaps[0] / 4


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ((400, 500, 600), [400, 600]),  # the second spares a hundred folds, the first four hundred
        ((100, 800, 900), [800, 900]),  # whatever comes a hundred facts late is behind the second
    ],
)
def test_of_three_the_one_that_spares_least_is_left_out(there, left):
    """The folds between it and the one before it, for what comes late behind it and before the next."""
    three = [Snapshot(index, 0, 0, 0, b"x" * 476) for index in there]
    assert [each.index for each in thinned(three, 1_000, 10_000)] == left


def test_a_snapshot_has_the_moment_of_its_last_fact():
    """Those taken while a history is folded anew too: what is dated later than that is folded from there."""
    found = decode(step(HISTORY, purchase(0.5, "late")))
    facts = found.facts()
    assert len(found.snapshots) > 2
    assert [each.t for each in found.snapshots] == [facts[each.index - 1].t for each in found.snapshots]


def test_a_late_event_behind_a_snapshot_decides_what_it_would_have_decided_in_time():
    """The decisions before the snapshot stand and are counted once: a notice that comes late still ends the relationship."""
    told = [*courtship(), *bought(range(161, 300))]
    record = step(None, *told)
    before = decode(record)
    assert before.snapshots[-1].t < micros(on(298.5)), "it is folded from there"
    assert before.snapshots[-1].decided == len(before.decisions) > 1
    notice = ticket(298.5, "late", kind="cancellation")
    sends = WIDE.step("a", record, [Delivered(notice[0], 99, notice[1])], NOW_US).sends
    decisions = [json.loads(sent.value) for sent in sends if sent.topic == RECLASSIFIED]
    assert [(each["from"], each["to"], each["effective_at"]) for each in decisions] == [
        ("client", "customer", "2024-10-25T21:00:00Z")
    ]


def test_a_snapshot_counts_from_what_is_left_when_the_oldest_facts_leave():
    """Its place among the facts, among their bytes and among the decisions; moment and account are what they were."""
    assert Snapshot(10, 100, 5, 3, b"x").without(4, 40, 1) == Snapshot(6, 60, 5, 2, b"x")


def test_no_snapshot_keeps_anything_of_an_event_that_is_withdrawn():
    """A currency that occurs in one purchase alone is nowhere in the record once that is withdrawn."""
    told = [*bought(range(LONG // 2)), purchase(LONG // 2, "a-0swiss", currency="CHF")]
    raw = step(None, *told, *bought(range(LONG // 2 + 1, LONG)))
    assert any(b"CHF" in each.account for each in decode(raw).snapshots)
    fixed = step(raw, command(LONG, "correct", "a-0fix", corrects="a-0swiss", topic=m.PURCHASES, value=None))
    assert decode(fixed).snapshots
    assert b"CHF" not in fixed


def test_no_snapshot_names_an_account_that_is_to_be_forgotten():
    """It had been merged into one that is erased now: snapshots of that time knew its id."""
    told = [*bought(range(200)), command(200, "merge", "a-in", into="somebody-else"), *bought(range(201, 300))]
    raw = step(None, *told, command(300, "unmerge", "a-out", into="somebody-else"), *bought(range(301, 310)))
    assert any(b"somebody-else" in each.account for each in decode(raw).snapshots)
    forgotten = m.Referral(
        event_id="bye", account_id="a", occurred_at=on(310), referred="somebody-else", action="forgotten"
    )
    assert b"somebody-else" not in step(raw, (m.REFERRALS, forgotten))


def test_a_record_that_would_be_too_long_gives_up_its_snapshots_first():
    """And keeps its facts, as it would without."""
    record = decode(HISTORY)
    record.snapshots = []
    tight = Core(POLICY, lateness_days=1_000, most_bytes=len(encode(record)) + 200)
    after = decode(step(HISTORY, purchase(LONG, "a-0next"), core=tight))
    assert (after.count, after.base, after.snapshots) == (LONG + 1, None, [])


def test_events_under_another_policy_leave_no_snapshot():
    """In order or by the clock: until a late event has folded all of them under the one policy that is there now."""
    other = Core(STRICT, lateness_days=1_000)
    mixed = decode(step(HISTORY, *bought(range(LONG, LONG + 40)), core=other))
    assert (mixed.snapshots, mixed.folded_under) == ([], b"")
    woken = decode(other.run_timers("a", HISTORY, micros(on(3 * LONG)), NOW_US).record or b"")
    assert (woken.snapshots, woken.folded_under) == ([], b"")
    again = decode(step(encode(mixed), purchase(LONG - 0.5, "a-0late"), core=other))
    assert again.snapshots
    assert again.folded_under == STRICT.digest(0)


def test_a_switch_that_was_known_in_time_costs_no_snapshot():
    """Neither one that has come nor one that is still to come; one that was heard of late costs those behind it."""
    at = micros(on(LONG + 5))
    core = Core(Schedule(POLICY, [Switch(at, STRICT)]), lateness_days=1_000)
    after = decode(step(HISTORY, *bought(range(LONG, LONG + 10)), core=core))
    assert {each.index for each in after.snapshots} & {each.index for each in decode(HISTORY).snapshots}
    assert after.folded_under == core.rules.digest(at) != POLICY.digest(0)


def test_a_digest_tells_policies_apart_and_when_they_switch():
    """Up to the time asked for, and no further."""
    one, other = (Schedule(POLICY, [Switch(at, STRICT)]) for at in (100, 200))
    assert POLICY.digest(0) != STRICT.digest(0)
    assert one.digest(99) == other.digest(199) == POLICY.digest(0)
    assert len({one.digest(100), other.digest(200), STRICT.digest(0)}) == 3
    assert one.digest(100) == Schedule(POLICY, [Switch(100, STRICT), Switch(300, POLICY)]).digest(299)
    back = Schedule(POLICY, [Switch(100, STRICT), Switch(300, POLICY)])
    assert back.digest(300) not in {POLICY.digest(0), one.digest(300)}


def test_ids_that_begin_otherwise_leave_no_snapshot():
    """They say where in the bytes their facts end, and all bytes move: only the one that is taken then counts."""
    record = decode(step(HISTORY, purchase(LONG, "b")))
    assert [each.index for each in record.snapshots] == [LONG + 1]
    late = decode(step(HISTORY, purchase(LONG - 3.5, "b")))
    assert late.facts()[-4].id == "b"
    assert late.head.t == decode(HISTORY).head.t


def rounded(value):
    """Return a value whose floats have nine digits: machines differ in the last ones."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {str(key): rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def heads():
    """Return the accounts that the simulator's events come to."""
    codec, core, found = Codec(Limits()), Core(POLICY), {}
    for offset, event in enumerate(simulate_events(3_000, START, 11, rates=Rates(poison=0.0)).events()):
        message = codec.decode_value(event.topic, event.value, NOW_US)
        account = message.account_id
        found[account] = core.step(account, found.get(account), [Delivered(event.topic, offset, message)], 0).record
    assert len(found) > 50
    return {account: decode(raw).head for account, raw in sorted(found.items()) if raw}


def test_the_number_of_the_fold_is_raised_when_it_comes_to_something_else():
    """Stored snapshots are of the code that took them. Where this fails, raise `FOLD`, and put the new digest here."""
    told = json.dumps([rounded(msgspec.to_builtins(head)) for head in heads().values()])
    digest = hashlib.sha256(told.encode()).hexdigest()[:16]
    assert (FOLD, digest) == (2, "33a19c26c6bbdbd8")


def test_meetings_and_tickets_are_told_from_a_snapshot_as_from_the_start():
    """The decisions that a late event brings, in a history long enough to have snapshots as they are."""
    told = [(meeting, ticket, purchase)[day % 3](day, f"a-{day:04}") for day in range(300)]
    late = [meeting(day + 0.5, f"a-{day:04}.5", outcome_met=True) for day in (296, 250, 180, 20)]
    plain = decode(step(None, *told))
    plain.snapshots = []
    delivered = [Delivered(topic, 1_000 + i, message) for i, (topic, message) in enumerate(late)]
    one, two = (WIDE.step("a", raw, delivered, NOW_US) for raw in (step(None, *told), encode(plain)))
    assert one.sends == two.sends
    assert decode(one.record or b"").head == decode(two.record or b"").head
