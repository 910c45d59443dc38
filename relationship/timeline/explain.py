"""A change of status as the message that is published: its evidence, and one sentence that explains it to a person."""

import hashlib
from collections.abc import Callable
from typing import Final

from relationship.classify.confidence import confidence
from relationship.classify.evidence import evidence_of
from relationship.classify.plays import play_of
from relationship.classify.segments import segment_of
from relationship.classify.timers import StatusChange
from relationship.classify.transitions import Reading
from relationship.contract import enums, times
from relationship.contract.decisions import DimensionPart, PolicyPart, Reclassification
from relationship.contract.names import DIMENSIONS
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, PROSPECT, Account
from relationship.state.record import DecisionInForce
from relationship.timeline.history import Undone
from relationship.timeline.what_next import what_next

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

OTHERS: Final = {
    f.ProfileFact: "the profile",
    f.MergedProfileFact: "the profile of an account merged into it",
    f.ReferralFact: "the referral",
    f.CommandFact: "the command",
}


def event_id_of(account_id: str, seq: int, t: int, source: int, target: int, cause: str) -> str:
    """Return a decision's id: a digest of what identifies it, so that publishing it again repeats the id."""
    parts = (account_id, str(seq), str(t), str(source), str(target), cause)
    return "rc-" + hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def decision_id(account_id: str, decision: DecisionInForce) -> str:
    """Return the id under which a decision is published."""
    return event_id_of(account_id, decision.seq, decision.effective, decision.source, decision.target, decision.cause)


def dimension_parts(reading: Reading, evidence: list[list[str]]) -> list[DimensionPart]:
    """Return the dimensions as published, the largest contribution first. Contributions are hundredths, so they add up."""
    order = sorted(range(len(DIMENSIONS)), key=reading.contributions.__getitem__, reverse=True)
    return [
        DimensionPart(
            DIMENSIONS[i],
            round(reading.values[i], 4),
            reading.trade.weights[i],
            reading.contributions[i] / 100,
            evidence[i],
        )
        for i in order
    ]


def reclassification(
    account_id: str,
    decision: DecisionInForce,
    account: Account,
    facts: list[f.Fact],
    reading: Reading,
    decided_at: int,
    why: str,
    undoes: DecisionInForce | None,
) -> Reclassification:
    """Return the message of one decision: from the account right after it, its reading, and the facts by then."""
    policy = reading.policy
    return Reclassification(
        event_id=decision_id(account_id, decision),
        account_id=account_id,
        transition_seq=decision.seq,
        from_=enums.STATUSES[decision.source],
        to=enums.STATUSES[decision.target],
        direction=decision.direction,
        effective_at=times.rfc3339(decision.effective),
        decided_at=times.rfc3339(decided_at),
        score=reading.score / 100,
        confidence=round(confidence(account, reading.score, policy), 3),
        dimensions=dimension_parts(reading, evidence_of(facts, account, policy)),
        why=why,
        what_next=what_next(account, policy),
        segment=segment_of(account, policy),
        play=play_of(account, policy),
        policy=PolicyPart(policy.id, policy.version),
        caused_by=decision.cause,
        supersedes=decision_id(account_id, undoes) if undoes else None,
    )


def describe(fact: f.Fact | None) -> str:
    """Return a fact in a few words, with its day."""
    if fact is None:
        return "the clock"
    if isinstance(fact, f.PurchaseFact):
        what = "the refund" if fact.flags & f.REFUND else f"the purchase of {_article(enums.PURCHASE_KINDS[fact.kind])}"
    elif isinstance(fact, f.MeetingFact):
        what = f"the {enums.MEETING_KINDS[fact.kind].replace('_', '-')} meeting"
    elif isinstance(fact, f.TicketFact):
        what = f"the {enums.TICKET_KINDS[fact.kind].replace('_', ' ')} ticket"
    else:
        what = OTHERS[type(fact)]
    return f"{what} of {own_day(fact)}"


def own_day(fact: f.Fact) -> str:
    """Return the day on which an event happened by its own clock, as YYYY-MM-DD."""
    zone = 0 if isinstance(fact, f.ProfileFact | f.ReferralFact | f.CommandFact) else fact.zone
    return times.rfc3339(fact.t + zone * times.MINUTE_US)[:10]


def _article(kind: str) -> str:
    return kind if kind in {"goods", "advice"} else f"a {kind}"


def _carried(reading: Reading, count: int = 3) -> str:
    """Return in words the dimensions that contribute most to the score, and how much that is."""
    order = sorted(range(len(DIMENSIONS)), key=reading.contributions.__getitem__, reverse=True)[:count]
    order = [i for i in order if reading.contributions[i] > 0]
    if not order:
        return "nothing but the purchase itself"
    names = [WORDS[DIMENSIONS[i]] for i in order]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    verb = "brings" if len(names) == 1 else "bring"
    points = sum(reading.contributions[i] for i in order) / 100
    return f"{listed} {verb} {points:.0f} of its {reading.score / 100:.0f} points"


