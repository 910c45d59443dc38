"""What a command does to an account in its place in event time: overrides and releases, merges and unmerges.

A command has an effect or has none by the commands dated before it, and by nothing else: so the same set of commands gives
the same account in whatever order they came (docs/decisions/016-commands-are-folded-in-event-time.md).
"""

from typing import Final

from relationship.contract import enums
from relationship.contract.decisions import Direction
from relationship.state import facts as f
from relationship.state.account import Account, Merge, Override

OVERRIDE, RELEASE, MERGE, UNMERGE, CORRECT = (
    enums.COMMANDS.index(name) for name in ("override", "release", "merge", "unmerge", "correct")
)
REFUSED: Final = -1  # in the place of the command's position: its id is remembered, and it has no effect whatever comes


def apply_command(account: Account, fact: f.CommandFact) -> Direction | None:
    """Apply a command that is folded in its place; return the direction of a change of status that it makes."""
    if command_rejection(account, fact) is not None:
        return None
    if fact.command == OVERRIDE and fact.status is not None and fact.until is not None:
        account.override = Override(fact.status, fact.until)
        return "override"
    if fact.command == RELEASE:
        account.override = None
        return "override"
    if fact.command == MERGE and fact.into is not None:
        account.merge = Merge(fact.into, fact.id)
    elif fact.command == UNMERGE:
        account.merge = None
    return None


def command_rejection(account: Account, fact: f.CommandFact) -> str | None:
    """Return why a command has no effect on an account as it stood before the command, or None where it has.

    The account is as the commands and timers before it left it.
    """
    into = account.merge.into if account.merge else None
    if fact.command in {OVERRIDE, RELEASE}:
        if into is not None:
            return f"it is merged into {into}: name that account"
        return "no override is in force" if fact.command == RELEASE and account.override is None else None
    if fact.command == MERGE:
        return None if into is None else f"it is merged into {into} already: unmerge it first"
    if fact.command == UNMERGE:
        return None if into is not None and into == fact.into else f"it is merged into {into or 'nothing'}"
    return None
