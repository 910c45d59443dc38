"""The evidence of a decision: for each dimension, the few events of the history kept that weigh most at its time."""

from collections.abc import Iterable
from math import exp2
from typing import Final

from relationship.classify.ends import SET_ASIDE, worked_off_at
from relationship.classify.signals import effects_of, remember, sign_of_life
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.policy.compiled import Policy
from relationship.state import facts as f
from relationship.state.account import Account

EVIDENCE_KEPT: Final = 3  # events named for each dimension: enough to check, few enough to read
ENGAGEMENT, DUTIES, DIALOGUE, NEEDS = (INDEX[d] for d in ("engagement", "duties", "dialogue", "needs"))
DURATION, BREADTH, COMMITMENT, SERVICE = (INDEX[d] for d in ("duration", "breadth", "commitment", "service"))


def evidence_of(facts: Iterable[f.Fact], account: Account, policy: Policy) -> list[list[str]]:
    """Return for each dimension the ids of the events that weigh most at the account's time, the heaviest first.

    `facts` are those folded by then, in order. An event's weight is its mass of evidence for or against, whichever is the
    larger, decayed; of equal weights the earlier event comes first.
    """
    weights: list[dict[str, float]] = [{} for _ in DIMENSIONS]
    context = Account(profile=account.profile)
    first = last = None
    half_lives, now, ended = policy.half_lives_us, account.t, account.ended
    aside = None if ended is None else worked_off_at(account, ended, policy)
    for fact in facts:
        age, name = now - fact.t, fact.id
        is_aside = aside is not None and fact.t < aside  # from before the end, or while it is worked off
        for i, good, bad in effects_of(fact, context, policy):
            if is_aside and i in SET_ASIDE:
                continue
            weight = max(good, bad) * exp2(-(age / half_lives[i]))
            if weight > 0.0:
                of_one = weights[i]
                of_one[name] = of_one.get(name, 0.0) + weight
        remember(context, fact)
        if sign_of_life(fact):
            first, last = first or name, name
    named = [sorted(each, key=each.__getitem__, reverse=True)[:EVIDENCE_KEPT] if each else [] for each in weights]
    named[DURATION] = [event_id for event_id in dict.fromkeys((first, last)) if event_id is not None]
    named[BREADTH] = _lines(facts)
    bought = [fact.id for fact in facts if isinstance(fact, f.PurchaseFact) and not fact.flags & f.REFUND]
    if not named[ENGAGEMENT]:  # what purchases alone bring to it
        named[ENGAGEMENT] = bought[: -EVIDENCE_KEPT - 1 : -1]
    if not named[DUTIES]:  # to say what one needs and what one thinks is a duty too
        named[DUTIES] = list(dict.fromkeys([*named[DIALOGUE], *named[NEEDS]]))[:EVIDENCE_KEPT]
    profile = account.profile
    if profile:
        named[COMMITMENT] += [profile.id] if profile.contract else []
        named[SERVICE] += [profile.id] if profile.flags & f.HAS_MANAGER else []
    return named


def _lines(facts: Iterable[f.Fact]) -> list[str]:
    """Return the ids of the last purchases that opened a line of business."""
    opened: dict[str, str] = {}
    for fact in facts:
        if isinstance(fact, f.PurchaseFact) and fact.category:
            opened.setdefault(fact.category, fact.id)
    return list(opened.values())[-EVIDENCE_KEPT:] if len(opened) > 1 else []
