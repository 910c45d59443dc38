"""Clients whose relationship goes on in contact: by weeks, by months, in person, in writing, with bills and without."""

from typing import Final

from simulator.firms.habits import (
    BOT_HELP,
    CALLS,
    CHATS,
    COMPANY,
    DUNNING,
    LETTERS,
    NEEDS,
    NOTICE,
    ON_SITE,
    PERSON,
    REVIEW,
    WORK,
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
    COUNSEL,
    FEES,
    GRIEVANCE,
    OPINION,
    PLAIN,
    RETAINER,
    SESSIONS,
    TALKS,
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


@STEADY.of("consulting", "law", "saas", "accounting", "marketing_agency")
def writes_from_afar(life: Life) -> None:
    """A client at a distance: nobody meets, everything is written."""
    day = life.begins(150, 1400)
    known = court(life, day)
    life.often(LETTERS, 9, (known, day))
    life.is_client(day)
    life.signs(day, told=life.chance(0.7))
    works(life, (day, 0), writes=life.days(8, 28), letters=LETTERS, asked=life.days(120, 260))


@STEADY.of("marketing_agency", "other", "healthcare", heldout=True)
def written_to_by_chat(life: Life) -> None:
    """A translator's, designer's or coach's client: chat and mail only, work on order, now and then a review of it."""
    day = life.begins(150, 1300)
    buys(life, day)
    life.is_client(day)
    if life.chance(0.4):
        life.signs(day)
    works(life, (day, 0), writes=life.days(6, 24), letters=CHATS, fees=life.days(14, 45), kinds=WORK)


@STEADY.of("consulting", "law", "architecture", "accounting", "other", scope="internal", party=COMPANY)
def inside_the_house(life: Life) -> None:
    """Another department of the same house: worked for and never billed."""
    day = life.begins(120, 1200)
    life.is_prospect(day - 5)
    begin(life, day, told=life.chance(0.6))
    works(life, (day + 8, 0), meets=life.days(14, 40), writes=life.days(15, 60), fees=None)


@STEADY.of("law", "consulting", "architecture", heldout=True)
def worked_for_free(life: Life) -> None:
    """Pro bono: a charity or a person in need, served as any client is, without a bill."""
    day = life.begins(100, 900)
    court(life, day)
    begin(life, day, told=life.chance(0.7))
    works(life, (day + 8, 0), meets=life.days(15, 50), writes=life.days(12, 45), fees=None)


@STEADY.of("healthcare", heldout=True, party=PERSON)
def paid_by_an_insurer(life: Life) -> None:
    """A patient on a care plan whom somebody else pays for: sessions, and no purchases."""
    day = life.begins(120, 900)
    life.is_prospect(day - life.days(3, 20))
    life.profile(day - 2, contract=False, named=False)
    begin(life, day, told=life.chance(0.6))
    works(life, (day, 0), meets=life.days(9, 28), talks=SESSIONS, writes=life.days(40, 120), fees=None)


@STEADY.of("accounting", "marketing_agency", "consulting")
def always_pays_late(life: Life) -> None:
    """An engaged client in arrears: the talks go on, and every bill is paid weeks late."""
    day = life.begins(150, 1200)
    court(life, day)
    begin(life, day)
    late = FEES._replace(invoiced=0.95, overdue=life.days(0.5, 0.95))
    works(life, (day + 8, 0), meets=life.days(14, 40), writes=life.days(20, 60), bill=late)
    life.often(DUNNING, life.days(60, 150), (day + 60, 0), jitter=0.6)


@STEADY.of("law", "architecture", "financial_advice", heldout=True)
def owes_and_confides(life: Life) -> None:
    """A client who argues about bills, pays late, and tells its lawyer everything."""
    day = life.begins(150, 1000)
    court(life, day)
    begin(life, day)
    late = FEES._replace(invoiced=0.9, overdue=life.days(0.6, 0.95))
    works(life, (day + 8, 0), meets=life.days(20, 45), writes=life.days(12, 40), bill=late, asked=None)
    life.often(DUNNING, life.days(50, 120), (day + 60, 0), jitter=0.6)


@STEADY.of("consulting", "saas", "marketing_agency")
def hard_to_please(life: Life) -> None:
    """A client that complains and marks low, comes to every talk, and has its work changed again and again."""
    day = life.begins(150, 1200)
    court(life, day)
    begin(life, day)
    sour = COUNSEL._replace(mood=-0.3, praise=2.6, kept=0.7)
    works(life, (day + 8, 0), meets=life.days(12, 35), writes=life.days(12, 45), letters=sour)
    life.often(GRIEVANCE, life.days(40, 110), (day + 20, 0), jitter=0.7)


@STEADY.of("banking", "insurance")
def adviser_and_bot(life: Life) -> None:
    """A bank's client with an adviser, who asks the bot about the small things."""
    day = life.begins(250, 1500)
    buys(life, day - life.days(30, 300))
    shops(life, (day - 30, 0), PLAIN, asks=None)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(30, 60), writes=life.days(40, 90))
    life.often(BOT_HELP, life.days(12, 40), (day, 0), jitter=0.8)


