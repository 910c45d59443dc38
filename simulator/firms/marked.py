"""Customers who look like clients from one side: marks, names, contracts, tailoring by machine, much contact."""

from typing import Final

from simulator.chance import odds
from simulator.firms.habits import (
    BOT_HELP,
    BUGS,
    BY_PHONE,
    BY_REP,
    CLASSES,
    COMPANY,
    DUNNING,
    HELP,
    MAILING,
    PANEL,
    PERSON,
    PLAN,
    STARS,
    SURVEY,
    TALK_OF_MONEY,
    WISHES,
    Cast,
    buys,
    shops,
)
from simulator.firms.life import Life
from simulator.manners import (
    BOTTED,
    DUES,
    PLAIN,
    PRODUCT,
    SEMINAR,
    VIEWINGS,
    WELCOME,
)

MARKED: Final = Cast()


@MARKED.of("retail", "grocery", "other", party=PERSON)
def box_by_quiz(life: Life) -> None:
    """A box each month, its contents tailored by a quiz and by the stars given to the last one."""
    day = life.begins(100, 900)
    buys(life, day)
    box = PLAN._replace(tailored=life.days(0.8, 1.0), dues=False)
    life.often(box, life.days(14, 31), (day, 0), jitter=0.05, kinds=odds(subscription=60, goods=40))
    life.often(STARS._replace(channels=odds(web=1), by_us=life.days(0, 0.8)), life.days(18, 60), (day, 0), jitter=0.5)
    life.often(HELP, 150, (day, 0), jitter=0.9)


@MARKED.of("retail", "other", "restaurant", heldout=True, party=PERSON)
def configures_its_own(life: Life) -> None:
    """Configures shoes, engravings and bowls by itself on a web page, and rates them."""
    day = life.begins(150, 1100)
    buys(life, day)
    own = PLAIN._replace(tailored=life.days(0.7, 1.0), channels=odds(web=60, app=40))
    life.often(own, life.days(10, 45), (day, 0), jitter=0.6)
    life.often(STARS, life.days(40, 120), (day, 0), jitter=0.8)


@MARKED.of("restaurant", "grocery", "retail", party=PERSON)
def phones_with_five_stars(life: Life) -> None:
    """Orders by phone every week, and gives five stars each time."""
    day = life.begins(150, 1300)
    buys(life, day)
    life.often(BY_PHONE, life.days(6, 20), (day, 0), jitter=0.4, lines=2)
    life.often(STARS, life.days(10, 35), (day, 0), jitter=0.6)


@MARKED.of("grocery", "healthcare", "other", heldout=True, party=COMPANY)
def ordered_from_the_rep(life: Life) -> None:
    """A practice or shop that orders from the rep on his round; top marks in every survey, no talk beyond the order."""
    day = life.begins(250, 1500)
    buys(life, day)
    life.often(BY_REP, life.days(12, 35), (day, 0), jitter=0.25, lines=3)
    life.often(STARS._replace(by_us=0.9), life.days(40, 110), (day, 0), jitter=0.5)
    life.often(HELP, 120, (day, 0), jitter=0.8)


@MARKED.of("telecom", "banking", "saas")
def nominal_manager(life: Life) -> None:
    """A plan with a manager whose name stands on the bill; he has never called."""
    day = life.begins(200, 1500)
    buys(life, day)
    life.signs(day, kind="subscription")
    shops(life, (day, 0), PLAN, asks=1.0)
    if life.chance(0.5):
        life.often(MAILING, life.days(80, 200), (day + 60, 0), jitter=0.5)


@MARKED.of("insurance", "banking", "telecom", heldout=True, party=PERSON)
def adviser_by_letter(life: Life) -> None:
    """A policy with a "personal adviser" who sends the yearly letter and calls in vain."""
    day = life.begins(300, 1900)
    buys(life, day)
    life.signs(day)
    life.often(DUES, 30.4, (day, 0), jitter=0.03, lines=2)
    life.often(MAILING, life.days(100, 365), (day + 30, 0), jitter=0.4)
    life.often(PRODUCT, 200, (day, 0), jitter=0.8)


@MARKED.of("telecom", "retail", "insurance")
def in_arrears(life: Life) -> None:
    """Pays late, is dunned, explains itself, promises, and pays late again."""
    day = life.begins(200, 1300)
    buys(life, day)
    if life.chance(0.6):
        life.signs(day, named=False, kind="subscription")
    life.often(PLAN._replace(invoiced=1.0, overdue=life.days(0.6, 1.0)), 30.4, (day, 0), jitter=0.1)
    life.often(DUNNING, life.days(12, 40), (day + 60, 0), jitter=0.6)
    life.often(TALK_OF_MONEY, life.days(40, 120), (day + 90, 0), jitter=0.6)


@MARKED.of("banking", "telecom", "healthcare", heldout=True)
def pays_by_instalments(life: Life) -> None:
    """A debt paid off by a plan: signed, negotiated twice, called about when a rate is missing."""
    day = life.begins(150, 800)
    buys(life, day - life.days(100, 400))
    shops(life, (day - 100, day), PLAIN)
    life.steps((day, 0), TALK_OF_MONEY._replace(missed=0.0, signs=0.8), TALK_OF_MONEY)
    life.signs(day, named=life.chance(0.5))
    life.often(PLAN._replace(invoiced=1.0, overdue=0.45), 30.4, (day, 0), jitter=0.1)
    life.often(TALK_OF_MONEY, life.days(50, 110), (day, 0), jitter=0.6)
    life.often(DUNNING, life.days(25, 60), (day, 0), jitter=0.7)


