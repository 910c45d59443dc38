"""Customers and prospects as every firm has them: they buy, or are courted, complain, hunt for deals, and go."""

from typing import Final

from simulator.firms.habits import (
    COMPANY,
    HELP,
    PERSON,
    PLAN,
    Cast,
    buys,
    leave,
    shops,
)
from simulator.firms.life import Life
from simulator.manners import (
    BULK,
    CANCEL,
    COLD_CALL,
    DEALS,
    GRIEVANCE,
    OPINION,
    PITCH,
    PLAIN,
    SEMINAR,
    TALKS,
    WELCOME,
)

PLAINLY: Final = Cast()


@PLAINLY.of("telecom", "retail", "saas", "banking")
def complains(life: Life) -> None:
    """Complains about the product, often and at length."""
    day = life.begins(150, 1100)
    buys(life, day)
    shops(life, (day, 0), PLAIN if life.trade.name == "retail" else PLAN, asks=2.0)
    life.often(GRIEVANCE, life.days(8, 30), (day, 0), jitter=0.7)


@PLAINLY.of("consulting", "saas", "law", "architecture")
def courted_in_vain(life: Life) -> None:
    """Lets itself be courted: talks, offers and seminars for months or years, and no order."""
    day = life.begins(100, 800)
    life.is_prospect(day)
    life.profile(day)
    life.often(PITCH, life.days(20, 60), (day, 0), jitter=0.7)
    life.often(SEMINAR, life.days(40, 100), (day, 0), jitter=0.6)


@PLAINLY.of("saas", "marketing_agency", "consulting", heldout=True, party=COMPANY)
def tried_and_did_not_buy(life: Life) -> None:
    """A trial of six weeks with a welcome and check-ins, and then no order; sold to again since."""
    day = life.begins(90, 500)
    life.is_prospect(day)
    life.profile(day)
    life.steps((day, 0), PITCH, WELCOME, TALKS, TALKS, PITCH, apart=(5, 14))
    life.often(HELP, 12, (day, day + 45), jitter=0.8)
    life.often(PITCH._replace(missed=0.5), life.days(50, 120), (day + 60, 0), jitter=0.7)


@PLAINLY.of("saas", "financial_advice", "marketing_agency", heldout=True)
def comes_to_every_webinar(life: Life) -> None:
    """Comes to every webinar, buys a report now and then, asks a question in the chat."""
    day = life.begins(200, 1000)
    buys(life, day)
    life.often(SEMINAR._replace(missed=0.25), life.days(12, 35), (day, 0), jitter=0.4)
    life.often(PLAIN, life.days(60, 150), (day, 0), jitter=0.7)
    life.often(HELP, life.days(50, 140), (day, 0), jitter=0.8)


@PLAINLY.of("telecom", "streaming", "insurance", "banking")
def plan_holder(life: Life) -> None:
    """A plan paid on time for years, under contract, with a question a year."""
    day = life.begins(200, 2000)
    buys(life, day)
    life.signs(day, named=False)
    shops(life, (day, 0), PLAN, asks=2.5)


@PLAINLY.of("retail", "grocery", "restaurant", "other", party=PERSON)
def faithful_shopper(life: Life) -> None:
    """Spends much, and often, at list price, for years."""
    day = life.begins(300, 2000)
    buys(life, day)
    shops(life, (day, 0), PLAIN._replace(size=3.0, deal=0.02), pace=life.days(0.4, 1.0), asks=2.0, jitter=0.3)


@PLAINLY.of("retail", "grocery", "other", "healthcare", party=COMPANY)
def silent_wholesale(life: Life) -> None:
    """Buys by the pallet, like clockwork, without a word."""
    day = life.begins(300, 2000)
    buys(life, day)
    shops(life, (day, 0), BULK, pace=life.days(0.6, 1.6), asks=4.0, jitter=0.2)


@PLAINLY.of("retail", "saas", "telecom", "restaurant")
def hunts_deals(life: Life) -> None:
    """Comes for the discount, and writes to get one."""
    day = life.begins(100, 1000)
    buys(life, day)
    shops(life, (day, 0), DEALS, pace=1.4, asks=0.8, jitter=0.9)


@PLAINLY.of("consulting", "law", "accounting", "architecture", "real_estate", heldout=True)
def buys_documents(life: Life) -> None:
    """Orders reports, forms and plans from a firm of experts, off the shelf."""
    day = life.begins(200, 1500)
    buys(life, day)
    shops(life, (day, 0), PLAIN, pace=life.days(0.7, 1.5), asks=1.5)
    life.often(COLD_CALL, life.days(60, 150), (day, 0), jitter=0.7)


@PLAINLY.of("retail", "law", "consulting", "restaurant", "other", "healthcare")
def bought_once(life: Life) -> None:
    """Bought once, perhaps asked once, and was not seen again."""
    day = life.begins(20, 1200)
    buys(life, day)
    life.once(day + 0.2, PLAIN)
    if life.chance(0.3):
        life.once(day + life.days(3, 30), HELP)
    leave(life, day + 30)


@PLAINLY.of("retail", "streaming", "saas", "grocery", heldout=True)
def cancelled(life: Life) -> None:
    """A subscriber who cancelled, for the price or for a rival."""
    ended = -life.days(20, 500)
    day = ended - life.days(100, 700)
    buys(life, day)
    shops(life, (day, ended), PLAN, asks=1.5)
    life.once(ended, CANCEL)
    life.once(ended + 1, OPINION)
    leave(life, ended)
