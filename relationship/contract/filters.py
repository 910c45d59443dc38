"""What people ask for of the output topics, wherever it is looked up: in a topic, or in tables of it.

A message is wanted that fits every field that is not None.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from relationship.contract.decisions import Audit, Direction
from relationship.contract.messages import Industry, Status


class DecisionFilter(Struct, frozen=True, kw_only=True):
    """Which decisions are wanted.

    Attributes:
        account, industry, from_, to, direction: equal to the decision's.
        policy: the id or the version of the policy that decided.
        since, until: of `effective_at`, the former included and the latter not.
        least_confidence: 0-1.
    """

    account: str | None = None
    industry: Industry | None = None
    from_: Status | None = field(default=None, name="from")
    to: Status | None = None
    direction: Direction | None = None
    policy: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    least_confidence: float | None = None


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which entries of the audit log are wanted.

    Attributes:
        account, action, outcome, by: equal to the entry's.
        since, until: of `decided_at`, the former included and the latter not.
    """

    account: str | None = None
    action: str | None = None
    outcome: Literal["done", "refused"] | None = None
    by: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, entry: Audit) -> bool:
        """Tell whether an entry is wanted."""
        pairs = (
            (self.account, entry.account_id),
            (self.action, entry.action),
            (self.outcome, entry.outcome),
            (self.by, entry.by),
        )
        t = datetime.fromisoformat(entry.decided_at)
        return (
            all(wanted is None or wanted == found for wanted, found in pairs)
            and (self.since is None or self.since <= t)
            and (self.until is None or t < self.until)
        )
