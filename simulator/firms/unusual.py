"""Clients of whom something is unusual: nobody meets, nobody writes, no bill is sent, none is paid in time, all is new."""

from typing import Final

from simulator.firms.habits import (
    BOT_HELP,
    CALLS,
    CHATS,
    COMPANY,
    DUNNING,
    LETTERS,
    NOTICE,
    PERSON,
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
    COUNSEL,
    FEES,
    GRIEVANCE,
    PLAIN,
    SESSIONS,
    TALKS,
)

UNUSUAL: Final = Cast()


@UNUSUAL.of("consulting", "law", "saas", "accounting", "marketing_agency")
def writes_from_afar(life: Life) -> None:
    """A client at a distance: nobody meets, everything is written."""
    day = life.begins(150, 1400)
    known = court(life, day)
    life.often(LETTERS, 9, (known, day))
    life.is_client(day)
    life.signs(day, told=life.chance(0.7))
    works(life, (day, 0), writes=life.days(8, 28), letters=LETTERS, asked=life.days(120, 260))


@UNUSUAL.of("marketing_agency", "other", "healthcare", heldout=True)
def written_to_by_chat(life: Life) -> None:
    """A translator's, designer's or coach's client: chat and mail only, work on order, now and then a review of it."""
    day = life.begins(150, 1300)
    buys(life, day)
    life.is_client(day)
    if life.chance(0.4):
        life.signs(day)
    works(life, (day, 0), writes=life.days(6, 24), letters=CHATS, fees=life.days(14, 45), kinds=WORK)


@UNUSUAL.of("consulting", "law", "architecture", "accounting", "other", scope="internal", party=COMPANY)
def inside_the_house(life: Life) -> None:
    """Another department of the same house: worked for and never billed."""
    day = life.begins(120, 1200)
    life.is_prospect(day - 5)
    begin(life, day, told=0.6)
    works(life, (day + 8, 0), meets=life.days(14, 40), writes=life.days(15, 60), fees=None)


@UNUSUAL.of("law", "consulting", "architecture", heldout=True)
def worked_for_free(life: Life) -> None:
    """Pro bono: a charity or a person in need, served as any client is, without a bill."""
    day = life.begins(100, 900)
    court(life, day)
    begin(life, day, told=0.7)
    works(life, (day + 8, 0), meets=life.days(15, 50), writes=life.days(12, 45), fees=None)


@UNUSUAL.of("healthcare", heldout=True, party=PERSON)
def paid_by_an_insurer(life: Life) -> None:
    """A patient on a care plan whom somebody else pays for: sessions, and no purchases."""
    day = life.begins(120, 900)
    life.is_prospect(day - life.days(3, 20))
    life.profile(day - 2, contract=False, named=False)
    begin(life, day, told=0.6)
    works(life, (day, 0), meets=life.days(9, 28), talks=SESSIONS, writes=life.days(40, 120), fees=None)


@UNUSUAL.of("accounting", "marketing_agency", "consulting")
def always_pays_late(life: Life) -> None:
    """An engaged client in arrears: the talks go on, and every bill is paid weeks late."""
    day = life.begins(150, 1200)
    court(life, day)
    begin(life, day)
    late = FEES._replace(invoiced=0.95, overdue=life.days(0.5, 0.95))
    works(life, (day + 8, 0), meets=life.days(14, 40), writes=life.days(20, 60), bill=late)
    life.often(DUNNING, life.days(60, 150), (day + 60, 0), jitter=0.6)


@UNUSUAL.of("law", "architecture", "financial_advice", heldout=True)
def owes_and_confides(life: Life) -> None:
    """A client who argues about bills, pays late, and tells its lawyer everything."""
    day = life.begins(150, 1000)
    court(life, day)
    begin(life, day)
    late = FEES._replace(invoiced=0.9, overdue=life.days(0.6, 0.95))
    works(life, (day + 8, 0), meets=life.days(20, 45), writes=life.days(12, 40), bill=late, asked=None)
    life.often(DUNNING, life.days(50, 120), (day + 60, 0), jitter=0.6)


@UNUSUAL.of("consulting", "saas", "marketing_agency")
def hard_to_please(life: Life) -> None:
    """A client that complains and marks low, comes to every talk, and has its work changed again and again."""
    day = life.begins(150, 1200)
    court(life, day)
    begin(life, day)
    sour = COUNSEL._replace(mood=-0.3, praise=2.6, kept=0.7)
    works(life, (day + 8, 0), meets=life.days(12, 35), writes=life.days(12, 45), letters=sour)
    life.often(GRIEVANCE, life.days(40, 110), (day + 20, 0), jitter=0.7)


@UNUSUAL.of("banking", "insurance")
def adviser_and_bot(life: Life) -> None:
    """A bank's client with an adviser, who asks the bot about the small things."""
    day = life.begins(250, 1500)
    buys(life, day - life.days(30, 300))
    shops(life, (day - 30, 0), PLAIN, asks=None)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(30, 60), writes=life.days(40, 90))
    life.often(BOT_HELP, life.days(12, 40), (day, 0), jitter=0.8)


@UNUSUAL.of("consulting", "law", "accounting", "saas", "marketing_agency", "architecture")
def just_engaged(life: Life) -> None:
    """Engaged five to twelve weeks ago."""
    day = life.begins(35, 85)
    court(life, day)
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(8, 18), writes=life.days(10, 30))


@UNUSUAL.of("financial_advice", "insurance", "healthcare", heldout=True)
def engaged_this_quarter(life: Life) -> None:
    """Engaged six to fourteen weeks ago, after years as a customer."""
    day = life.begins(40, 100)
    long_ago = day - life.days(300, 900)
    buys(life, long_ago)
    shops(life, (long_ago, day))
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(10, 24), writes=life.days(12, 35))


@UNUSUAL.of("consulting", "architecture", "law")
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


@UNUSUAL.of("other", "healthcare", "saas", heldout=True)
def stayed_after_the_course(life: Life) -> None:
    """A course that did not end: its teacher became a mentor, month after month."""
    day = life.begins(250, 900)
    buys(life, day - life.days(40, 70))
    life.often(TALKS, 8, (day - 40, day))
    begin(life, day, told=0.5)
    works(life, (day, 0), meets=life.days(18, 40), writes=life.days(20, 60), kinds=WORK)


@UNUSUAL.of("saas", "marketing_agency", "accounting", "insurance")
def took_its_notice_back(life: Life) -> None:
    """Gave notice, was listened to, took it back within weeks, and works on with us."""
    day = life.begins(300, 1300)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(14, 35), writes=life.days(20, 60))
    life.withdraws(life.days(day * 0.7, -60), NOTICE)


@UNUSUAL.of("consulting", "saas", "accounting", heldout=True, party=COMPANY)
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


@UNUSUAL.of("law", "consulting", "banking", "accounting")
def calls_only(life: Life) -> None:
    """A client whose adviser is a voice: calls of a quarter of an hour, whenever something is up."""
    day = life.begins(200, 1400)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(12, 35), talks=CALLS, writes=None, asked=250)


@UNUSUAL.of("consulting", "financial_advice", "healthcare", "law")
def never_writes(life: Life) -> None:
    """Everything is said in person; not one ticket in years."""
    day = life.begins(150, 1300)
    court(life, day)
    begin(life, day)
    works(life, (day + 8, 0), meets=life.days(12, 40), asked=None)
