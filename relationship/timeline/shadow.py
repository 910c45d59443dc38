"""The shadow: a second policy that folds every account beside the active one, decides nothing, and tells where it differs.

The record carries the account as the shadow has it. A fact in order is folded onto that; after anything else (a late
event, a correction, a merge, another shadow) it is folded anew from the history kept. Older events than those stand in
the record's base, which the active policy folded: from there on the shadow is approximate, and its messages say so. An
account is compared from its first event or timer after the shadow's publication on.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

from relationship.classify.fold import advance, run_timers
from relationship.classify.transitions import read
from relationship.contract import enums, times
from relationship.contract.decisions import PolicyPart, ShadowDifference, SidePart, to_json
from relationship.contract.outcome import SHADOWED, Outgoing
from relationship.policy.compiled import Policy
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord, ShadowAccount
from relationship.timeline.history import base_of


class Shadow(NamedTuple):
    """A policy on trial; `mark` tells it from any other trial, of the same version too."""

    mark: str
    policy: Policy


def shade_of(record: AccountRecord, shadow: Shadow, new: Sequence[f.Fact] | None) -> ShadowAccount:
    """Return the account under the shadow. `new` are the facts just appended; None where the history was rewritten."""
    shade = record.shadowed
    if shade is None or shade.mark != shadow.mark:
        return _folded(record, shadow, None)
    last = shade.head.t
    for fact in new or ():
        if fact.t <= last:
            return _folded(record, shadow, shade)
        advance(shade.head, fact, shadow.policy)
        last = shade.head.t
    if new is None:
        return _folded(record, shadow, shade)
    run_timers(shade.head, record.clock + 1, shadow.policy)
    return shade


def _folded(record: AccountRecord, shadow: Shadow, before: ShadowAccount | None) -> ShadowAccount:
    account = base_of(record)
    for fact in record.facts():
        advance(account, fact, shadow.policy)
    run_timers(account, record.clock + 1, shadow.policy)
    shown = before.shown if before else None
    return ShadowAccount(
        shadow.mark,
        account,
        record.base is None,
        shown,
        published=record.shadowed is not None and record.shadowed.published,
    )


def compare(account_id: str, record: AccountRecord, rules: Rules, shadow: Shadow, decided_at: int) -> Outgoing | None:
    """Return what is to be told of the record's shade, or None where nothing is new; the shade notes it."""
    shade = record.shadowed
    if shade is None:
        return None
    pair = (record.head.effective_status, shade.head.effective_status)
    shown = pair if pair[0] != pair[1] else None
    if shown == shade.shown:
        return None
    kind: Literal["entered", "changed", "left"] = "left" if shown is None else "changed" if shade.shown else "entered"
    shade.shown, shade.published = shown, True
    at = max(record.head.t, shade.head.t)
    message = ShadowDifference(
        event_id=_id(account_id, shade.mark, record.revision + 1),
        account_id=account_id,
        kind=kind,
        active=_side(record, rules.at(record.head.t)),
        shadow=_side(AccountRecord(head=shade.head), shadow.policy),
        publication=shade.mark,
        approximate=not shade.exact,
        effective_at=times.rfc3339(at),
        decided_at=times.rfc3339(decided_at),
    )
    return Outgoing(SHADOWED, account_id, to_json(message), message.event_id, message.effective_at, label=kind)


def _side(record: AccountRecord, policy: Policy) -> SidePart:
    status, score = enums.STATUSES[record.head.effective_status], read(record.head, policy).score / 100
    return SidePart(status, score, PolicyPart(policy.id, policy.version))


def forgotten(account_id: str, record: AccountRecord, shade: ShadowAccount) -> list[Outgoing]:
    """Return what takes an account from the topic: the shadow has ended, or the account has."""
    if not shade.published:
        return []
    event_id = _id(account_id, shade.mark, record.revision + 1)
    return [Outgoing(SHADOWED, account_id, None, event_id, times.rfc3339(record.head.t))]


def _id(account_id: str, mark: str, revision: int) -> str:
    text = "\x1f".join((account_id, mark, str(revision))).encode("utf-8", "surrogatepass")
    return "sh-" + hashlib.blake2b(text, digest_size=16).hexdigest()
