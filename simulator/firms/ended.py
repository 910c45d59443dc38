"""Relationships that ended, and episodes that were never more: none of these is a client at the end."""

from typing import Final

from simulator.chance import odds
from simulator.firms.habits import (
    CLASSES,
    FAREWELL,
    HANDOVER,
    HELP,
    LESSONS,
    LETTERS,
    NOTICE,
    ON_SITE,
    PERSON,
    PLAN,
    SURVEY,
    Cast,
    begin,
    buys,
    court,
    leave,
    shops,
    works,
)
from simulator.firms.life import Life
from simulator.manners import BRIEFING, FEES, OPINION, PITCH, PLAIN, SIGNING, TALKS, VIEWINGS

ENDED: Final = Cast()


def _was_client(life: Life, ended: float, least: float, most: float, *, told: float = 0.8) -> float:
    """Play an engagement of so many days that goes on to `ended`; return its first day."""
    day = ended - life.days(least, most)
    court(life, day)
    begin(life, day, told=told)
    works(life, (day + 8, ended), meets=life.days(10, 35), writes=life.days(12, 50))
    return day


@ENDED.of("consulting", "marketing_agency", "accounting", "saas")
def notice_worked_off(life: Life) -> None:
    """Gave notice, was handed over properly for one to three months, and is gone: five days to half a year ago."""
    ended = -life.days(5, 180)
    notice = ended - life.days(28, 95)
    _was_client(life, notice, 250, 1000)
    life.once(notice, NOTICE)
    works(life, (notice, ended), meets=life.days(10, 25), talks=HANDOVER, writes=None, asked=None)
    life.leaves(ended)
    life.is_customer(ended)
    life.once(ended + life.days(1, 20), FEES)
    leave(life, ended)


@ENDED.of("saas", "insurance", "banking", heldout=True)
def notice_then_self_serve(life: Life) -> None:
    """Ended the advice and kept a plain plan: pays it, asks the help desk, and nothing more."""
    ended = -life.days(40, 400)
    notice = ended - life.days(20, 70)
    _was_client(life, notice, 250, 900)
    life.once(notice, NOTICE)
    works(life, (notice, ended), meets=18, talks=HANDOVER, writes=None, asked=None)
    life.leaves(ended)
    life.is_customer(ended)
    shops(life, (ended, 0), PLAN, asks=1.2)


@ENDED.of("law", "financial_advice", "consulting", heldout=True)
def parted_as_friends(life: Life) -> None:
    """Gave notice with thanks: a farewell talk, a survey with top marks, a last bill."""
    ended = -life.days(6, 150)
    notice = ended - life.days(10, 60)
    _was_client(life, notice, 300, 1200)
    life.once(notice, NOTICE)
    life.steps((notice + 3, 0), FAREWELL, SURVEY, FEES, apart=(3, 15))
    life.leaves(ended)
    life.is_customer(ended)
    leave(life, ended)


@ENDED.of("accounting", "marketing_agency", "consulting")
def contract_ran_out(life: Life) -> None:
    """An agreement for a fixed time that ran out; a purchase or a question since, no agreement."""
    ended = -life.days(15, 330)
    day = ended - life.days(300, 700)
    court(life, day)
    begin(life, day, ends=ended, told=1)
    works(life, (day + 8, ended - 5), meets=life.days(12, 35), writes=life.days(20, 60))
    life.is_customer(ended)
    if life.chance(0.5):
        life.often(PLAIN, 90, (ended + 20, 0))
        life.often(HELP, 120, (ended + 20, 0))
    else:
        leave(life, ended)


@ENDED.of("banking", "healthcare", "saas", "law", heldout=True)
def agreement_taken_away(life: Life) -> None:
    """One day the agreement is gone from the profile, without a word; a few purchases or none since."""
    ended = -life.days(20, 300)
    _was_client(life, ended, 250, 900, told=1)
    life.leaves(ended)
    life.is_customer(ended)
    if life.chance(0.5):
        shops(life, (ended + 15, 0), PLAIN, asks=2.5)
    else:
        leave(life, ended)


@ENDED.of("consulting", "financial_advice", "marketing_agency", "healthcare", "law")
def went_silent(life: Life) -> None:
    """A client who stopped without a word, longer ago than anybody's patience."""
    ended = -life.days(life.trade.client_patience * 1.2, life.trade.client_patience * 1.2 + 500)
    _was_client(life, ended, 200, 800)
    if life.chance(0.5):
        life.leaves(ended + life.days(60, 110))
    life.is_lapsed(ended + life.trade.client_patience)


@ENDED.of("insurance", "saas", "accounting", heldout=True)
def cooled_to_a_customer(life: Life) -> None:
    """Once advised closely; for a year it has paid its bills and asked the help desk."""
    ended = -life.days(300, 500)
    _was_client(life, ended, 250, 700)
    shops(life, (ended, 0), PLAN, asks=1.5)
    if life.chance(0.5):
        life.leaves(ended + life.days(20, 100))
    life.is_customer(ended + life.days(120, 160))


@ENDED.of("other", "healthcare", "consulting")
def five_week_course(life: Life) -> None:
    """A course of four to eight weeks, taken and over: a class like any other, with marks at its end."""
    ended = -life.days(50, 420)
    day = ended - life.days(28, 56)
    buys(life, day - life.days(2, 30))
    life.once(day - 1, PLAIN)
    life.often(CLASSES if life.chance(0.5) else LESSONS, life.days(3, 8), (day, ended), jitter=0.15)
    life.once(ended, SURVEY)
    if life.chance(0.3):
        life.once(ended + life.days(20, 45), PLAIN)
    leave(life, ended)


