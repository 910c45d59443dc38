"""An account's history: where a fact is inserted, and which decisions that changes.

A fact in order is appended and folded into the head. After a fact out of order, a correction or a withdrawal the history is
refolded, from its base or from a snapshot of all that is before, which comes to the same, and the decisions published are
compared with those that the history gives now: from the first difference on, the published ones are undone, the last one
first, and the new ones are published. So the decisions in force (neither undone nor an undoing) are a function of the set
of facts, in whatever order they arrived.
"""

import bisect
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from relationship.classify.commands import CORRECT
from relationship.classify.fold import advance, fresh
from relationship.classify.timers import StatusChange, due_at, run_timers
from relationship.classify.transitions import Reading
from relationship.contract import times
from relationship.contract.outcome import Applied, Reason, Refused, Repeat, Verdict
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import Account, copy
from relationship.state.appending import append, is_folded_under, note_rules
from relationship.state.packed import may_contain
from relationship.state.record import AccountRecord, DecisionInForce
from relationship.state.snapshots import Snapshot, is_due, snapshot_of, wanted

KEPT: Final = 256  # facts kept by a trim, which comes at twice as many and at each as many more, so that it is rare
MOST_BYTES: Final = 4_000_000  # of a record, as long as nobody says how long the changelog's may be
MOST_KEPT: Final = 4096  # facts kept at most, even where the lateness allowed reaches further back: it bounds a record


class HistoryLimits(NamedTuple):
    """How much of an account's history can still be changed.

    Attributes:
        lateness_us: how much older (µs) than its account's newest event an event may be and still be folded.
        kept: facts kept by a trim.
        most_kept: facts kept at most, whatever the lateness.
        most_bytes: bytes of an encoded record at most, whatever the facts: the changelog takes no longer one.
    """

    lateness_us: int
    kept: int = KEPT
    most_kept: int = MOST_KEPT
    most_bytes: int = MOST_BYTES


class Undone(NamedTuple):
    """A published decision that the history no longer gives; `cause` is the id of the event after which it does not."""

    decision: DecisionInForce
    cause: str


class HistoryUpdate(Struct, frozen=True, gc=False):
    """The result of a change to a history.

    Attributes:
        verdict: of the message.
        undone: the decisions to undo, the last one first.
        changes: the changes to decide then, in order.
        reading: that of the head, where the fold has computed it.
        rejection: why a command was rejected; None where it was carried out, and for everything else.
    """

    verdict: Verdict
    undone: list[Undone]
    changes: list[StatusChange]
    reading: Reading | None = None
    rejection: str | None = None


APPLIED: Final = Applied()
REPEAT: Final = Repeat()


def unchanged(verdict: Verdict) -> HistoryUpdate:
    """Return the result where the history stays as it is."""
    return HistoryUpdate(verdict, [], [])


def known_fact(record: AccountRecord, rank: int, event_id: str) -> f.Fact | None:
    """Return the fact kept of this rank and id, or the command that corrected it; None where neither is kept."""
    if not may_contain(record.history, record.id_prefix, event_id):
        return None
    known = None
    for fact in record.facts():
        if fact.id == event_id and f.RANK[type(fact)] == rank:
            known = fact
        if isinstance(fact, f.CommandFact) and corrects(fact, rank, event_id):
            return fact
    return known


def corrects(fact: f.CommandFact, rank: int, event_id: str) -> bool:
    """Tell whether a command corrects the event of this rank and id, whether or not the event has come yet."""
    return fact.command == CORRECT and fact.corrects == event_id and fact.corrects_rank in {rank, None}


def add_fact(record: AccountRecord, fact: f.Fact, rules: Rules, lateness_us: int) -> HistoryUpdate:
    """Add a fact to a record. Refuses one too old (`LATE`), and another payload under a known id (`CONFLICT`)."""
    rank = f.RANK[type(fact)]
    known = known_fact(record, rank, fact.id)
    if known is not None:
        is_corrected = isinstance(known, f.CommandFact) and rank != f.RANK[f.CommandFact]
        if is_corrected or _says_the_same(known, fact):
            return unchanged(REPEAT)
        return unchanged(Refused(Reason.CONFLICT, "the same event_id was applied with another payload"))
    late = late_refusal(record, fact, lateness_us)
    if late is not None:
        return unchanged(late)
    if comes_last(record, fact):
        return _append(record, fact, rules)
    start = record.last_before(fact) if is_folded_under(record, rules) else None
    facts = record.facts(start)
    bisect.insort(facts, fact, key=f.order)
    return _refold_behind(record, start, facts, fact.id, rules)