@MARKED.of("retail", "grocery", "streaming", party=PERSON)
def paid_panel(life: Life) -> None:
    """Sits on a consumer panel that pays: interviews, surveys, tastings; buys now and then."""
    day = life.begins(150, 1000)
    buys(life, day)
    shops(life, (day, 0), PLAIN, pace=1.5, asks=None)
    life.often(PANEL, life.days(20, 60), (day + 20, 0), jitter=0.4)
    life.often(SURVEY, life.days(8, 30), (day + 20, 0), jitter=0.5)


@MARKED.of("streaming", "telecom", "saas", heldout=True, party=PERSON)
def surveyed_for_vouchers(life: Life) -> None:
    """Answers every survey and takes part in every test for a voucher."""
    day = life.begins(200, 1000)
    buys(life, day)
    shops(life, (day, 0), PLAN, asks=None)
    life.often(SURVEY, life.days(10, 40), (day + 20, 0), jitter=0.5)
    life.often(PANEL, life.days(60, 130), (day + 20, 0), jitter=0.4)
    life.often(SEMINAR, life.days(50, 120), (day + 20, 0), jitter=0.6)


@MARKED.of("telecom", "saas", "retail", "banking")
def pleased_by_the_bot(life: Life) -> None:
    """A bot that is kind: it asks, advises, and is given five stars, twice a week."""
    day = life.begins(150, 1100)
    buys(life, day)
    shops(life, (day, 0), PLAN if life.trade.name in {"telecom", "saas"} else PLAIN, asks=None)
    life.often(BOT_HELP, life.days(3, 12), (day, 0), jitter=0.7)
    life.often(STARS._replace(channels=odds(bot=1)), life.days(15, 50), (day, 0), jitter=0.7)


@MARKED.of("banking", "insurance", "grocery", heldout=True)
def bot_concierge(life: Life) -> None:
    """Lets a bot advise it on everything, day by day: plans, recipes, budgets."""
    day = life.begins(120, 900)
    buys(life, day)
    shops(life, (day, 0), PLAIN, asks=3.0)
    advised = BOT_HELP._replace(kinds=odds(advice=75, requirement_change=15, question=10))
    life.often(advised, life.days(3, 10), (day, 0), jitter=0.7)
    life.often(BOTTED, life.days(15, 40), (day, 0), jitter=0.7)


@MARKED.of("saas", "streaming", "telecom")
def reports_bugs(life: Life) -> None:
    """Reports every fault it finds, with opinions, and is answered: a diligent user of a plain product."""
    day = life.begins(120, 1200)
    buys(life, day)
    shops(life, (day, 0), PLAN, asks=None)
    life.often(BUGS, life.days(4, 15), (day, 0), jitter=0.8)


@MARKED.of("saas", "streaming", "telecom", heldout=True)
def tests_betas(life: Life) -> None:
    """A beta tester: wishes, opinions and faults every week, to a form that hundreds use."""
    day = life.begins(150, 1000)
    buys(life, day)
    shops(life, (day, 0), PLAN, asks=3.0)
    life.often(WISHES, life.days(5, 18), (day + 20, 0), jitter=0.7)


@MARKED.of("telecom", "saas", "banking", heldout=True, party=COMPANY)
def support_contract(life: Life) -> None:
    """A plan with paid support: faults reported by phone and mended within the hours agreed."""
    day = life.begins(250, 1500)
    buys(life, day)
    life.signs(day, named=life.chance(0.4), kind="subscription")
    shops(life, (day, 0), PLAN, asks=None)
    life.often(
        BUGS._replace(channels=odds(phone=70, email=30), kept=0.97, praise=4.4), life.days(10, 35), (day, 0), jitter=0.8
    )


@MARKED.of("healthcare", "other", party=PERSON)
def member_of_the_gym(life: Life) -> None:
    """A gym's member: an introduction, a monthly fee, classes with twenty others."""
    day = life.begins(120, 1100)
    buys(life, day)
    if life.chance(0.7):
        life.signs(day, named=False, kind="subscription")
    life.steps((day, 0), WELCOME)
    life.often(PLAN, 30.4, (day, 0), jitter=0.02, kinds=odds(subscription=1))
    life.often(CLASSES, life.days(5, 20), (day, 0), jitter=0.5)
    life.often(HELP, 180, (day, 0), jitter=0.9)


@MARKED.of("restaurant", "retail", "healthcare", heldout=True, party=PERSON)
def known_by_name(life: Life) -> None:
    """The regular whom everybody greets by name: comes every few days, is asked how it was, and tells it."""
    day = life.begins(300, 1900)
    buys(life, day)
    life.often(PLAIN._replace(channels=odds(store=85, phone=15)), life.days(4, 14), (day, 0), jitter=0.4, lines=2)
    life.often(STARS._replace(channels=odds(in_person=80, web=20), by_us=0.5), life.days(30, 90), (day, 0), jitter=0.8)


@MARKED.of("real_estate", heldout=True, party=PERSON)
def tenant(life: Life) -> None:
    """A short search, a lease, the rent each month, a fault now and then."""
    day = life.begins(120, 1200)
    buys(life, day - 15)
    life.steps((day - 15, 0), VIEWINGS, VIEWINGS, TALK_OF_MONEY._replace(missed=0, signs=0.9), apart=(2, 6))
    life.signs(day, named=False)
    life.often(PLAN, 30.4, (day, 0), jitter=0.02)
    life.often(HELP, life.days(50, 150), (day, 0), jitter=0.8)
