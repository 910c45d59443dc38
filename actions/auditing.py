"""Entries of the audit on what concerns no one account: they have no account, and no key."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from actions.errors import InputError
from relationship.contract.decisions import Audit, to_json
from relationship.contract.outcome import AUDIT, Outgoing

# Characters of a reason: a sentence or two, in an audit that is read line by line.
WHY_LENGTH: Final = 500


def require_reason(why: str) -> None:
    """Raise InputError where no reason is given, or one that is too long for the audit."""
    if not why.strip() or len(why) > WHY_LENGTH:
        raise InputError(f"a reason of 1 to {WHY_LENGTH} characters is needed: say why (--why)")


def audit_entry(action: str, detail: str, by: str) -> Outgoing:
    """Return the entry on something that somebody does now."""
    at = now()
    entry = Audit(
        event_id=f"audit-{action}-{uuid4()}",
        account_id=None,
        action=action,
        outcome="done",
        detail=detail,
        by=by,
        occurred_at=at,
        decided_at=at,
    )
    return Outgoing(AUDIT, "", to_json(entry), entry.event_id, at)


def now() -> str:
    """Return the present moment as messages have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
