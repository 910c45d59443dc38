"""An account's view as advice for whoever is about to speak to it. Pure."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from relationship.contract.messages import Status
from views.accounts.account import AccountView

#: Below it the standing is as good as a guess between two: the advice says to take care.
UNSURE: Final = 0.6
NOTHING_KNOWN: Final = (
    "Nothing is known of this account: it has no events, or it was erased. "
    "Speak as to somebody new, and do not say that you knew it."
)
# What holds of every account, whatever its play: what is told here is for the agent, and a judgement.
NEVER: Final = (
    "its standing, score or confidence, or that there is such a thing",
    "that it was measured, compared with others, or erased",
)


class Advice(Struct, frozen=True):
    """What a chat agent is told of an account. Times are RFC 3339.

    Attributes:
        account_id: the account that is spoken of.
        merged_from: the id that was asked for, where that account was merged into this one.
        known: whether there is such an account; where not, only `summary` and `do_not_say` are filled.
        summary: who it is and how to speak to it, in some sentences.
        standing, since: its status, and since when.
        score: 0-100.
        confidence: the chance, 0-1, that the standing is right; `unsure` below 0.6.
        why: the last decision's own sentence.
        industry, party, scope, market, buying: who it is: `buying` is potential, new, regular or loyal.
        play: the play's name.
        service, tone: how it is served, and which kind of marketing fits.
        do, do_not: what to do now, and what to stop.
        do_not_say: what is not for its ears.
        what_next: the smallest further evidence that would change the standing.
        held_until: until when a person holds the standing; None where the evidence speaks.
        as_of: the event time that all this speaks of.
    """

    account_id: str
    known: bool
    summary: str
    do_not_say: list[str]
    merged_from: str | None = None
    standing: Status | None = None
    since: str | None = None
    score: float | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    unsure: bool | None = None
    why: str | None = None
    industry: str | None = None
    party: str | None = None
    scope: str | None = None
    market: str | None = None
    buying: Literal["potential", "new", "regular", "loyal"] | None = None
    play: str | None = None
    service: str | None = None
    tone: str | None = None
    do: list[str] = []
    do_not: list[str] = []
    what_next: str | None = None
    held_until: str | None = None
    as_of: str | None = None


def advice_of(view: AccountView, merged_from: str | None = None) -> Advice:
    """Return the advice on an account, which was asked for by the id of one that was merged into it, say."""
    state, play, segment = view.state, view.play, view.state.segment
    unsure = state.confidence < UNSURE
    sure = f"It is a {state.status}" if not unsure else f"It is probably a {state.status} (take care: that is not sure)"
    to_do, to_stop = "; ".join(play.actions), "; ".join(play.stop)
    return Advice(
        account_id=state.account_id,
        known=True,
        summary=f"{sure}. {view.why} Serve it so: {play.service_model}. Now: {to_do}. Not: {to_stop}.",
        merged_from=merged_from,
        do_not_say=[*NEVER],
        standing=state.status,
        since=state.since,
        score=state.score,
        confidence=state.confidence,
        unsure=unsure,
        why=view.why,
        industry=segment.industry,
        party=segment.party,
        scope=segment.scope,
        market=segment.market,
        buying=segment.standing,
        play=play.name,
        service=play.service_model,
        tone=play.marketing,
        do=[*play.actions],
        do_not=[*play.stop],
        what_next=view.what_next,
        held_until=state.held_until,
        as_of=state.as_of,
    )


def nothing_known(account_id: str) -> Advice:
    """Return what is said of an account of which nothing is known: it never was, or is gone. Which, nobody can tell."""
    return Advice(account_id=account_id, known=False, summary=NOTHING_KNOWN, do_not_say=[*NEVER])
