"""Merges: one account's history joins another's, and can be separated again.

No partition writes another partition's accounts, so the facts travel as a message keyed to the account that they join. The
merged account keeps its own history complete and forwards every later change of it; it publishes nothing until `unmerge`,
and then whatever has changed meanwhile. Facts that join may be older than the lateness allowed, but not older than the
history that the other account keeps, since they could not be folded in their place.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from relationship.contract import messages as m
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord
from relationship.timeline.history import HistoryUpdate, refold

# Part of the longest record that a history which joins another may take: it travels as a message, a third longer in base64,
# and is kept once more in the record that sends it.
JOINING_SHARE: Final = 0.4


def merge_rejection(record: AccountRecord, command: m.Command, most_bytes: int) -> str | None:
    """Return why a merge can never be carried out, or None where it may be; other merges of the account are no reason."""
    into = command.into
    if not into or into == command.account_id:
        return "an account is not merged into itself: name another one in 'into'"
    if into in record.merged_sources:
        return "that account is merged into this one already: it would be a circle"
    if record.base is not None:
        return "its history reaches further back than what is kept of it"
    if len(record.history) > most_bytes * JOINING_SHARE:
        return "its history is longer than a message may be"
    return None


def as_merged(facts: Iterable[f.Fact]) -> list[f.Fact]:
    """Return facts as they join another account: profiles as merged ones, and without the commands, which do not join."""
    return [_as_merged_profile(fact) for fact in facts if not isinstance(fact, f.CommandFact)]


def _as_merged_profile(fact: f.Fact) -> f.Fact:
    if type(fact) is not f.ProfileFact:
        return fact
    return f.MergedProfileFact(
        fact.t, fact.id, fact.industry, fact.party, fact.scope, fact.market, fact.contract, fact.flags
    )


def pack(facts: Sequence[f.Fact]) -> tuple[int, str]:
    """Return facts as a move carries them: their number, and their encoding in base64."""
    return len(facts), base64.b64encode(f.encode_history(facts)).decode()


def unpack(move: m.Move) -> list[f.Fact]:
    """Return the facts that a move carries. Raises ValueError where they cannot be decoded."""
    try:
        return f.decode_history(move.count, base64.b64decode(move.history, validate=True))
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


def join_rejection(record: AccountRecord, move: m.Move, facts: Sequence[f.Fact], most_bytes: int) -> str | None:
    """Return why facts cannot join, or None where they can."""
    if len(record.history) + len(move.history) > most_bytes * (1 - JOINING_SHARE):
        return "the two histories are longer than a record may be"
    if record.merged_into is not None and record.merged_into in {move.source, *move.through}:
        return "the accounts are merged in a circle"
    if record.edge is not None and any(f.order(fact) <= record.edge for fact in facts):
        return "it reaches further back than the history that the other account keeps"
    return None


def join(record: AccountRecord, move: m.Move, facts: Sequence[f.Fact], rules: Rules) -> HistoryUpdate:
    """Add another account's facts to this one's history, without those that are there already, and refold."""
    own = record.facts()
    known = {_identity(fact) for fact in own}
    new = [fact for fact in facts if _identity(fact) not in known]
    record.merged_sources = sorted({*record.merged_sources, move.source, *move.through})
    return refold(record, sorted([*own, *new], key=f.order), move.cause, rules, joined=True)


def leave(record: AccountRecord, move: m.Move, facts: Sequence[f.Fact], rules: Rules) -> HistoryUpdate:
    """Remove another account's facts from this one's history, and refold."""
    leaving = {_identity(fact) for fact in facts}
    staying = [fact for fact in record.facts() if _identity(fact) not in leaving]
    if not move.partial and (not move.through or move.source in record.merged_sources):
        sources = {move.source, *move.through}
        record.former_sources = sorted({*record.former_sources, move.source})
        record.merged_sources = [source for source in record.merged_sources if source not in sources]
    return refold(record, staying, move.cause, rules, joined=True)


def _identity(fact: f.Fact) -> tuple[int, str]:
    return f.RANK[type(fact)], fact.id


def difference(before: Sequence[f.Fact], after: Sequence[f.Fact]) -> tuple[list[f.Fact], list[f.Fact]]:
    """Return the facts that only the first of two histories has, and those that only the second has."""
    return [fact for fact in before if fact not in after], [fact for fact in after if fact not in before]