@ENDED.of("other", "saas", "healthcare", heldout=True, party=PERSON)
def bootcamp(life: Life) -> None:
    """Ten to sixteen weeks of lessons with a teacher, paid by the month, passed, and over."""
    ended = -life.days(70, 450)
    day = ended - life.days(70, 112)
    buys(life, day - life.days(5, 30))
    life.often(LESSONS, life.days(3, 7), (day, ended), jitter=0.15)
    life.often(HELP, life.days(15, 40), (day, ended), jitter=0.8)
    life.often(PLAN, 30.4, (day, ended), jitter=0.02)
    life.steps((ended, 0), SURVEY)
    leave(life, ended)


def _project(life: Life, ended: float, least: float, most: float, *, told: float = 0.8) -> None:
    """Play a project: truly worked on together, delivered, billed, and over."""
    day = ended - life.days(least, most)
    court(life, day)
    told = float(life.chance(told))
    begin(life, day, ends=ended if life.chance(0.5) else None, told=told)
    works(life, (day + 5, ended), meets=life.days(6, 18), writes=life.days(8, 30), asked=None)
    life.steps((ended - 3, 0), FAREWELL, FEES, apart=(1, 12))
    life.is_customer(ended)
    if told:
        life.leaves(ended + life.days(3, 40))


@ENDED.of("consulting", "architecture", "marketing_agency")
def project_delivered(life: Life) -> None:
    """A project of three to nine months, delivered four months to a year and a half ago."""
    ended = -life.days(120, 540)
    _project(life, ended, 90, 270)
    leave(life, ended)


@ENDED.of("marketing_agency", "saas", heldout=True)
def website_delivered(life: Life) -> None:
    """A website built together; since then its hosting is paid and a fault reported now and then."""
    ended = -life.days(150, 600)
    _project(life, ended, 60, 200)
    shops(life, (ended + 10, 0), PLAN, asks=1.5)


@ENDED.of("real_estate", party=PERSON)
def home_found(life: Life) -> None:
    """A search that found its house: mandate, viewings, deed, and good-bye."""
    ended = -life.days(90, 500)
    day = ended - life.days(60, 220)
    court(life, day)
    begin(life, day)
    works(life, (day, ended), meets=life.days(6, 14), talks=VIEWINGS, writes=life.days(10, 25), fees=None, asked=None)
    life.steps((ended - 4, 0), SIGNING, FEES, apart=(1, 5))
    life.is_customer(ended)
    life.leaves(ended + life.days(3, 30))
    if life.chance(0.3):
        life.once(ended + life.days(20, 60), OPINION)
    leave(life, ended)


@ENDED.of("restaurant", "other", "retail", heldout=True, party=PERSON)
def wedding_planned(life: Life) -> None:
    """A wedding: months of plans made together, one great day, a card of thanks."""
    ended = -life.days(110, 500)
    _project(life, ended, 100, 260, told=0.5)
    life.once(ended + life.days(5, 20), SURVEY)
    leave(life, ended)


@ENDED.of("law", heldout=True)
def case_closed(life: Life) -> None:
    """A lawsuit won or lost: the file is closed, the bill is paid."""
    ended = -life.days(130, 550)
    _project(life, ended, 150, 500)
    leave(life, ended)


@ENDED.of("consulting", "accounting", "law")
def three_week_sprint(life: Life) -> None:
    """A due diligence of two to five weeks: meetings every other day, a report, the end. An episode."""
    ended = -life.days(60, 400)
    day = ended - life.days(14, 35)
    life.is_prospect(day - 20)
    life.profile(day - 20)
    life.steps((day - 15, 0), PITCH)
    life.is_customer(day)
    life.signs(day, ends=ended + 10, named=False)
    life.often(ON_SITE, life.days(1.5, 4), (day, ended), jitter=0.3)
    life.often(LETTERS, life.days(2, 6), (day, ended), jitter=0.5)
    life.steps((ended, 0), FEES)
    life.leaves(ended + life.days(5, 30))
    leave(life, ended)


@ENDED.of("accounting", "law", "healthcare")
def advised_once(life: Life) -> None:
    """One return, one document, one illness: two or three talks in a month, and never again."""
    day = -life.days(60, 500)
    buys(life, day - 2)
    life.steps((day, 0), BRIEFING, TALKS, LETTERS, FEES, apart=(3, 12))
    leave(life, day + 40)


@ENDED.of("retail", "other", "architecture", heldout=True, party=PERSON)
def kitchen_fitted(life: Life) -> None:
    """A kitchen, solar panels, a bath: measured, drawn, haggled over and fitted within ten weeks; a warranty call since."""
    ended = -life.days(60, 500)
    day = ended - life.days(35, 90)
    buys(life, day)
    visit = ON_SITE._replace(kinds=odds(consultation=45, viewing=25, planning=20, negotiation=10))
    life.often(visit, life.days(8, 20), (day, ended), jitter=0.4)
    life.once((day + ended) / 2, FEES._replace(size=20, tailored=1.0), kinds=odds(goods=80, service=20))
    life.often(HELP, life.days(120, 300), (ended, 0), jitter=0.8)
    leave(life, ended)
