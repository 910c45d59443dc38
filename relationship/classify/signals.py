"""The evidence in one fact: its effects on the dimensions, and whether it is a sign of life.

Every function is pure and takes the account as it was before the fact. How much an event counts comes from the policy; here
is only how the parts of an event combine. Rules of the mission that are implemented here: a bot's contact counts for less
than a person's; a missed meeting and our own unanswered contact are no evidence of a relationship; amounts of money are
never read.

A fact's type is compared by identity and not with `isinstance`, which takes three times as long where the answer is no.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from relationship.contract import enums, times
from relationship.contract.names import INDEX
from relationship.policy.compiled import Effect, Policy
from relationship.state import facts as f
from relationship.state.account import ORDERS_REMEMBERED, TICKETS_REMEMBERED, Account

SERVICE, LOYALTY = INDEX["service"], INDEX["loyalty"]
SAME_VISIT_US: Final = times.DAY_US // 2  # signs of life within half a day are one visit, without a gap between them
EXPERT_CHANNELS: Final = frozenset({enums.PURCHASE_CHANNELS.index("rep"), enums.PURCHASE_CHANNELS.index("phone")})
TICKET_BOT: Final = enums.TICKET_CHANNELS.index("bot")
OPENED = enums.TICKET_STATUSES.index("opened")
THEIRS, OURS = (enums.INITIATORS.index(name) for name in ("account", "us"))
UPDATED: Final = enums.TICKET_STATUSES.index("updated")
LEFT_FOR: Final = {
    enums.CANCEL_REASONS.index("price"): "left_for_price",
    enums.CANCEL_REASONS.index("competitor"): "left_for_rival",
}
CONSUMER_MARKETS: Final = frozenset({enums.MARKETS.index("consumer"), enums.MARKETS.index("retail")})
CSAT_HIGH, CSAT_LOW = 4, 3  # of 5: satisfied from the one on, dissatisfied below the other
BOTS_SHARE: Final = 0.3  # weight of the newest channel in the share of bots: about the last six tickets count
MOSTLY: Final = 0.5  # share of bots from which a ticket of unknown channel is taken for one of a bot's
MOST_PEOPLE: Final = 4  # of ours in one meeting; more people are not more service

PURCHASE_FLAGS: Final = (
    (f.CUSTOMISED, "customised"),
    (f.DISCOUNTED, "discounted"),
    (f.FULL_PRICE, "full_price"),
    (f.PREMIUM, "premium"),
    (f.UNDER_CONTRACT, "under_contract"),
    (f.PAID_ON_TIME, "paid_on_time"),
    (f.PAID_LATE, "paid_late"),
)
OUTCOME_FLAGS: Final = (
    (f.SLA_MET, "sla_met"),
    (f.SLA_MISSED, "sla_missed"),
    (f.OUTCOME_MET, "outcome_met"),
    (f.OUTCOME_MISSED, "outcome_missed"),
)
MEETING_FLAGS: Final = ((f.NEEDS_CHANGED, "requirement_change"), (f.SIGNED, "signed"))


def scaled(effects: Iterable[Effect], factor: float) -> list[Effect]:
    """Return the effects with their masses times `factor`."""
    if factor == 1.0:
        return [*effects]
    return [(i, good * factor, bad * factor) for i, good, bad in effects]


def is_nothing(fact: f.PurchaseFact) -> bool:
    """Tell whether a purchase is a refund of nothing, which says nothing."""
    return bool(fact.flags & f.REFUND) and not Decimal(fact.amount)


def is_further_line(fact: f.PurchaseFact, account: Account) -> bool:
    """Tell whether a sale is a further line of an order known already; without an order's id, of the same visit.

    Where more orders were bought than are remembered, a line within the same visit may be of a forgotten one: it counts as
    a further line, so that the error is towards no change.
    """
    if fact.order is not None:
        if fact.order in account.orders:
            return True
        if len(account.orders) < ORDERS_REMEMBERED:
            return False
    return account.bought_last is not None and fact.t - account.bought_last < SAME_VISIT_US


def remember(account: Account, fact: f.Fact) -> None:
    """Remember what the next facts are recognised by: a ticket that changes, an order that has more lines."""
    if type(fact) is f.TicketFact:
        remember_ticket(account, fact)
    elif type(fact) is f.PurchaseFact and not fact.flags & f.REFUND:
        remember_order(account, fact, further_line=is_further_line(fact, account))


def remember_ticket(account: Account, fact: f.TicketFact) -> None:
    """Remember a ticket as the one that changed last, and whether it was with a bot where that is told."""
    tickets = account.tickets
    if fact.channel == TICKET_BOT:
        account.bots += BOTS_SHARE * (1.0 - account.bots)
    elif account.bots and fact.channel is not None:
        account.bots -= BOTS_SHARE * account.bots
    if fact.ticket in tickets:
        tickets.remove(fact.ticket)
    elif len(tickets) == TICKETS_REMEMBERED:
        del tickets[0]
        account.tickets_forgotten = True
    tickets.append(fact.ticket)


def remember_order(account: Account, fact: f.PurchaseFact, *, further_line: bool) -> None:
    """Remember the order or the visit of a sale."""
    if fact.order is not None and fact.order not in account.orders:
        account.orders = [*account.orders[1 - ORDERS_REMEMBERED :], fact.order]
    if not further_line:
        account.bought_last = fact.t


def purchase(fact: f.PurchaseFact, account: Account, policy: Policy) -> list[Effect]:
    """Return the effects of a purchase. A refund has its own and no other; a further line is no custom kept again."""
    if fact.flags & f.REFUND:
        return [] if is_nothing(fact) else list(policy.extra["refund"])
    effects = list(policy.purchase[fact.kind])
    if is_further_line(fact, account):
        effects = [effect for effect in effects if effect[0] != LOYALTY]
    effects = _with_flags(effects, fact.flags, PURCHASE_FLAGS, policy)
    if fact.channel in EXPERT_CHANNELS:
        effects += policy.extra["by_person"]
    return effects


def answered(fact: f.TicketFact) -> bool:
    """Tell whether the account took part in a ticket's change: always in its own ticket, in ours only by an answer."""
    if fact.initiator != OURS:
        return True
    return fact.status == UPDATED or fact.sentiment is not None or fact.csat is not None


