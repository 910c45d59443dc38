"""The credit of whoever referred a buyer: it follows the buyer's purchase, through corrections; and whom an erasure tells.

The purchase is the buyer's and the credit the referrer's, and no partition writes another partition's accounts, so a
message goes to the referrer when a purchase names it first, and one more whenever a correction changes what is due. Each of
the two accounts keeps the other's id as long as that account exists, and so do accounts that are or were merged: an erasure
tells the other side to forget it.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from relationship.contract import messages as m
from relationship.contract import times
from relationship.contract.decisions import to_json
from relationship.contract.outcome import Outgoing
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.facts_from_messages import referral_fact
from relationship.state.record import AccountRecord
from relationship.timeline.explain import event_id_of
from relationship.timeline.history import APPLIED, REPEAT, HistoryUpdate, corrects, late_refusal, refold, unchanged
from relationship.timeline.posting import time_of

PURCHASE: Final = f.RANK[f.PurchaseFact]


def purchase_of(record: AccountRecord, event_id: str | None) -> f.PurchaseFact | None:
    """Return the purchase that is kept under an id, or None."""
    if event_id is None:
        return None
    facts = (fact for fact in record.facts() if isinstance(fact, f.PurchaseFact))
    return next((fact for fact in facts if fact.id == event_id), None)


def revision_of(record: AccountRecord, event_id: str | None) -> int:
    """Return how many corrections of a purchase are kept: the number of the last one."""
    facts = (fact for fact in record.facts() if isinstance(fact, f.CommandFact))
    return sum(corrects(fact, PURCHASE, event_id or "") for fact in facts)


def changed(
    account_id: str,
    before: f.Fact | None,
    after: f.Fact | None,
    revision: int,
    traceparent: str | None,
) -> list[Outgoing]:
    """Return the messages to referrers when a purchase is what `after` says and was what `before` said."""
    old, new = _due(before), _due(after)
    if old == new:
        return []
    sent = []
    if old is not None and (new is None or new[0] != old[0]):
        sent.append(_credit(account_id, *old, revision, "withdrawn", traceparent))
    if new is not None:
        sent.append(_credit(account_id, *new, revision, "credited", traceparent))
    return sent


def _due(fact: f.Fact | None) -> tuple[str, str, int] | None:
    """Return who is to be credited for a purchase, the purchase's id, and when; None where nobody is."""
    if not isinstance(fact, f.PurchaseFact) or fact.referrer is None:
        return None
    return fact.referrer, fact.id, fact.t


def _credit(
    account_id: str,
    referrer: str,
    purchase: str,
    t: int,
    revision: int,
    action: Literal["credited", "withdrawn"],
    traceparent: str | None,
) -> Outgoing:
    credit = event_id_of(account_id, 0, 0, 0, 0, "referral:" + purchase)
    event_id = (
        credit if revision == 0 else event_id_of(account_id, revision, 0, 0, 0, f"{action}:{referrer}:{purchase}")
    )
    message = m.Referral(
        event_id=event_id,
        account_id=referrer,
        occurred_at=times.datetime_of(t),
        referred=account_id,
        action=None if revision == 0 else action,
        credit=None if revision == 0 else credit,
        revision=revision or None,
    )
    return Outgoing(m.REFERRALS, referrer, to_json(message), event_id, time_of(message), traceparent)


def replace(record: AccountRecord, referral: m.Referral, rules: Rules) -> HistoryUpdate:
    """Put a revised credit in the place of the one before. An older revision that comes again is a repeat."""
    fact, facts = referral_fact(referral), record.facts()
    known = next((each for each in facts if isinstance(each, f.ReferralFact) and each.id == fact.id), None)
    if known is not None and known.revision >= fact.revision:
        return unchanged(REPEAT)
    late = late_refusal(record, fact, lateness_us=0)  # which a credit has not, but an edge
    if late is not None:
        return unchanged(late)
    others = [each for each in facts if each is not known]
    return refold(record, sorted([*others, fact], key=f.order), referral.event_id, rules)


def forget(record: AccountRecord, referral: m.Referral, _rules: Rules) -> HistoryUpdate:
    """Keep nothing that names the account erased. What its purchases or referrals did stays."""
    erased, facts = referral.referred, record.facts()
    kept = [_forgetting(fact, erased) for fact in facts]
    if kept == facts and erased not in record.former_sources:
        return unchanged(REPEAT)
    record.keep(kept)
    record.former_sources = [each for each in record.former_sources if each != erased]
    return unchanged(APPLIED)


def _forgetting(fact: f.Fact, account_id: str) -> f.Fact:
    if isinstance(fact, f.PurchaseFact) and fact.referrer == account_id:
        return msgspec.structs.replace(fact, referrer=None)
    if isinstance(fact, f.ReferralFact) and fact.referred == account_id:
        return msgspec.structs.replace(fact, referred=None)
    if isinstance(fact, f.CommandFact) and fact.into == account_id:
        return msgspec.structs.replace(fact, into=None)
    return fact


def forgotten(account_id: str, record: AccountRecord, erased: m.Command) -> Sequence[Outgoing]:
    """Return the messages by which those are to forget an erased account that it has referred or was merged with."""
    facts = record.facts()
    others: set[str | None] = {*record.merged_sources, *record.former_sources}
    others |= {fact.referrer for fact in facts if isinstance(fact, f.PurchaseFact)}
    others |= {fact.referred for fact in facts if isinstance(fact, f.ReferralFact)}
    others |= {fact.into for fact in facts if isinstance(fact, f.CommandFact)}
    return [forget_message(account_id, other, erased) for other in sorted(each for each in others if each)]


def forget_message(account_id: str, other: str, erased: m.Intake) -> Outgoing:
    """Return the message by which one account is to forget another, which is erased."""
    event_id = event_id_of(account_id, 0, 0, 0, 0, f"forgotten:{other}:{erased.event_id}")
    message = m.Referral(
        event_id=event_id,
        account_id=other,
        occurred_at=erased.occurred_at,
        referred=account_id,
        action="forgotten",
    )
    return Outgoing(m.REFERRALS, other, to_json(message), event_id, time_of(erased))
