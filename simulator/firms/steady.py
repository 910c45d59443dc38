"""Clients whose relationship goes on in contact: by weeks, by months, in person, in writing, with bills and without."""

from typing import Final

from simulator.firms.habits import (
    CALLS,
    COMPANY,
    LETTERS,
    NEEDS,
    ON_SITE,
    PERSON,
    REVIEW,
    WORK,
    WORKSHOPS,
    Cast,
    begin,
    buys,
    court,
    shops,
    works,
)
from simulator.firms.life import Life
from simulator.manners import (
    BRIEFING,
    BULK,
    FEES,
    OPINION,
    PLAIN,
    RETAINER,
    SESSIONS,
    VIEWINGS,
)

STEADY: Final = Cast()


@STEADY.of("consulting", "law", "accounting", "architecture", "financial_advice")
def advised_monthly(life: Life) -> None:
    """Advised month by month, for years."""
    day = life.begins(200, 1500)
    court(life, day)
    begin(life, day)
    works(life, (day + 10, 0), meets=life.days(18, 45), writes=life.days(20, 70))


@STEADY.of("marketing_agency", "accounting")
def retained(life: Life) -> None:
    """An agency or bookkeeper on a retainer: talks every week or two."""
    day = life.begins(120, 1200)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(7, 20), writes=life.days(10, 40), bill=RETAINER)


@STEADY.of("saas", "telecom", heldout=True, party=COMPANY)
def reviewed_each_quarter(life: Life) -> None:
    """A software client with somebody of its own: onboarding, a business review each quarter, wishes for the product."""
    day = life.begins(250, 1500)
    court(life, day)
    begin(life, day)
    works(life, (day + 20, 0), meets=91, talks=REVIEW, writes=life.days(30, 80), letters=NEEDS)
    life.often(CALLS, life.days(35, 70), (day + 15, 0), jitter=0.5)


@STEADY.of("saas", party=COMPANY)
def onboarded(life: Life) -> None:
    """A software client that was set up with its people and is looked after."""
    day = life.begins(100, 900)
    court(life, day)
    begin(life, day)
    works(life, (day + 10, 0), meets=life.days(14, 35), writes=life.days(20, 60), bill=RETAINER)


@STEADY.of("retail", "grocery", "restaurant", "other", party=COMPANY)
def grown_key_account(life: Life) -> None:
    """A customer of a trade of goods that became a key account: assortments planned together, quarter by quarter."""
    day = life.begins(200, 1000)
    first = day - life.days(100, 600)
    buys(life, first)
    shops(life, (first, 0), BULK, pace=life.days(1.0, 2.0))
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(20, 50), writes=life.days(30, 70))


@STEADY.of("grocery", "retail", "other", heldout=True, party=COMPANY)
def plans_its_range(life: Life) -> None:
    """A wholesale buyer with a buyer's own planner: range reviews, forecasts, own labels."""
    day = life.begins(250, 1300)
    buys(life, day - life.days(30, 200))
    shops(life, (day - 30, 0), BULK, pace=life.days(0.8, 1.5), asks=None)
    begin(life, day)
    tailored = FEES._replace(tailored=0.6, size=6)
    works(life, (day, 0), meets=life.days(25, 60), talks=REVIEW, writes=life.days(20, 60), bill=tailored, kinds=WORK)


@STEADY.of("banking", "financial_advice", party=PERSON)
def family_office(life: Life) -> None:
    """A wealthy family advised closely on everything."""
    day = life.begins(400, 1900)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(15, 35), writes=life.days(8, 25), fees=91, lines=4)


@STEADY.of("healthcare", party=PERSON)
def in_therapy(life: Life) -> None:
    """Sessions every week or two, with a plan of its own."""
    day = life.begins(100, 700)
    buys(life, day - life.days(5, 30))
    begin(life, day, told=0.7)
    works(life, (day, 0), meets=life.days(7, 15), talks=SESSIONS, writes=life.days(40, 100), fees=30.4)


@STEADY.of("healthcare", "other", heldout=True, party=PERSON)
def coached_monthly(life: Life) -> None:
    """A physiotherapist's or trainer's client: once a month for years, with goals."""
    day = life.begins(300, 1500)
    buys(life, day - life.days(2, 20))
    begin(life, day, told=0.5)
    works(life, (day, 0), meets=life.days(24, 42), talks=SESSIONS, writes=life.days(60, 150), kinds=WORK)


