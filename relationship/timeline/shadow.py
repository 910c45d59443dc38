"""The shadow: a second policy under which every account is folded too; it decides nothing and publishes where it differs.

The record holds the account under the shadow. A fact in order is folded into it; after anything else (a late event, a
correction, a merge, another shadow) it is refolded from the history kept. Older events are in the record's base, which the
active policy has folded, so from there on the shadow is approximate, and its messages say so. An account is compared from
its first event or timer after the shadow's publication on.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

from relationship.classify.fold import advance
from relationship.classify.timers import run_timers
from relationship.classify.transitions import read
from relationship.contract import enums, times
from relationship.contract.decisions import PolicyPart, ShadowDifference, SidePart, to_json
from relationship.contract.outcome import SHADOWED, Outgoing
from relationship.policy.compiled import Policy
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import Account
from relationship.state.record import AccountRecord, ShadowAccount
from relationship.timeline.history import base_of


class Shadow(NamedTuple):
    """A policy on trial; `mark` distinguishes it from any other trial, of the same version too."""

    mark: str
    policy: Policy


def shadow_account(record: AccountRecord, shadow: Shadow, new: Sequence[f.Fact] | None) -> ShadowAccount:
    """Return the account under the shadow. `new` are the facts just appended; None where the history changed otherwise."""
    account = record.shadowed
    if account is None or account.mark != shadow.mark:
        return _refolded(record, shadow, None)
    last = account.head.t
    for fact in new or ():
        if fact.t < last or fact.t == account.head.timer_at:
            return _refolded(record, shadow, account)
        advance(account.head, fact, shadow.policy)
        last = account.head.t
    if new is None:
        return _refolded(record, shadow, account)
    run_timers(account.head, record.clock + 1, shadow.policy)
    return account


def _refolded(record: AccountRecord, shadow: Shadow, before: ShadowAccount | None) -> ShadowAccount:
    """Return the account under the shadow, folded from the history kept; `before` is the same shadow's."""
    head = base_of(record)
    for fact in record.facts():
        advance(head, fact, shadow.policy)
    run_timers(head, record.clock + 1, shadow.policy)
    return ShadowAccount(
        shadow.mark,
        head,
        record.base is None,
        before.difference if before else None,
        published=record.shadowed is not None and record.shadowed.published,
    )


def compare(account_id: str, record: AccountRecord, rules: Rules, shadow: Shadow, decided_at: int) -> Outgoing | None:
    """Return the message of a difference that has begun, changed or ended, or None; the record notes what is published."""
    other = record.shadowed
    if other is None:
        return None
    pair = (record.head.effective_status, other.head.effective_status)
    difference = pair if pair[0] != pair[1] else None
    if difference == other.difference:
        return None
    kind: Literal["entered", "changed", "left"] = (
        "left" if difference is None else "changed" if other.difference else "entered"
    )
    other.difference, other.published = difference, True
    message = ShadowDifference(
        event_id=_event_id(account_id, other.mark, record.revision + 1),
        account_id=account_id,
        kind=kind,
        active=_side(record.head, rules.at(record.head.t)),
        shadow=_side(other.head, shadow.policy),
        publication=other.mark,
        approximate=not other.exact,
        effective_at=times.rfc3339(max(record.head.t, other.head.t)),
        decided_at=times.rfc3339(decided_at),
    )
    return Outgoing(SHADOWED, account_id, to_json(message), message.event_id, message.effective_at, label=kind)


def _side(head: Account, policy: Policy) -> SidePart:
    score = read(head, policy).score / 100
    return SidePart(enums.STATUSES[head.effective_status], score, PolicyPart(policy.id, policy.version))


def tombstones(account_id: str, record: AccountRecord, shadowed: ShadowAccount) -> list[Outgoing]:
    """Return the tombstone that removes an account from the topic, or nothing where the topic has nothing of it."""
    if not shadowed.published:
        return []
    event_id = _event_id(account_id, shadowed.mark, record.revision + 1)
    return [Outgoing(SHADOWED, account_id, None, event_id, times.rfc3339(record.head.t))]


def _event_id(account_id: str, mark: str, revision: int) -> str:
    text = "\x1f".join((account_id, mark, str(revision))).encode("utf-8", "surrogatepass")
    return "sh-" + hashlib.blake2b(text, digest_size=16).hexdigest()
