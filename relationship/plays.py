"""The play: what to do with an account of a standing, and what to stop. Source: the mission's table of plays.

A wrong class costs money both ways, so a play says what to stop as well. Names only: what an action is in a given firm is
the firm's own affair.
"""

from typing import Final

from relationship.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account
from relationship.decisions import PlayPart

AT_SCALE: Final = "efficient, self-serve, prompt, at scale"
BROAD: Final = "broad reach: promotions, offers, social proof"
DEDICATED: Final = "a dedicated person, bespoke, proactive"
ONE_TO_ONE: Final = "one to one: reviews, thought leadership, referrals, cross-sell that fits its needs"
NO_MANAGER: Final = "a named account manager's hours"
NO_MASS: Final = "mass promotions and generic offers"

PLAYS: Final = {
    PROSPECT: PlayPart("attract", AT_SCALE, BROAD, ["make buying easy", "predict needs in the mass"], [NO_MANAGER]),
    CUSTOMER: PlayPart(
        "serve_at_scale",
        AT_SCALE,
        BROAD + ", a loyalty programme whose rewards grow with use",
        ["make buying easy", "predict needs in the mass"],
        [NO_MANAGER, "bespoke work below its price"],
    ),
    CANDIDATE: PlayPart(
        "court",
        "a first named contact",
        "education: workshop, webinar, guide; a success story of its kind",
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
WIN_BACK: Final = PlayPart(
    "win_back", DEDICATED, ONE_TO_ONE, ["call and ask why", "offer a review of what has changed"], [NO_MASS]
)
LET_GO: Final = PlayPart(
    "let_go",
    AT_SCALE,
    BROAD,
    ["ask why, once", "learn from the answer"],
    [NO_MANAGER, "repeated offers without an answer"],
)


def play_of(account: Account) -> PlayPart:
    """Return the play of an account's told status; of a lapsed one by what it was worth: a relationship is won back."""
    if account.told == LAPSED:
        return WIN_BACK if account.was in {CLIENT, CANDIDATE} else LET_GO
    return PLAYS[account.told]