@STEADY.of("real_estate", party=PERSON)
def searching_a_home(life: Life) -> None:
    """A buyer with a mandate given: viewings every week, talks about what it really needs."""
    day = life.begins(60, 260)
    court(life, day)
    begin(life, day)
    works(life, (day, 0), meets=life.days(6, 14), talks=VIEWINGS, writes=life.days(8, 25), fees=None)
    life.often(BRIEFING, life.days(25, 50), (day + 5, 0))


@STEADY.of("real_estate", heldout=True)
def landlord_looked_after(life: Life) -> None:
    """A landlord whose houses are managed: a call each month or so, a yearly plan, a monthly fee."""
    day = life.begins(400, 1900)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(28, 60), talks=CALLS, writes=life.days(25, 60), bill=RETAINER)
    for season in life.seasons((day, 0), 10):
        life.once(season[0], REVIEW)


@STEADY.of("architecture", "other", heldout=True)
def furnished_room_by_room(life: Life) -> None:
    """An interior designer's client: visits, choices, made-to-measure pieces, over a year and more."""
    day = life.begins(150, 700)
    court(life, day)
    begin(life, day)
    works(
        life, (day + 5, 0), meets=life.days(14, 35), talks=ON_SITE, writes=life.days(10, 30), letters=NEEDS, kinds=WORK
    )


@STEADY.of("retail", heldout=True, party=PERSON)
def dressed_by_a_stylist(life: Life) -> None:
    """A personal shopper's client: a wardrobe planned together, fittings, pieces made to measure."""
    day = life.begins(300, 1300)
    buys(life, day - life.days(30, 300))
    shops(life, (day - 30, 0), PLAIN, pace=2.0)
    begin(life, day, told=0.3)
    works(
        life,
        (day, 0),
        meets=life.days(28, 65),
        talks=ON_SITE,
        writes=life.days(20, 60),
        fees=life.days(25, 60),
        kinds=WORK,
    )


@STEADY.of("restaurant", "grocery", party=COMPANY)
def catered(life: Life) -> None:
    """A company whose events are catered: menus planned for each, feedback after it."""
    day = life.begins(250, 1100)
    court(life, day)
    begin(life, day, told=0.7)
    works(life, (day + 8, 0), meets=life.days(20, 45), talks=ON_SITE, writes=life.days(15, 40), kinds=WORK)
    life.often(OPINION, life.days(40, 80), (day + 30, 0))


@STEADY.of("insurance", "banking", party=COMPANY)
def business_with_its_broker(life: Life) -> None:
    """A firm whose broker knows its risks: a talk every month or two, claims settled together, cover that grows."""
    day = life.begins(300, 1700)
    buys(life, day - life.days(0, 200), agreed=0.6)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(25, 60), writes=life.days(18, 50), bill=RETAINER, lines=4)


@STEADY.of("law", "consulting", "other", heldout=True, party=COMPANY)
def counsel_on_call(life: Life) -> None:
    """Employment law or IT on call: a question whenever somebody is hired or something breaks, answered by one person."""
    day = life.begins(250, 1500)
    court(life, day)
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(45, 90), talks=CALLS, writes=life.days(7, 25), asked=300)


@STEADY.of("accounting", "other", "marketing_agency", heldout=True)
def books_by_mail_and_phone(life: Life) -> None:
    """A small firm whose books are kept from afar: papers by mail, a call a month, a plan for each year."""
    day = life.begins(250, 1700)
    buys(life, day - 5, agreed=0)
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(24, 40), talks=CALLS, writes=life.days(10, 30), letters=LETTERS)


@STEADY.of("saas", "telecom", party=COMPANY)
def trains_its_people(life: Life) -> None:
    """A software client whose roll-out is planned with us: workshops for its teams, wishes, plans for the next site."""
    day = life.begins(150, 1000)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(15, 35), writes=life.days(15, 45), letters=NEEDS, bill=RETAINER)
    life.often(WORKSHOPS, life.days(30, 80), (day + 10, 0), jitter=0.5)


@STEADY.of("healthcare", "financial_advice", "other", heldout=True, party=PERSON)
def guided_through_a_change(life: Life) -> None:
    """A birth, a retirement, a career: seen every two or three weeks, for a year or more, plans changed as life does."""
    day = life.begins(120, 600)
    court(life, day)
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(12, 25), writes=life.days(15, 45), letters=NEEDS)