def _says_the_same(one: f.Fact, other: f.Fact) -> bool:
    """Tell whether two facts of one id are equal; amounts are compared by value."""
    if isinstance(one, f.PurchaseFact) and isinstance(other, f.PurchaseFact):
        if one.referrer is None:  # it may have been erased
            other = msgspec.structs.replace(other, referrer=None)
        return Decimal(one.amount) == Decimal(other.amount) and one == msgspec.structs.replace(other, amount=one.amount)
    return one == other


def comes_last(record: AccountRecord, fact: f.Fact) -> bool:
    """Tell whether a fact comes after all that is folded, so that it is appended: a till stamps all lines of a basket alike.

    A timer that ran at the very time of the fact would run after it in a refold.
    """
    t, head = fact.t, record.head
    if t != head.t:
        return t > head.t
    return record.tail is not None and f.order(fact) > record.tail and head.timer_at != t


def late_refusal(record: AccountRecord, fact: f.Fact, lateness_us: int) -> Refused | None:
    """Return the refusal of a fact that is older than the lateness allowed or than the history kept, or None."""
    # A referral's credit is the worker's own message: its delay is the distance between two partitions in a backfill, and
    # says nothing of the account.
    if record.newest - fact.t > lateness_us and not isinstance(fact, f.ReferralFact):
        days = lateness_us // times.DAY_US
        return Refused(Reason.LATE, f"older than the account's newest event by more than {days} days")
    if record.edge is not None and f.order(fact) <= record.edge:
        return Refused(Reason.LATE, "older than the history that is kept of the account")
    return None


def _append(record: AccountRecord, fact: f.Fact, rules: Rules) -> HistoryUpdate:
    """Append a fact that is younger than the head, and fold it."""
    reading: Reading | None
    is_known, t = is_folded_under(record, rules), fact.t
    changes, reading = advance(record.head, fact, rules)
    append(record, fact)
    if is_known and is_due(record.snapshots, record.count):
        told = len(record.decisions) + len(changes)
        record.note_snapshots([snapshot_of(record.head, record.count, len(record.history), t, told)])
    record.newest = max(record.newest, t)
    record.clock = max(record.clock, t)
    due = run_timers(record.head, record.clock + 1, rules)  # those due at that very time too, as in a refold
    note_rules(record, rules, is_known=is_known)
    changes, reading = changes + due, None if due else reading
    return HistoryUpdate(APPLIED, [], changes, reading)


def refold(
    record: AccountRecord, facts: list[f.Fact], cause: str, rules: Rules, *, joined: bool = False
) -> HistoryUpdate:
    """Replace the facts kept by `facts`, fold them, and return what differs; `cause` is the id of the event behind it.

    With `joined` another history has joined or left: a decision between the same statuses stands, though it has moved in
    time. What the two accounts were told to be does not become wrong because they are one.
    """
    start = record.last_unchanged(facts) if is_folded_under(record, rules) else None
    behind = facts if start is None else facts[start.index :]
    return _refold_behind(record, start, behind, cause, rules, joined=joined)


def _refold_behind(
    record: AccountRecord,
    start: Snapshot | None,
    facts: list[f.Fact],
    cause: str,
    rules: Rules,
    *,
    joined: bool = False,
) -> HistoryUpdate:
    """Replace the facts kept behind a snapshot, or all, by `facts`, fold these, and return what differs; see `refold`."""
    first, told = (0, 0) if start is None else (start.index, start.decided)
    account = base_of(record) if start is None else start.restored()
    changes: list[StatusChange] = []
    taken: list[Snapshot] = []
    cuts, done = wanted(first, first + len(facts)), first
    for cut, offset in zip(cuts, record.keep_behind(start, facts, cuts), strict=True):
        changes += _folded(account, facts[done - first : cut - first], rules)
        taken.append(snapshot_of(account, cut, offset, facts[cut - first - 1].t, told + len(changes)))
        done = cut
    changes += _folded(account, facts[done - first :], rules)
    changes += run_timers(account, record.clock + 1, rules)
    record.head = account
    note_rules(record, rules, is_known=True)
    record.note_snapshots(taken)
    record.newest = max(record.newest, facts[-1].t if facts else 0)
    record.clock = max(record.clock, record.newest)
    same = told + _agreeing(record.decisions[told:], changes, joined=joined)
    if joined:
        pairs = zip(record.decisions[told:same], changes, strict=False)
        record.decisions[told:same] = [decision.moved_to(change.t) for decision, change in pairs]
    undone = [Undone(decision, cause) for decision in reversed(record.decisions[same:])]
    del record.decisions[same:]
    return HistoryUpdate(APPLIED, undone, changes[same - told :])


