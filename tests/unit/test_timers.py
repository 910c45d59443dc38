"""When timers are looked at: once a beat, and again after the rules have changed."""

import pytest
from counting import CountingFold
from partition_owner import Clock
from story import POLICY
from variants import variant

from relationship.contract.outcome import POLICIES
from relationship.core import Core
from relationship.policy.schedule import Schedule, Switch
from streams.engine.commit import Ends
from streams.engine.metrics import Metrics
from streams.engine.redis_calls import Notifier, RedisCalls
from streams.engine.step import Step
from streams.engine.timers import PORTION, TimerRescan, Timers, fingerprint

LATER = Schedule(POLICY, [Switch(1_000_000, variant("2"))])
LATER_STILL = Schedule(POLICY, [Switch(2_000_000, variant("2"))])
KEYS = [b"%d" % i for i in range(7)]


class Due:
    """A due set that hands out three keys at a time, and notes how often it was asked."""

    def __init__(self):
        self.asked = 0

    async def scan(self, cursor, count):
        """Return the next three keys."""
        assert count == PORTION
        self.asked += 1
        following = cursor + 3
        return (following if following < len(KEYS) else 0), KEYS[cursor:following]


async def rest(sweep, due):
    """Return the portions up to the end of a round."""
    found = []
    while portion := await sweep.portion(due.scan):
        found.append(portion)
    return found


async def test_the_same_rules_look_at_nothing() -> None:
    """Where Redis notes the rules in force, no key is scanned; where it notes nothing, the note is all that is written."""
    sweep, due = TimerRescan(Core(POLICY)), Due()
    sweep.restart({POLICIES: fingerprint(POLICY)})
    assert await rest(sweep, due) == []
    sweep.restart({})
    assert await rest(sweep, due) == [([], {POLICIES: fingerprint(POLICY)})]
    assert due.asked == 0


async def test_other_rules_look_at_every_timer_once_and_note_it_with_the_last() -> None:
    """Also where they changed while nobody was there: what Redis notes is of other rules."""
    core, due = Core(LATER), Due()
    sweep = TimerRescan(core)
    sweep.restart({POLICIES: fingerprint(POLICY)})
    portions = await rest(sweep, due)
    assert [key for portion in portions for key in portion.keys] == KEYS
    assert [portion.positions for portion in portions] == [{}, {}, {POLICIES: fingerprint(LATER)}]
    assert await rest(sweep, due) == []


async def test_rules_that_change_in_the_middle_begin_again() -> None:
    """A round under rules that are no longer in force is not noted as done, and the next one takes every key."""
    core, due = Core(LATER), Due()
    sweep = TimerRescan(core)
    sweep.restart({POLICIES: fingerprint(POLICY)})
    await sweep.portion(due.scan)
    core.rules = LATER_STILL
    portions = await rest(sweep, due)
    assert [key for portion in portions for key in portion.keys] == KEYS
    assert portions[-1].positions == {POLICIES: fingerprint(LATER_STILL)}


async def test_rules_that_change_before_the_first_note_are_looked_at() -> None:
    """Timers derived on opening go by the rules of then, whatever is in force at the first turn."""
    core, due = Core(POLICY), Due()
    sweep = TimerRescan(core)
    sweep.restart({})
    core.rules = LATER
    assert [key for portion in await rest(sweep, due) for key in portion.keys] == KEYS


async def test_a_fold_without_policies_has_no_sweep() -> None:
    """The engine's own tests fold with something that knows none."""
    sweep = TimerRescan(object())  # type: ignore[arg-type]
    sweep.restart({})
    assert await sweep.portion(Due().scan) is None


def test_rules_differ_by_moment_id_and_version() -> None:
    """One number stands for what is in force and to come."""
    found = {fingerprint(rules) for rules in (POLICY, LATER, LATER_STILL, variant("2"))}
    assert len(found) == 4
    assert fingerprint(Schedule(POLICY)) == fingerprint(POLICY)


class Looks:
    """A store that notes when it was asked for what is due."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.at: list[float] = []

    async def due(self, partition: int, until_us: int, limit: int) -> list[bytes]:  # noqa: ARG002 - the store's signature
        """Note the look."""
        self.at.append(self.clock.seconds)
        return []


class Full:
    """A store that has so many accounts due at its first look, and one at each later one."""

    def __init__(self, clock: Clock, first: int) -> None:
        self.clock, self.left = clock, [first]
        self.asked: list[tuple[int, int, int]] = []

    async def due(self, partition: int, until_us: int, limit: int) -> list[bytes]:
        """Return keys."""
        self.asked.append((partition, until_us, limit))
        return [b"%d" % each for each in range(self.left.pop() if self.left else 1)]


class Written:
    """Takes what is to be committed; no account is there any more."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    async def load(self, keys: list[bytes]) -> dict[bytes, None]:
        """Return no record."""
        return dict.fromkeys(keys)

    async def commit(self, step: Step) -> None:
        """Note a step."""
        self.steps.append(step)


