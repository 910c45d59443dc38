"""An account's history: taking a fact in where it belongs, and telling what that changes.

In order, a fact is appended and folded onto the head. Out of order (late, corrected, withdrawn) the history is folded
again from its base, and the decisions told are compared with those that the history now gives: from the first difference
on, what was told is undone, last first, and what should have been told is told. So the decisions in force (neither
undone nor an undoing) are a function of the set of facts, however they arrived.
"""

import bisect
from typing import Final, NamedTuple

from msgspec import Struct

from relationship.classify.fold import StatusChange, advance, due_at, fresh, run_timers
from relationship.classify.transitions import Reading
from relationship.contract import times
from relationship.contract.outcome import Applied, Reason, Refused, Repeat, Verdict
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import Account, copy
from relationship.state.packed import may_name
from relationship.state.record import AccountRecord, DecisionInForce

KEPT: Final = (
    256  # facts kept after a trim; a trim comes at twice as many, and at each as many more, so that it is rare
)
MOST_KEPT: Final = 4096  # facts kept at most, if need be at the cost of the lateness allowed: it bounds a record


class HistoryLimits(NamedTuple):
    """How much of an account's history stays open to change.

    Attributes:
        lateness_us: how much older (µs) than its account's newest event an event may be and still be folded.
        kept: facts kept after a trim.
        most_kept: facts kept at most, whatever the lateness.
    """

    lateness_us: int
    kept: int = KEPT
    most_kept: int = MOST_KEPT


class Undone(NamedTuple):
    """A decision told that the history no longer gives; `cause` is the event that showed it."""

    told: DecisionInForce
    cause: str


class HistoryUpdate(Struct, frozen=True, gc=False):
    """What taking something in came to: the verdict, what to undo (last told first), then what to tell, in order.

    `reading` is the head's where it was read on the way, so that it need not be read again.
    """

    verdict: Verdict
    undone: list[Undone]
    changes: list[StatusChange]
    reading: Reading | None = None


APPLIED: Final = Applied()
REPEAT: Final = Repeat()


def refused(reason: Reason, text: str) -> HistoryUpdate:
    """Return that nothing was taken in."""
    return HistoryUpdate(Refused(reason, text), [], [])


def matching(record: AccountRecord, rank: int, event_id: str) -> f.Fact | None:
    """Return the kept fact of this rank and id, or the command that corrected it away; None where neither is kept."""
    if not may_name(record.history, record.stem, event_id):
        return None
    found = None
    for fact in record.facts():
        if fact.id == event_id and f.RANK[type(fact)] == rank:
            found = fact
        if isinstance(fact, f.CommandFact) and fact.corrects == event_id and fact.corrects_rank in {rank, None}:
            return fact
    return found


def take(record: AccountRecord, fact: f.Fact, rules: Rules, lateness_us: int) -> HistoryUpdate:
    """Take a fact into a record. Refuses one too old (`LATE`), and one whose id another payload has (`CONFLICT`)."""
    t, rank = fact.t, f.RANK[type(fact)]
    known = matching(record, rank, fact.id)
    if known is not None:
        corrected = isinstance(known, f.CommandFact) and rank != f.RANK[f.CommandFact]
        if corrected or known == fact:
            return HistoryUpdate(REPEAT, [], [])
        return refused(Reason.CONFLICT, "the same event_id was applied with another payload")
    late = too_old(record, fact, lateness_us)
    if late is not None:
        return late
    if t > record.head.t:
        return _append(record, fact, rules)
    facts = record.facts()
    bisect.insort(facts, fact, key=f.order)
    return rewrite(record, facts, fact.id, rules)


def too_old(record: AccountRecord, fact: f.Fact, lateness_us: int) -> HistoryUpdate | None:
    """Return the refusal of a fact older than the lateness allows or than the history kept, or None."""
    # A referral's credit is our own message: how long after its purchase it comes says how far apart two partitions of a
    # backfill are, and nothing of the account.
    if record.newest - fact.t > lateness_us and not isinstance(fact, f.ReferralFact):
        return refused(
            Reason.LATE, f"older than the account's newest event by more than {lateness_us // times.DAY_US} days"
        )
    if record.edge is not None and f.order(fact) <= record.edge:
        return refused(Reason.LATE, "older than the history that is kept of the account")
    return None


