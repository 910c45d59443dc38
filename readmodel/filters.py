"""What is asked for: one type a list. A row is wanted that fits every field that is not None.

Those of decisions and of the audit are the contract's (`relationship/contract/filters.py`): topics are asked by them too.
"""

from datetime import datetime

from msgspec import Struct

from relationship.contract.decisions import Standing
from relationship.contract.messages import Industry, Market, Party, Scope, Status
from relationship.contract.outcome import Reason
from streams.wire.redriving import State as LetterState


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
        state: what became of it.
    """

    reason: Reason | None = None
    topic: str | None = None
    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: LetterState | None = None


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
