"""What next: the smallest further evidence that would change an account's status again, found by applying it.

Each kind of evidence is applied to a copy of the account, once, twice and so on, a week apart, until a rule fires; the kind
that needs the fewest is named. A test applies it and checks that the sentence is true.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from relationship.classify.fold import advance
from relationship.classify.timers import lapse_at
from relationship.contract import enums, times
from relationship.policy.compiled import Policy
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account, copy

MOST_STEPS: Final = 6  # pieces of one kind of evidence; what needs more is not "next"
APART_US: Final = 7 * times.DAY_US  # between two pieces of evidence: a week is a usual pace of contact


class Step(NamedTuple):
    """One kind of further evidence: its words for one and for several, and the fact that it is at an event time (µs)."""

    one: str
    many: str
    fact: Callable[[int], f.Fact]


def _meeting(kind: str, t: int) -> f.Fact:
    return f.MeetingFact(
        t, "", enums.MEETING_KINDS.index(kind), 60.0, 0, enums.INITIATORS.index("account"), 1, 1, f.OUTCOME_MET
    )


def _ticket(kind: str, t: int) -> f.Fact:
    return f.TicketFact(t, "", t & 0xFFFFFFFF, 0, enums.TICKET_KINDS.index(kind), 0, 0, None, None, 0, None)


def _purchase(t: int) -> f.Fact:
    return f.PurchaseFact(t, "", "1", "EUR", 0, 0, None, None, None)


PURCHASE: Final = Step("a purchase", "purchases", _purchase)
PLANNING: Final = Step("a planning meeting", "planning meetings", lambda t: _meeting("planning", t))
REVIEW: Final = Step("a review meeting", "review meetings", lambda t: _meeting("review", t))
ADVICE: Final = Step("a question for advice", "questions for advice", lambda t: _ticket("advice", t))

STEPS: Final = {
    PROSPECT: (PURCHASE,),
    CUSTOMER: (ADVICE, PLANNING, REVIEW),
    CANDIDATE: (PLANNING, REVIEW, ADVICE),
    CLIENT: (),
    LAPSED: (PURCHASE,),
}
NUMBERS: Final = ("", "one", "two", "three", "four", "five", "six")


def _tried(account: Account, step: Step, policy: Policy) -> Iterator[int | None]:
    """Apply a step up to `MOST_STEPS` times, a week apart; yield after each the effective status, None while it is the same.

    The first one is in a week, or as soon as the status has been held for every minimum time if that is later. Ends where
    the account would lapse in between.
    """
    trial = copy(account)
    status, t = trial.effective_status, max(trial.t + APART_US, trial.since + policy.longest_stay_us)
    for _ in range(MOST_STEPS):
        changes, _ = advance(trial, step.fact(t), policy)
        if any(change.direction == "lapse" for change in changes):
            return
        yield trial.effective_status if trial.effective_status != status else None
        t += APART_US


def nearest(account: Account, policy: Policy) -> tuple[int, int, Step] | None:
    """Return how often the step that is needed least is needed, the status that it leads to, and the step; or None."""
    tries = [(step, _tried(account, step, policy)) for step in STEPS[account.status]]
    for count in range(1, MOST_STEPS + 1):
        for step, tried in tries:
            target = next(tried, None)
            if target is not None:
                return count, target, step
    return None


def what_next(account: Account, policy: Policy) -> str:
    """Return one sentence that says what would change the status next."""
    if account.override:
        return f"Held by a person until {times.rfc3339(account.override.until)[:10]}; then the evidence decides again."
    best = nearest(account, policy)
    silence = lapse_at(account, policy)
    lapse = f"silence until {times.rfc3339(silence)[:10]} would make it lapsed" if silence is not None else ""
    if best is None:
        far = "" if account.status == CLIENT else f"no {MOST_STEPS} pieces of one kind of evidence would change it; "
        return _sentence(far + lapse or "a sign of life")
    count, target, step = best
    words = step.one if count == 1 else f"{NUMBERS[count]} {step.many}, a week apart,"
    gain = f"{words} would make it a {enums.STATUSES[target]}"
    return _sentence(f"{gain}; {lapse}" if lapse else gain)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip("; ") + "."
