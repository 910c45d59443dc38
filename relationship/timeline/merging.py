"""Merges: one account's history joins another's, and can leave it again.

No partition writes another partition's accounts, so what is moved travels as a message keyed to the account it goes to.
The account that was merged keeps its own history, complete, and forwards whatever it takes in from then on; it tells
nothing until `unmerge`, and then what has changed meanwhile. What joins may be older than the lateness: a merge speaks of
the past. It may not reach behind the history that the other account keeps, since it could not be folded where it belongs.
"""

import base64
from collections.abc import Iterable, Sequence

import msgspec

from relationship.contract import messages as m
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord
from relationship.timeline.history import HistoryUpdate, rewrite


def merge_rejection(record: AccountRecord, command: m.Command) -> str | None:
    """Return why a merge or an unmerge cannot be done, or None where it can."""
    into = command.into
    if command.command == "unmerge":
        return None if record.merged_into == into else f"it is merged into {record.merged_into or 'nothing'}"
    if not into or into == command.account_id:
        return "an account is not merged into itself: name another one in 'into'"
    if record.merged_into is not None:
        return f"it is merged into {record.merged_into} already: unmerge it first"
    if into in record.merged_sources:
        return "that account is merged into this one already: it would be a circle"
    if record.base is not None:
        return "its history reaches further back than what is kept of it"
    return None


def as_merged(facts: Iterable[f.Fact]) -> list[f.Fact]:
    """Return facts as another account takes them: profiles fill in only, commands stay where they were given."""
    return [_guest(fact) for fact in facts if not isinstance(fact, f.CommandFact)]


def _guest(fact: f.Fact) -> f.Fact:
    if type(fact) is not f.ProfileFact:
        return fact
    return f.MergedProfileFact(
        fact.t, fact.id, fact.industry, fact.party, fact.scope, fact.market, fact.contract, fact.flags
    )


def pack(facts: Sequence[f.Fact]) -> tuple[int, str]:
    """Return facts as a move carries them: how many, and their bytes in base64."""
    return len(facts), base64.b64encode(f.encode_history(facts)).decode()


def unpack(move: m.Move) -> list[f.Fact]:
    """Return the facts that a move carries. Raises ValueError where it carries none that can be read."""
    try:
        return f.decode_history(move.count, base64.b64decode(move.history, validate=True))
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


def join_rejection(record: AccountRecord, move: m.Move, facts: Sequence[f.Fact]) -> str | None:
    """Return why facts cannot join, or None where they can."""
    if record.merged_into is not None and record.merged_into in {move.source, *move.through}:
        return "the accounts are merged in a circle"
    if record.edge is not None and any(f.order(fact) <= record.edge for fact in facts):
        return "it reaches further back than the history that the other account keeps"
    return None


def join(record: AccountRecord, move: m.Move, facts: Sequence[f.Fact], rules: Rules) -> HistoryUpdate:
    """Fold another account's facts into this one's history; those that are there already change nothing."""
    kept = record.facts()
    there = {(f.RANK[type(fact)], fact.id) for fact in kept}
    new = [fact for fact in facts if (f.RANK[type(fact)], fact.id) not in there]
    record.merged_sources = sorted({*record.merged_sources, move.source, *move.through})
    return rewrite(record, sorted([*kept, *new], key=f.order), move.cause, rules)


def leave(record: AccountRecord, move: m.Move, facts: Sequence[f.Fact], rules: Rules) -> HistoryUpdate:
    """Take another account's facts out of this one's history again."""
    gone = {(f.RANK[type(fact)], fact.id) for fact in facts}
    kept = [fact for fact in record.facts() if (f.RANK[type(fact)], fact.id) not in gone]
    if not move.through or move.source in record.merged_sources:
        record.merged_sources = [guest for guest in record.merged_sources if guest not in {move.source, *move.through}]
    return rewrite(record, kept, move.cause, rules)


def difference(before: Sequence[f.Fact], after: Sequence[f.Fact]) -> tuple[list[f.Fact], list[f.Fact]]:
    """Return the facts that went and those that came, of two histories."""
    return [fact for fact in before if fact not in after], [fact for fact in after if fact not in before]