def _append(record: AccountRecord, fact: f.Fact, rules: Rules) -> HistoryUpdate:
    """Fold a fact that is younger than the head onto it."""
    reading: Reading | None
    changes, reading = advance(record.head, fact, rules)
    record.append(fact)
    t = fact.t
    record.newest = max(record.newest, t)
    head, clock = record.head, max(record.clock, t)
    record.clock = clock
    # A sign of life lets nothing lapse at its own moment; whatever else may be due just then is run, as in a rewrite.
    if clock > t or head.last != t or head.override is not None:
        due = run_timers(head, clock + 1, rules)
        changes, reading = changes + due, None if due else reading
    return HistoryUpdate(APPLIED, [], changes, reading)


def rewrite(record: AccountRecord, facts: list[f.Fact], cause: str, rules: Rules) -> HistoryUpdate:
    """Replace the history kept by `facts`, fold it again, and tell what differs; `cause` is the event behind it."""
    account = base_of(record)
    changes: list[StatusChange] = []
    for fact in facts:
        changes += advance(account, fact, rules)[0]
    changes += run_timers(account, record.clock + 1, rules)
    record.head = account
    record.keep(facts)
    record.newest = max(record.newest, facts[-1].t if facts else 0)
    record.clock = max(record.clock, record.newest)
    same = _agreeing(record.decisions, changes)
    undone = [Undone(told, cause) for told in reversed(record.decisions[same:])]
    del record.decisions[same:]
    return HistoryUpdate(APPLIED, undone, changes[same:])


def _agreeing(decisions: list[DecisionInForce], changes: list[StatusChange]) -> int:
    """Return how many of the first decisions are what the first changes say."""
    for same, (told, change) in enumerate(zip(decisions, changes, strict=False)):
        if not told.same_as(change.t, change.source, change.target, change.direction, change.cause):
            return same
    return min(len(decisions), len(changes))


def wake(record: AccountRecord, now: int, rules: Rules) -> list[StatusChange]:
    """Run the account's timers up to and including event time `now` (µs); return the changes."""
    record.clock = max(record.clock, now)
    return run_timers(record.head, now + 1, rules)


def next_due(record: AccountRecord, rules: Rules) -> int | None:
    """Return the next moment (µs) at which the account changes without a fact."""
    return due_at(record.head, rules)


def base_of(record: AccountRecord) -> Account:
    """Return the account before the history kept: a copy, free to be folded onto."""
    return copy(record.base) if record.base is not None else fresh()


def trim_if_due(record: AccountRecord, before: int, rules: Rules, limits: HistoryLimits) -> None:
    """Trim a history that has grown, from `before` facts, to twice as many as are kept, or past as many more.

    A trim reads the history through, and within the lateness it may drop nothing: so it is not tried at every event. It
    comes after the decisions of these facts are in the record. A history that is one of several merged is kept whole up
    to `most_kept` facts, since an unmerge takes it apart again.
    """
    is_merged = record.merged_into is not None or bool(record.merged_sources)
    least = limits.most_kept if is_merged else 2 * limits.kept
    if record.count >= least and record.count // limits.kept > before // limits.kept:
        trim(record, rules, limits)


def trim(record: AccountRecord, rules: Rules, limits: HistoryLimits) -> None:
    """Fold the oldest facts into the base: those beyond `kept` that no late event can come before.

    Where `most_kept` or more lie within the lateness allowed, the oldest go all the same: an event older than they are
    is refused as `LATE` from then on.
    """
    facts = record.facts()
    drop = len(facts) - limits.kept
    if len(facts) < limits.most_kept:
        drop = min(drop, bisect.bisect_left(facts, record.newest - limits.lateness_us, key=lambda fact: fact.t))
    if drop <= 0:
        return
    account = base_of(record)
    changes: list[StatusChange] = []
    for fact in facts[:drop]:
        changes += advance(account, fact, rules)[0]
    record.base, record.edge = account, f.order(facts[drop - 1])
    record.keep(facts[drop:])
    # Not by their moment: a fact that is kept may share it with the last one that is not.
    record.decisions = record.decisions[_agreeing(record.decisions, changes) :]
