"""Why: a change of status put into the message that the world reads, with its evidence, in words a person would use."""

import hashlib
from typing import Final

from relationship import facts as f
from relationship.account import CANDIDATE, CLIENT, Account
from relationship.decisions import DimensionPart, PolicyPart, Reclassification
from relationship.dimensions import confidence
from relationship.evidence import evidence_of
from relationship.fold import Change
from relationship.history import Undone
from relationship.outlook import what_next
from relationship.plays import play_of
from relationship.policy import Policy
from relationship.policy_file import DIMENSIONS
from relationship.record import Told
from relationship.segments import segment_of
from relationship.transitions import Reading, read

WORDS: Final = {
    "duration": "the time they have known us",
    "engagement": "regular contact",
    "personalisation": "work tailored to them",
    "bought": "the advice and services they buy",
    "trust": "trust",
    "loyalty": "loyalty",
    "commitment": "a formal agreement",
    "dialogue": "open dialogue",
    "value": "the value they see",
    "breadth": "several lines of business",
    "needs": "changing needs that are met",
    "expectations": "outcomes agreed and met",
    "duties": "duties kept",
    "service": "the hours our people give",
}


def event_id_of(account_id: str, seq: int, t: int, source: int, target: int, cause: str) -> str:
    """Return a decision's id: a digest of what makes it this decision, so that publishing it again repeats the id."""
    parts = (account_id, str(seq), str(t), str(source), str(target), cause)
    return "rc-" + hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def dimension_parts(reading: Reading, evidence: list[list[str]]) -> list[DimensionPart]:
    """Return the dimensions as told, the largest contribution first. Contributions are hundredths, so they add up."""
    order = sorted(range(len(DIMENSIONS)), key=lambda i: (-reading.contributions[i], i))
    return [
        DimensionPart(
            DIMENSIONS[i],
            round(reading.values[i], 4),
            round(reading.trade.shares[i] / 100, 2),
            reading.contributions[i] / 100,
            evidence[i],
        )
        for i in order
    ]


def reclassification(
    account_id: str,
    told: Told,
    account: Account,
    facts: list[f.Fact],
    policy: Policy,
    decided_at: int,
    why: str,
    undoes: Told | None,
) -> Reclassification:
    """Return the message of one decision. `account` is as it stood after it, `facts` are those folded by then."""
    reading = read(account, policy)
    return Reclassification(
        event_id=told.event_id,
        account_id=account_id,
        transition_seq=told.seq,
        from_=f.STATUSES[told.source],
        to=f.STATUSES[told.target],
        direction=told.direction,  # type: ignore[arg-type]  # one of the literals: rules are data
        effective_at=f.rfc3339(told.t),
        decided_at=f.rfc3339(decided_at),
        score=reading.score / 100,
        confidence=round(confidence(account, policy), 3),
        dimensions=dimension_parts(reading, evidence_of(facts, account, policy)),
        why=why,
        what_next=what_next(account, policy),
        segment=segment_of(account, policy),
        play=play_of(account, policy),
        policy=PolicyPart(policy.id, policy.version),
        caused_by=told.cause,
        supersedes=undoes.event_id if undoes else None,
    )


OTHER_FACTS: Final[dict[type, str]] = {
    f.ProfileFact: "the profile",
    f.GuestProfileFact: "the profile of an account merged into it",
    f.ReferralFact: "the referral",
    f.CommandFact: "the command",
}


def describe(fact: f.Fact | None) -> str:
    """Return a fact in a few words, with its day."""
    if fact is None:
        return "the clock"
    if isinstance(fact, f.PurchaseFact):
        what = "the refund" if fact.flags & f.REFUND else f"the purchase of {_article(f.PURCHASE_KINDS[fact.kind])}"
    elif isinstance(fact, f.MeetingFact):
        what = f"the {f.MEETING_KINDS[fact.kind].replace('_', '-')} meeting"
    elif isinstance(fact, f.TicketFact):
        what = f"the {f.TICKET_KINDS[fact.kind].replace('_', ' ')} ticket"
    else:
        what = OTHER_FACTS[type(fact)]
    return f"{what} of {f.rfc3339(fact.t)[:10]}"


def _article(kind: str) -> str:
    return kind if kind in {"goods", "advice"} else f"a {kind}"


def _carried(reading: Reading, count: int = 3) -> str:
    """Return the dimensions that carry the score, in words, with what they bring of it."""
    order = sorted(range(len(DIMENSIONS)), key=lambda i: -reading.contributions[i])[:count]
    order = [i for i in order if reading.contributions[i] > 0]
    if not order:
        return "nothing but the purchase itself"
    names = [WORDS[DIMENSIONS[i]] for i in order]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    verb = "brings" if len(names) == 1 else "bring"
    points = sum(reading.contributions[i] for i in order) / 100
    return f"{listed} {verb} {points:.0f} of its {reading.score / 100:.0f} points"


def why(change: Change, cause: f.Fact | None, policy: Policy) -> str:
    """Return one plain sentence for a person: what carried the change, and what tipped it."""
    account, reading = change.account, read(change.account, policy)
    source, target = f.STATUSES[change.source], f.STATUSES[change.target]
    if change.direction == "lapse":
        days = (change.t - (account.last or change.t)) // f.DAY_US
        return f"No sign of life for {days} days, longer than its own rhythm and its industry allow."
    if change.direction == "override":
        until = f" until {f.rfc3339(account.hold.until)[:10]}" if account.hold else ""
        held = (
            f"A person set it to {target}{until}"
            if until
            else f"The override has ended, and the evidence says {target}"
        )
        return held + "."
    if change.direction == "return":
        was = f.STATUSES[account.was]
        return f"Back after a silence, with {describe(cause)}; it was a {was} before, and {_carried(reading)}."
    if change.direction == "demotion":
        return (
            f"The relationship has faded to {reading.score / 100:.0f} points by {describe(cause)}: {_carried(reading)}."
        )
    if change.target in {CANDIDATE, CLIENT}:
        return f"From {source} to {target}: {_carried(reading)}; {describe(cause)} tipped it."
    return f"Its first agreement or purchase: {describe(cause)}." if cause else f"It is a {target} now."


def why_undone(undone: Undone) -> str:
    """Return one plain sentence on a decision that no longer holds."""
    told = undone.told
    day = f.rfc3339(told.t)[:10]
    return (
        f"The {told.direction} from {f.STATUSES[told.source]} to {f.STATUSES[told.target]} of {day} no longer holds: "
        f"event {undone.cause} came late, or corrected what had been told."
    )