def _folded(account: Account, facts: list[f.Fact], rules: Rules) -> list[StatusChange]:
    """Fold facts into an account, and return the changes of its status."""
    changes: list[StatusChange] = []
    for fact in facts:
        changes += advance(account, fact, rules)[0]
    return changes


def _agreeing(decisions: list[DecisionInForce], changes: list[StatusChange], *, joined: bool = False) -> int:
    """Return how many of the first decisions are the same as the first changes; if `joined`, whenever they are."""
    for same, (decision, change) in enumerate(zip(decisions, changes, strict=False)):
        t = decision.t if joined else change.t
        if not decision.same_as(t, change.source, change.target, change.direction):
            return same
    return min(len(decisions), len(changes))


def run_timers_until(record: AccountRecord, until: int, rules: Rules) -> list[StatusChange]:
    """Run the account's timers up to and including event time `until` (µs), and return the changes."""
    is_known = is_folded_under(record, rules)
    record.clock = max(record.clock, until)
    changes = run_timers(record.head, until + 1, rules)
    note_rules(record, rules, is_known=is_known)
    return changes


def next_due(record: AccountRecord, rules: Rules) -> int | None:
    """Return the next event time (µs) at which the account changes without a fact, or None."""
    return due_at(record.head, rules)


def base_of(record: AccountRecord) -> Account:
    """Return a copy of the account before the facts kept."""
    return copy(record.base) if record.base is not None else fresh()


def trim_if_due(record: AccountRecord, before: int, rules: Rules, limits: HistoryLimits) -> None:
    """Trim a history that has grown, from `before` facts, to twice the facts kept, or past another multiple of them.

    A trim decodes the history, and within the lateness it may drop nothing, so it is not tried at every event. The decisions
    of all facts must be in the record by then. The history of an account that takes part in a merge is kept whole up to
    `most_kept` facts, since an unmerge separates it again.
    """
    is_merged = record.merged_into is not None or bool(record.merged_sources)
    least = limits.most_kept if is_merged else 2 * limits.kept
    if record.count >= least and record.count // limits.kept > before // limits.kept:
        trim(record, rules, limits)


def trim(record: AccountRecord, rules: Rules, limits: HistoryLimits) -> None:
    """Fold the oldest facts into the base: those beyond `kept` that no event within the lateness can precede.

    Where there are `most_kept` facts or more, the oldest are folded in any case; an event older than they is `LATE` from
    then on.
    """
    facts = record.facts()
    drop = len(facts) - limits.kept
    if len(facts) < limits.most_kept:
        drop = min(drop, bisect.bisect_left(facts, record.newest - limits.lateness_us, key=lambda fact: fact.t))
    if drop > 0:
        fold_away(record, drop, rules)


def fold_away(record: AccountRecord, drop: int, rules: Rules) -> None:
    """Fold the oldest facts, so many of them, into the base. An event older than they is `LATE` from then on."""
    facts, account = record.facts(), base_of(record)
    changes = _folded(account, facts[:drop], rules)
    snapshots = record.snapshots if is_folded_under(record, rules) else []
    size, prefix = len(record.history), record.id_prefix
    record.base, record.edge = account, f.order(facts[drop - 1])
    record.keep(facts[drop:])
    told = _agreeing(record.decisions, changes)
    # Not by time: a fact that is kept can have the same time as the last one that is not.
    record.decisions = record.decisions[told:]
    if record.id_prefix == prefix:
        gone = size - len(record.history)
        record.note_snapshots([each.without(drop, gone, told) for each in snapshots if each.index > drop])
