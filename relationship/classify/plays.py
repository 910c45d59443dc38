"""The play: what to do with an account of a status, and what to stop. Source: the mission's table of plays.

A wrong class costs money both ways, so a play says what to stop as well. Actions are names; a firm decides what they mean
in its work. Whether a lapsed account is won back depends on what it was: a client or candidate by the person who knew it, a
buyer of many purchases by an offer, any other account not at all. Whoever has just signed an engagement is welcomed.
"""

from typing import Final

from relationship.classify.ends import ENGAGED
from relationship.contract.decisions import PlayPart
from relationship.policy.compiled import Policy
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account

AT_SCALE: Final = "efficient, self-serve, prompt, at scale"
BROAD: Final = "broad reach: promotions, offers, social proof, a loyalty programme whose rewards grow with use"
EDUCATION: Final = "education: workshop, webinar, guide; a success story of its kind"
DEDICATED: Final = "a dedicated person, bespoke, proactive"
ONE_TO_ONE: Final = "one to one: reviews, thought leadership, referrals, cross-sell that fits its needs"
AS_BEFORE: Final = "; as it was before, in its own words"
NO_MANAGER: Final = "a named account manager's hours"
NO_MASS: Final = "mass promotions and generic offers"
MAKE_IT_EASY: Final = ("make buying easy", "predict needs in the mass")

PLAYS: Final = {
    PROSPECT: PlayPart("attract", AT_SCALE, BROAD, [*MAKE_IT_EASY], [NO_MANAGER]),
    CUSTOMER: PlayPart(
        "serve_at_scale", AT_SCALE, BROAD, [*MAKE_IT_EASY], [NO_MANAGER, "bespoke work below its price"]
    ),
    CANDIDATE: PlayPart(
        "court",
        "a first named contact",
        EDUCATION,
        ["invite to a planning talk", "ask for goals and feedback"],
        [NO_MASS, "discount codes"],
    ),
    CLIENT: PlayPart(
        "keep",
        DEDICATED,
        ONE_TO_ONE,
        [
            "hold regular check-ins",
            "agree on outcomes",
            "show appreciation that grows with tenure",
            "tell its success story, with consent",
        ],
        [NO_MASS, "self-serve deflection of its questions"],
    ),
}
WELCOME: Final = PlayPart(
    "welcome",
    "a first named contact, who sets it up with them",
    EDUCATION,
    ["introduce the person who looks after it", "agree on goals and outcomes", "set the first check-in"],
    [NO_MASS, "discount codes", "self-serve deflection of its questions"],
)
ASK: Final = ("ask why", "learn from the answer")
WIN_BACK: Final = {
    CLIENT: PlayPart(
        "win_back",
        "win back: the person who had it calls",
        ONE_TO_ONE + AS_BEFORE,
        [*ASK, "offer a review of what has changed"],
        [NO_MASS],
    ),
    CANDIDATE: PlayPart(
        "win_back",
        "win back: its first contact calls",
        EDUCATION + AS_BEFORE,
        [*ASK, "offer the planning talk again"],
        [NO_MASS],
    ),
    CUSTOMER: PlayPart(
        "win_back_at_scale",
        "win back: one offer, self-serve",
        BROAD + AS_BEFORE,
        [*ASK, "make coming back easy"],
        [NO_MANAGER, "repeated offers without an answer"],
    ),
}
LET_GO: Final = PlayPart(
    "let_go",
    "let go: self-serve, at scale",
    BROAD + AS_BEFORE,
    [*ASK],
    [NO_MANAGER, "repeated offers without an answer"],
)


def play_of(account: Account, policy: Policy) -> PlayPart:
    """Return the play of an account's effective status; of a lapsed one by what it was before."""
    status = account.effective_status
    if status != LAPSED:
        return WELCOME if status != CLIENT and _has_just_signed(account, policy) else PLAYS[status]
    was = account.was if account.status == LAPSED else account.status
    if was == CUSTOMER and account.purchases < policy.source.segment.loyal_purchases:
        return LET_GO
    return WIN_BACK.get(was, LET_GO)


def _has_just_signed(account: Account, policy: Policy) -> bool:
    """Tell whether it has signed an engagement or a retainer of late; a plan or a policy is none."""
    if account.signed is None or account.ended is not None or account.t - account.signed > policy.welcome_us:
        return False
    contract = account.profile.contract if account.profile is not None else None
    return contract is None or contract[0] in ENGAGED