@STEADY.of("consulting", "law", "accounting", "saas", "marketing_agency", "architecture")
def just_engaged(life: Life) -> None:
    """Engaged five to twelve weeks ago."""
    day = life.begins(35, 85)
    court(life, day)
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(8, 18), writes=life.days(10, 30))


@STEADY.of("financial_advice", "insurance", "healthcare", heldout=True)
def engaged_this_quarter(life: Life) -> None:
    """Engaged six to fourteen weeks ago, after years as a customer."""
    day = life.begins(40, 100)
    long_ago = day - life.days(300, 900)
    buys(life, long_ago)
    shops(life, (long_ago, day))
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(10, 24), writes=life.days(12, 35))


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
    begin(life, day, told=life.chance(0.7))
    works(life, (day, 0), meets=life.days(7, 15), talks=SESSIONS, writes=life.days(40, 100), fees=30.4)


@STEADY.of("healthcare", "other", heldout=True, party=PERSON)
def coached_monthly(life: Life) -> None:
    """A physiotherapist's or trainer's client: once a month for years, with goals."""
    day = life.begins(300, 1500)
    buys(life, day - life.days(2, 20))
    begin(life, day, told=life.chance(0.5))
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
    begin(life, day, told=life.chance(0.3))
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
    begin(life, day, told=life.chance(0.7))
    works(life, (day + 8, 0), meets=life.days(20, 45), talks=ON_SITE, writes=life.days(15, 40), kinds=WORK)
    life.often(OPINION, life.days(40, 80), (day + 30, 0))


@STEADY.of("consulting", "architecture", "law")
def came_back(life: Life) -> None:
    """A project that ended, a year or so of nothing, and a new engagement that goes on."""
    again = life.begins(80, 500)
    ended = again - life.days(200, 500)
    day = ended - life.days(120, 300)
    court(life, day)
    begin(life, day, ends=ended)
    works(life, (day + 8, ended), meets=life.days(10, 25), writes=life.days(15, 40))
    life.leaves(ended + life.days(1, 20))
    life.is_customer(ended)
    life.is_lapsed(min(again - 20, ended + life.trade.patience))
    begin(life, again)
    works(life, (again + 8, 0), meets=life.days(10, 30), writes=life.days(15, 50))


@STEADY.of("other", "healthcare", "saas", heldout=True)
def stayed_after_the_course(life: Life) -> None:
    """A course that did not end: its teacher became a mentor, month after month."""
    day = life.begins(250, 900)
    buys(life, day - life.days(40, 70))
    life.often(TALKS, 8, (day - 40, day))
    begin(life, day, told=life.chance(0.5))
    works(life, (day, 0), meets=life.days(18, 40), writes=life.days(20, 60), kinds=WORK)


@STEADY.of("saas", "marketing_agency", "accounting", "insurance")
def took_its_notice_back(life: Life) -> None:
    """Gave notice, was listened to, took it back within weeks, and works on with us."""
    day = life.begins(300, 1300)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(14, 35), writes=life.days(20, 60))
    life.withdraws(life.days(day * 0.7, -60), NOTICE)


@STEADY.of("consulting", "saas", "accounting", heldout=True, party=COMPANY)
def signed_again(life: Life) -> None:
    """An agreement that ran out and was followed by the next one, twice."""
    day = life.begins(500, 1300)
    first, second = day * 0.66, day * 0.33
    court(life, day)
    begin(life, day, ends=first + 15)
    works(life, (day + 8, 0), meets=life.days(14, 40), writes=life.days(20, 60))
    for renewed, ends in ((first, second + 15), (second, life.days(30, 400))):
        life.steps((renewed - 10, 0), BRIEFING)
        life.signs(renewed, ends=ends)


@STEADY.of("law", "consulting", "banking", "accounting")
def calls_only(life: Life) -> None:
    """A client whose adviser is a voice: calls of a quarter of an hour, whenever something is up."""
    day = life.begins(200, 1400)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(12, 35), talks=CALLS, writes=None, asked=250)