def person_factor(account: Account, policy: Policy) -> float:
    """Return what a bot's contact counts for, as a share of a person's: more for a consumer than for a business."""
    persons = policy.source.persons
    profile = account.profile
    consumer = profile is not None and (
        profile.market in CONSUMER_MARKETS if profile.market is not None else profile.party == 0
    )
    return persons.bot_consumer if consumer else persons.bot_business


def is_by_bot(fact: f.TicketFact, account: Account) -> bool:
    """Tell whether a ticket is with a bot; one whose channel is not told is as most of the account's that tell it."""
    return account.bots > MOSTLY if fact.channel is None else fact.channel == TICKET_BOT


def is_known(fact: f.TicketFact, account: Account) -> bool:
    """Tell whether a ticket's change is one of a known ticket, or, where tickets were forgotten, may be one of those."""
    return fact.ticket in account.tickets or (account.tickets_forgotten and fact.status != OPENED)


def ticket(fact: f.TicketFact, account: Account, policy: Policy) -> list[Effect]:
    """Return the effects of a ticket's change: the first event of a ticket counts in full, a later one in part."""
    known = is_known(fact, account)
    if not answered(fact):
        return [] if known else list(policy.extra["ours_unanswered"])
    factor = policy.ticket_change[fact.status] if known else 1.0
    if is_by_bot(fact, account):
        factor *= person_factor(account, policy)
    effects = scaled(policy.ticket[fact.kind], factor)
    if fact.initiator == THEIRS:
        effects += scaled(policy.ticket_theirs, factor)
    elif fact.initiator == OURS:
        effects += scaled(policy.extra["ours_and_answered"], factor)
    if fact.reason in LEFT_FOR:
        effects += policy.extra[LEFT_FOR[fact.reason]]
    sentiment, csat = fact.sentiment, fact.csat  # the account's opinion
    if sentiment:
        effects += scaled(policy.extra["liked" if sentiment > 0 else "disliked"], abs(sentiment))
    if csat is not None:
        effects += policy.extra["csat_high" if csat >= CSAT_HIGH else "csat_low" if csat < CSAT_LOW else "csat_middle"]
    return _with_flags(effects, fact.flags, OUTCOME_FLAGS, policy)


def _with_flags(effects: list[Effect], flags: int, names: tuple[tuple[int, str], ...], policy: Policy) -> list[Effect]:
    """Return the effects with those of every flag that is set, in the order of their names."""
    if flags:
        for flag, name in names:
            if flags & flag:
                effects += policy.extra[name]
    return effects


def meeting(fact: f.MeetingFact, _account: Account, policy: Policy) -> list[Effect]:
    """Return the effects of a meeting; of one that the account missed, only those of missing it."""
    if fact.flags & f.NO_SHOW:
        return list(policy.extra["no_show"])
    effects = list(policy.meeting[fact.kind])
    if fact.initiator == THEIRS:
        effects += policy.meeting_theirs
    elif fact.initiator == OURS:
        effects += policy.extra["ours_and_attended"]
    effects = _with_flags(effects, fact.flags, MEETING_FLAGS, policy)
    people = min(fact.ours or 1, MOST_PEOPLE)
    effects.append((SERVICE, fact.minutes / 60 * people * policy.meeting_hours[fact.kind], 0.0))
    return _with_flags(effects, fact.flags, OUTCOME_FLAGS, policy)


def effects_of(fact: f.Fact, account: Account, policy: Policy) -> list[Effect]:
    """Return the effects of a fact, as (dimension, mass for, mass against); a profile or a command has none."""
    if type(fact) is f.PurchaseFact:
        return purchase(fact, account, policy)
    if type(fact) is f.TicketFact:
        return ticket(fact, account, policy)
    if type(fact) is f.MeetingFact:
        return meeting(fact, account, policy)
    return list(policy.extra["referred"]) if type(fact) is f.ReferralFact else []


def sign_of_life(fact: f.Fact) -> bool:
    """Tell whether the account itself did something: bought, met us, wrote or answered, or referred somebody."""
    if type(fact) is f.PurchaseFact:
        return not fact.flags & f.REFUND
    if type(fact) is f.TicketFact:
        return answered(fact)
    if type(fact) is f.MeetingFact:
        return not fact.flags & f.NO_SHOW
    return type(fact) is f.ReferralFact
