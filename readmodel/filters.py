"""What is asked for: one type a list. A row is wanted that fits every field that is not None."""

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from relationship.contract.decisions import Direction, Standing
from relationship.contract.messages import Industry, Market, Party, Scope, Status
from relationship.contract.outcome import Reason


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


class AccountFilter(Struct, frozen=True, kw_only=True):
    """Which accounts are wanted: those whose id begins with `prefix`, and whose state has the rest.

    `policy` is the id or the version of the policy by which the state was told, `play` the play's name.
    """

    prefix: str | None = None
    status: Status | None = None
    industry: Industry | None = None
    party: Party | None = None
    scope: Scope | None = None
    market: Market | None = None
    standing: Standing | None = None
    play: str | None = None
    policy: str | None = None


class RefusalFilter(Struct, frozen=True, kw_only=True):
    """Which refusals are wanted.

    Attributes:
        reason: why.
        topic: where the refused record stood.
        account: the record's key, or the account that its value names.
        since, until: of when it was refused, the former included and the latter not.
    """

    reason: Reason | None = None
    topic: str | None = None
    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None


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


class ShadowFilter(Struct, frozen=True, kw_only=True):
    """Which differences are wanted.

    Attributes:
        publication: the event_id of the shadow's publication: `views.policies.published` has that of the one on trial.
        active, shadow: the status by the policy in force, and by the shadow.
        prefix: how the account's id begins.
    """

    publication: str | None = None
    active: Status | None = None
    shadow: Status | None = None
    prefix: str | None = None