def why(change: StatusChange, cause: f.Fact | None, reading: Reading) -> str:
    """Return one plain sentence: what the change is based on, and what caused it; `reading` is that of the change."""
    source, target = enums.STATUSES[change.source], enums.STATUSES[change.target]
    if special := _SENTENCES.get(change.direction):
        return special(change, cause, reading)
    if change.target in {CANDIDATE, CLIENT}:
        parts = [part for part in (counted(change.account, reading), _carried(reading)) if part]
        return f"From {source} to {target}: {'; '.join(parts)}; {_tipped(change, cause)}."
    return f"Its first agreement or purchase: {describe(cause)}." if cause else f"It is a {target} now."


def counted(account: Account, reading: Reading) -> str:
    """Return how many meetings and tickets there are since when, and how often that is against the trade's usual."""
    if account.met_first is None:
        return ""
    named = [_number(account.meetings, "meeting"), _number(account.letters, "ticket")]
    text = f"{' and '.join(name for name in named if name)} since {times.rfc3339(account.met_first)[:10]}"
    count = account.meetings + account.letters
    if count <= 1:
        return text
    apart = (account.t - account.met_first) / times.DAY_US / count
    return f"{text}, one in {apart:.0f} days where one in {reading.trade.usual:.0f} is usual"


def _number(count: int, name: str) -> str:
    return "" if not count else f"{count} {name}{'s' if count > 1 else ''}"


def _tipped(change: StatusChange, cause: f.Fact | None) -> str:
    if cause is None:
        return f"it had stood so for the least time on {times.rfc3339(change.t)[:10]}"
    return f"{describe(cause)} tipped it"


def _why_lapse(change: StatusChange, _cause: f.Fact | None, _reading: Reading) -> str:
    account = change.account
    last = account.last if account.last is not None else account.heard
    since = change.t if last is None else last
    days = (change.t - since) // times.DAY_US
    rhythm = (
        f"its own rhythm was one every {account.gap:.0f} days" if account.gap >= 1.0 else "it has no rhythm of its own"
    )
    return (
        f"No sign of life for {days} days, since {times.rfc3339(since)[:10]}: {rhythm}, and {days} days of silence are "
        "allowed by that, its history and its industry."
    )


def _why_override(change: StatusChange, _cause: f.Fact | None, _reading: Reading) -> str:
    target, override = enums.STATUSES[change.target], change.account.override
    if override is None:
        return f"The override has ended, and the evidence says {target}."
    return f"A person set it to {target} until {times.rfc3339(override.until)[:10]}."


def _why_return(change: StatusChange, cause: f.Fact | None, reading: Reading) -> str:
    was = enums.STATUSES[change.account.was]
    return f"Back after a silence, with {describe(cause)}; it was a {was} before, and {_carried(reading)}."


def _why_demotion(change: StatusChange, cause: f.Fact | None, reading: Reading) -> str:
    account = change.account
    if change.target == PROSPECT:
        return f"Its only purchase was taken back in full, by {describe(cause)}."
    if change.source == CLIENT and account.ended is not None:
        return f"Its agreement ended on {times.rfc3339(account.ended)[:10]}, {_ended_by(cause)}: a client no more."
    left = f"{reading.score / 100:.0f} points"
    if cause is not None:
        return f"The relationship has faded to {left} by {describe(cause)}: {_carried(reading)}."
    day = times.rfc3339(change.t)[:10]
    if account.met is None:
        return f"The relationship has faded to {left} by {day}: {_carried(reading)}."
    days = (change.t - account.met) // times.DAY_US
    return (
        f"The relationship has faded to {left} by {day}: its last contact with people was {days} days before, where one in "
        f"{reading.trade.usual:.0f} is usual; {_carried(reading)}."
    )


def _ended_by(cause: f.Fact | None) -> str:
    if cause is None:
        return "as was agreed"
    return f"by {describe(cause)}"


_SENTENCES: Final[dict[str, Callable[[StatusChange, f.Fact | None, Reading], str]]] = {
    "lapse": _why_lapse,
    "override": _why_override,
    "return": _why_return,
    "demotion": _why_demotion,
}


def why_undone(undone: Undone) -> str:
    """Return one plain sentence on a decision that no longer holds."""
    old = undone.decision
    day, source, target = times.rfc3339(old.effective)[:10], enums.STATUSES[old.source], enums.STATUSES[old.target]
    return (
        f"The {old.direction} from {source} to {target} of {day} no longer holds: "
        f"event {undone.cause} came late, or corrected what had been told."
    )
