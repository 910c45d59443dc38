"""Further clients: cared for, looked after and planned with, in trades of their own; some of them by the season."""

from typing import Final

from simulator.chance import odds
from simulator.firms.habits import (
    CALLS,
    COMPANY,
    ON_SITE,
    PERSON,
    PLAN,
    REVIEW,
    WORK,
    WORKSHOPS,
    Cast,
    begin,
    buys,
    court,
    works,
)
from simulator.firms.life import Life
from simulator.manners import BRIEFING, COUNSEL, PLAIN, RETAINER, SESSIONS, Asking

KEPT: Final = Cast()
KEPT_BY_SEASON: Final = Cast()
CHAT: Final = Asking(
    odds(advice=35, question=45, requirement_change=20), channels=odds(chat=1), by_us=0.3, mood=0.3, praise=4.3
)


@KEPT.of("healthcare", party=PERSON)
def chronic_patient(life: Life) -> None:
    """Cared for over years by one doctor: a visit every six to nine weeks, a plan that is adjusted."""
    day = life.begins(300, 1800)
    buys(life, day - life.days(10, 60), agreed=0.1)
    begin(life, day, told=0.5)
    works(
        life,
        (day + 10, 0),
        meets=life.days(40, 65),
        talks=SESSIONS._replace(change=0.35),
        writes=life.days(40, 110),
        fees=None,
        asked=300,
    )
    life.often(PLAIN, life.days(40, 65), (day, 0), kinds=odds(service=85, goods=15))


@KEPT.of("real_estate")
def lets_its_flats(life: Life) -> None:
    """An owner whose flats are looked after: a report each month, calls when a tenant goes, a plan for each year."""
    day = life.begins(300, 1800)
    court(life, day)
    begin(life, day)
    works(life, (day + 10, 0), meets=life.days(35, 70), talks=CALLS, writes=life.days(15, 40), bill=RETAINER)
    life.often(REVIEW, 365, (day + 30, 0), jitter=0.1)


@KEPT.of("healthcare", "other", party=COMPANY)
def farm_with_its_vet(life: Life) -> None:
    """A stable whose vet comes on the round, is called when it burns, and plans the herd's year with it."""
    day = life.begins(300, 1700)
    buys(life, day - life.days(0, 150), agreed=0.1)
    begin(life, day, told=0.5)
    works(
        life,
        (day + 10, 0),
        meets=life.days(20, 40),
        talks=ON_SITE,
        writes=life.days(20, 60),
        letters=COUNSEL._replace(channels=odds(phone=1)),
        kinds=WORK,
    )


@KEPT.of("consulting", "marketing_agency", "saas", party=COMPANY)
def mentored_by_chat(life: Life) -> None:
    """A young firm whose mentor answers in a chat, and talks with it once a month."""
    day = life.begins(120, 900)
    court(life, day)
    begin(life, day)
    works(life, (day + 5, 0), meets=life.days(25, 40), talks=CALLS, writes=life.days(4, 12), letters=CHAT, asked=250)


@KEPT.of("architecture", "consulting", "marketing_agency")
def project_under_way(life: Life) -> None:
    """A project that is being worked on, with a day on which it is to be done, still ahead."""
    day = life.begins(60, 260)
    court(life, day)
    begin(life, day, ends=life.days(30, 200))
    works(life, (day + 5, 0), meets=life.days(8, 22), writes=life.days(10, 30), asked=None)


@KEPT_BY_SEASON.of("insurance", party=PERSON)
def household_with_its_insurer(life: Life) -> None:
    """A household whose agent knows it: a talk or two a year, letters when something changes, cover that grows."""
    day = life.begins(700, 2200)
    buys(life, day - life.days(0, 200), agreed=0.5)
    begin(life, day)
    works(
        life,
        (day + 20, 0),
        meets=life.days(150, 260),
        talks=REVIEW,
        writes=life.days(80, 160),
        fees=30.4,
        lines=4,
        bill=RETAINER,
        asked=500,
    )


@KEPT_BY_SEASON.of("saas", "marketing_agency", party=odds(institution=1))
def school_by_terms(life: Life) -> None:
    """A school: planned before each term, trained at its beginning, silent in its holidays."""
    day = life.begins(500, 1700)
    court(life, day)
    begin(life, day)
    at = day + 5
    while at < 0:
        until = at + life.days(80, 110)
        life.steps((at, 0), BRIEFING, WORKSHOPS, apart=(5, 15))
        works(life, (at, min(until, 0)), meets=life.days(20, 35), writes=life.days(15, 35), fees=None, asked=None)
        at = until + life.days(50, 90)
    life.often(RETAINER, 182, (day, 0), jitter=0.05)


@KEPT_BY_SEASON.of("marketing_agency", "consulting", party=COMPANY)
def hotel_of_one_season(life: Life) -> None:
    """A hotel whose one season is planned and worked through with it; silent for the other half of the year."""
    day = life.begins(750, 1800)
    court(life, day)
    begin(life, day)
    for season in life.seasons((day, 0), life.days(130, 200)):
        life.steps(season, BRIEFING)
        works(life, season, meets=life.days(12, 28), writes=life.days(12, 30), asked=None)


@KEPT_BY_SEASON.of("banking", "financial_advice", party=PERSON)
def sees_its_banker_twice_a_year(life: Life) -> None:
    """An investor who sits down with its banker in spring and autumn, and writes when markets fall."""
    day = life.begins(700, 2200)
    buys(life, day - life.days(0, 300), agreed=0.4)
    begin(life, day)
    works(
        life,
        (day + 20, 0),
        meets=182,
        talks=REVIEW,
        writes=life.days(90, 200),
        fees=30.4,
        bill=PLAN,
        kinds=odds(service=60, subscription=40),
        asked=500,
    )
