"""What holds of the snapshots along a history: with them everything is as if each history were folded from its start.

`FromStart` is the same core without snapshots: it takes them from every record before it folds on. Snapshots are here as
close together as they can be, in histories of a few facts; `test_long_histories…` has them as they are.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from account_strategies import LAST_DAY, eventful
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from story import NOW_US, POLICY, purchase
from test_commands_properties import YEAR, commanded
from test_core_properties import EVENTS, HISTORIES, messages, named

from relationship.classify.fold import advance
from relationship.contract.outcome import Delivered, Outcome
from relationship.contract.times import DAY_US, micros
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.policy.schedule import Schedule, Switch
from relationship.replay import Replay
from relationship.state import snapshots
from relationship.state.record import AccountRecord, decode, encode
from relationship.timeline.history import base_of

OTHER = Policy(msgspec.structs.replace(POLICY.source, version="9.9.9", thresholds=POLICY.source.thresholds))
HASTY = Policy(
    msgspec.structs.replace(
        POLICY.source,
        version="8.8.8",
        dimensions={
            name: msgspec.structs.replace(each, half_life=each.half_life / 3)
            for name, each in POLICY.source.dimensions.items()
        },
    )
)


@pytest.fixture(autouse=True, scope="module")
def _close_together() -> Iterator[None]:
    """Take a snapshot every other fact, of any history, and drop few. The compiled core keeps its own numbers."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"EVERY": 2, "FEWEST": 2, "MOST": 8, "SHARE": 0.01}.items():
            patch.setattr(snapshots, name, value)
        yield


def plain(raw: bytes | None) -> bytes | None:
    """A record as it is without snapshots."""
    if raw is None:
        return None
    record = decode(raw)
    record.snapshots = []
    return encode(record)


class FromStart:
    """A core that never finds a snapshot."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Fold messages one by one, each onto a record without snapshots."""
        return self.core.step(account_id, plain(record), delivered, decided_at)

    def run_timers(self, account_id: str, record: bytes, until: int, decided_at: int) -> Outcome:
        """Run the timers, on a record without snapshots."""
        return self.core.run_timers(account_id, plain(record) or b"", until, decided_at)


class Twins:
    """The same messages to a core and to one that folds from the start; every answer must be the same."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.one = Replay(core)
        self.two = Replay(FromStart(core))  # type: ignore[arg-type]  # the rest of the port is not asked for
        self.used = 0

    def fold(self, told: Sequence[Any]) -> None:
        """Fold messages by both; compare what is said and what is kept after each."""
        for topic, message in told:
            before = self.one.records.get(message.account_id)
            self.used += bool(before and decode(before).snapshots)
            assert self.one.fold(topic, message, NOW_US) == self.two.fold(topic, message, NOW_US)
            self.compare()

    def wake(self, until: int) -> None:
        """Run the timers of both."""
        assert [*self.one.run_until(until, NOW_US)] == [*self.two.run_until(until, NOW_US)]
        self.compare()

    def compare(self) -> None:
        """The records differ in nothing but their snapshots, and these are what folding from the base gives."""
        assert self.one.records.keys() == self.two.records.keys()
        for account, raw in self.one.records.items():
            assert plain(raw) == plain(self.two.records[account])
            assert_true(decode(raw), self.core)


def assert_true(record: AccountRecord, core: Core) -> None:
    """Each snapshot that counts says where its facts end, and is the account after them, with the decisions they cause."""
    if record.folded_under != core.rules.digest(record.head.t):
        return
    facts, account, done, told = record.facts(), base_of(record), 0, 0
    for each in record.snapshots:
        for fact in facts[done : each.index]:
            told += len(advance(account, fact, core.rules)[0])
        assert each.restored() == account
        assert (each.t, each.decided) == (facts[each.index - 1].t, told)
        assert record.facts(each) == facts[each.index :]
        done = each.index


MANY = st.lists(messages(st.integers(0, 4 * LAST_DAY).map(lambda quarter: quarter / 4)), min_size=8, max_size=24)
STREAMS = st.one_of(HISTORIES, EVENTS, eventful(), commanded(), MANY.map(named), YEAR.map(named))
SWITCHES = st.lists(st.sampled_from([HASTY, OTHER, POLICY]), min_size=1, max_size=3)


@cases(150)
@given(STREAMS, st.data())
def test_every_answer_is_as_if_folded_from_the_start(told: list[Any], data: st.DataObject) -> None:
    """Any stream in any order, with repeats, corrections and merges: verdicts, messages and records to the last byte."""
    told = data.draw(st.permutations(told))
    told = [*told, *data.draw(st.lists(st.sampled_from(told), max_size=3))]
    twins = Twins(Core(POLICY))
    cut = data.draw(st.integers(0, len(told)))
    twins.fold(told[:cut])
    twins.wake(micros(purchase(data.draw(st.integers(0, 400)))[1].occurred_at))
    twins.fold(told[cut:])
    twins.wake(micros(purchase(500)[1].occurred_at))


@cases(100)
@given(st.one_of(MANY.map(named), commanded()), st.data(), st.integers(2, 5))
def test_what_is_folded_away_takes_its_snapshots_along(told: list[Any], data: st.DataObject, kept: int) -> None:
    """A history that is trimmed over and over, and what comes too late for it."""
    twins = Twins(Core(POLICY, 3, kept=kept))
    twins.fold(sorted(told, key=lambda each: each[1].occurred_at.timestamp() + data.draw(st.integers(0, 4)) * 86_400))
    twins.wake(micros(purchase(500)[1].occurred_at))


@cases(100)
@given(st.one_of(MANY.map(named), commanded(), HISTORIES), st.data(), SWITCHES)
def test_no_snapshot_of_another_policy_counts(told: list[Any], data: st.DataObject, policies: list[Policy]) -> None:
    """The policy is another one at any message: at once, as after a restart, or by a switch that was heard of late."""
    told, core = data.draw(st.permutations(told)), Core(POLICY)
    twins, done = Twins(core), 0
    for policy in policies:
        cut = data.draw(st.integers(done, len(told)))
        twins.fold(told[done:cut])
        at = micros(purchase(data.draw(st.integers(0, LAST_DAY)))[1].occurred_at)
        core.rules = data.draw(st.sampled_from([policy, Schedule(POLICY, [Switch(at, policy)])]))
        done = cut
    twins.fold(told[done:])
    twins.wake(micros(purchase(500)[1].occurred_at))


@cases(6)
@given(MANY, st.randoms(use_true_random=False))
def test_long_histories_with_snapshots_as_they_are(pattern: list[Any], chance: random.Random) -> None:
    """Hundreds of events, the last fifty late by up to weeks: as from the start, and no more than a tenth larger."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"EVERY": 16, "FEWEST": 96, "MOST": 16, "SHARE": 10}.items():
            patch.setattr(snapshots, name, value)
        twins = Twins(Core(POLICY, 400))
        told = []
        for number in range(350):
            topic, message = pattern[number % len(pattern)]
            late = chance.choice((0, 0.1, 0.5, 2, 10)) * chance.random() if number >= 300 else 0
            at = purchase(0.3 * number - late)[1].occurred_at
            told.append((topic, msgspec.structs.replace(message, event_id=f"event-{number}", occurred_at=at)))
        twins.fold(told[:300])
        twins.fold(told[300:])
        for raw in twins.one.records.values():
            assert decode(raw).snapshots
            assert len(raw) <= 1.1 * len(plain(raw) or b"")
        assert twins.used > 100
        twins.wake(micros(purchase(0.3 * 350)[1].occurred_at) + 500 * DAY_US)