def timers(number: int, store: Looks | Full, committer: Written | None = None) -> Timers:
    """Return a partition's timers over that store."""
    ends = Ends(store, None, Metrics(), store.clock, "changelog")  # type: ignore[arg-type]
    calls = RedisCalls(number, ends.metrics, Notifier())
    return Timers(number, CountingFold(every=1), ends, calls, committer)  # type: ignore[arg-type]


async def test_all_partitions_look_at_the_same_beat_and_once() -> None:
    """Whenever a partition looked last, the next look of all of them is at the next whole second: one call to Redis."""
    clock = Clock()
    store = Looks(clock)
    both = timers(0, store), timers(1, store)
    for moments in ((0.3, 0.69), (0.01, 0.5, 0.48), (0.02,)):
        for seconds in moments:
            clock.move(seconds)
            for each in both:
                await each.run(at_end=True, heard_at=0.0)
    assert [round(at, 2) for at in store.at] == [100.3, 100.3, 101.0, 101.0, 102.0, 102.0]
    assert [round(each.next_beat(), 2) for each in both] == [1.0, 1.0]


HOUR = 3_600.0


@pytest.mark.parametrize(
    ("at_end", "behind", "silent", "wall"),
    [
        (True, HOUR - 1, 0.0, True),
        (True, HOUR, 0.0, False),
        (True, HOUR, 9.5, False),
        (True, HOUR, 10.0, True),
        (False, 1.0, 0.0, False),
        (False, HOUR, 10.0, False),
    ],
)
def test_wall_clock_time_rules_where_the_stream_has_caught_up_or_is_silent(at_end, behind, silent, wall) -> None:
    """Less than an hour behind, or ten seconds without a record, all being folded; else the stream's own time does."""
    clock = Clock()
    each, now = timers(0, Looks(clock)), clock.us / 1e6
    each.advance(now - behind)
    assert each.clock(at_end=at_end, heard_at=clock.seconds - silent) == (now if wall else now - behind)


def test_an_event_from_the_future_does_not_run_the_timers_ahead() -> None:
    """The stream's own time is that of its newest event, and never later than it is."""
    clock = Clock()
    each, now = timers(0, Looks(clock)), clock.us / 1e6
    each.advance(now - 50.0)
    each.advance(now - 90.0)
    assert each.clock(at_end=False, heard_at=clock.seconds) == now - 50.0
    each.advance(now + 50.0)
    assert each.clock(at_end=False, heard_at=clock.seconds) == now


@pytest.mark.parametrize(("due", "looks"), [(0, 1), (999, 1), (1_000, 2)])
async def test_where_a_look_brings_all_that_fits_the_next_one_comes_in_the_same_beat(due, looks) -> None:
    """A thousand accounts are as many as a step takes: there may be more. What is due is asked for up to now, in µs."""
    clock = Clock()
    store, written = Full(clock, due), Written()
    each = timers(4, store, written)
    told = [await each.run(at_end=True, heard_at=0.0) for _ in range(3)]
    assert store.asked == [(4, clock.us, 1_000)] * looks
    assert told == ([True, True, False] if looks == 2 else [due > 0, False, False])
    assert [len(step.write.due) for step in written.steps] == ([due, 1] if looks == 2 else [due] * (due > 0))


async def test_no_timer_runs_before_the_partition_has_a_time() -> None:
    """Redis is not even asked while nothing was folded and there is more to fold."""
    clock = Clock()
    store = Looks(clock)
    each = timers(0, store)
    assert await each.run(at_end=False, heard_at=clock.seconds) is False
    assert store.at == []
    each.advance(0.5)
    await each.run(at_end=False, heard_at=clock.seconds)
    assert store.at == [100.0]


async def test_a_portion_is_five_hundred_accounts() -> None:
    """As many as a scan is asked for, from where Redis begins to count."""
    asked = []

    async def scan(cursor, count):
        asked.append((cursor, count))
        return 0, []

    sweep = TimerRescan(Core(LATER))
    sweep.restart({POLICIES: fingerprint(POLICY)})
    assert await sweep.portion(scan) == ([], {POLICIES: fingerprint(LATER)})
    assert asked == [(0, 500)]
