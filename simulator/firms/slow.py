"""Relationships with a slow or broken rhythm: by the season, the quarter, the year, or waiting for somebody else."""

from typing import Final

from simulator.firms.habits import (
    CALLS,
    COMPANY,
    LETTERS,
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
from simulator.firms.life import Life, Window
from simulator.manners import BRIEFING, COUNSEL, DUES, FEES, OPINION, PLAIN, SESSIONS, TALKS

SLOW: Final = Cast()
LAST_PAUSE: Final = 75  # days before the end by which the last phase is under way


def _in_season(life: Life, season: Window, *, meets: float, writes: float, fees: float = 30.4) -> None:
    """Play one season's work: it opens with a plan, and closes with a bill."""
    life.steps(season, BRIEFING)
    works(life, season, meets=meets, talks=ON_SITE, writes=writes, fees=fees, asked=None, kinds=WORK)


@SLOW.of("financial_advice", "banking")
def advised_each_quarter(life: Life) -> None:
    """One review a quarter, a question in between, fees with it; for two to six years."""
    day = life.begins(600, 2200)
    court(life, day)
    begin(life, day)
    works(life, (day + 20, 0), meets=91, talks=REVIEW, writes=life.days(120, 300), fees=91, asked=400)


@SLOW.of("law", "accounting", "consulting", heldout=True, party=COMPANY)
def sees_counsel_each_quarter(life: Life) -> None:
    """A company's counsel: a board's papers each quarter, hardly a word in between."""
    day = life.begins(600, 2200)
    court(life, day)
    begin(life, day)
    gap = life.days(80, 100)
    life.often(BRIEFING, gap, (day + 30, 0), jitter=0.12)
    works(life, (day + 20, 0), writes=life.days(90, 200), letters=LETTERS, fees=gap, asked=None)


@SLOW.of("accounting")
def tax_once_a_year(life: Life) -> None:
    """The tax return once a year: papers, two or three talks, a bill; the rest of the year nothing."""
    day = life.begins(800, 2300)
    buys(life, day - 3)
    begin(life, day, told=0.6)
    for season in life.seasons((day, 0), 45):
        life.steps(season, BRIEFING, COUNSEL, *[TALKS] * (1 + life.chance(0.5)), FEES, apart=(4, 16))
        life.often(LETTERS, 14, season)


@SLOW.of("insurance", "financial_advice", heldout=True, party=PERSON)
def reviewed_each_year(life: Life) -> None:
    """A household whose cover is gone through once a year, for three to six years; lines are added as it grows."""
    day = life.begins(1100, 2300)
    buys(life, day - 5)
    begin(life, day)
    years = list(life.seasons((day + 330, 0), 25))
    life.often(DUES, 30.4 if life.chance(0.5) else 365.25, (day, 0), jitter=0.02, lines=1 + len(years) // 2)
    for season in years:
        life.steps(season, REVIEW, *[COUNSEL] * life.chance(0.5), apart=(2, 14))
        if life.chance(0.5):
            life.once(season[0] + life.days(90, 200), COUNSEL)


@SLOW.of("law", "healthcare", "banking", heldout=True)
def once_a_year_with_its_notary(life: Life) -> None:
    """A will, a trust, a chronic illness: looked at together once a year, under an agreement."""
    day = life.begins(900, 2200)
    court(life, day)
    begin(life, day)
    for season in life.seasons((day + 300, 0), 30):
        life.steps(season, BRIEFING, *[REVIEW] * life.chance(0.6), FEES, apart=(3, 20))
        if life.chance(0.4):
            life.once(season[0] + life.days(60, 250), COUNSEL)


@SLOW.of("other")
def gardened(life: Life) -> None:
    """A gardener's client: planned in spring, visited every few weeks, silent from autumn on, for two to five years."""
    day = life.begins(700, 1900)
    buys(life, day - 2)
    begin(life, day, told=0.5)
    for season in life.seasons((day, 0), life.days(180, 240)):
        _in_season(life, season, meets=life.days(12, 25), writes=life.days(20, 60))


@SLOW.of("marketing_agency", "consulting", "restaurant", heldout=True, party=COMPANY)
def plans_its_festival(life: Life) -> None:
    """A festival's or fair's organiser: three or four months of close work a year, and silence."""
    day = life.begins(750, 1900)
    court(life, day)
    begin(life, day, told=0.7)
    for season in life.seasons((day, 0), life.days(80, 140)):
        _in_season(life, season, meets=life.days(7, 14), writes=life.days(6, 20))


@SLOW.of("accounting", "consulting", party=COMPANY)
def harvest_books(life: Life) -> None:
    """A farm whose books are kept in the season, with an adviser who knows it; quiet for five to seven months."""
    day = life.begins(800, 1900)
    court(life, day)
    begin(life, day)
    for season in life.seasons((day, 0), life.days(150, 210)):
        _in_season(life, season, meets=life.days(18, 30), writes=life.days(15, 40))


@SLOW.of("healthcare", "other", heldout=True, party=PERSON)
def trained_in_winter(life: Life) -> None:
    """A ski racer's coach, a physiotherapist for the winter: the same person every season, with goals."""
    day = life.begins(700, 1800)
    buys(life, day - 2)
    begin(life, day, told=0.5)
    for season in life.seasons((day, 0), life.days(100, 150)):
        life.steps(season, BRIEFING)
        works(life, season, meets=life.days(6, 14), talks=SESSIONS, writes=life.days(20, 50), asked=60, kinds=WORK)


def _waits(life: Life, *, meets: float, least: float, most: float, last: tuple[float, float]) -> None:
    """Play work, a long wait, work again …; at the end it has waited for a while, with an agreement in force."""
    silence = life.days(*last)
    day = life.begins(silence + 120, silence + 900)
    court(life, day)
    begin(life, day, told=1)
    at = day + 8
    while at < -silence:
        until = min(at + life.days(50, 120), -silence)
        works(life, (at, until), meets=meets, writes=meets * 1.5, asked=None)
        at = until + life.days(least, most)
        if at > -silence - 30:
            break


@SLOW.of("architecture")
def waits_for_a_permit(life: Life) -> None:
    """Planned together, handed in, and now the authority takes its months; nobody has anything to say."""
    _waits(life, meets=life.days(7, 16), least=90, most=210, last=(60, 210))


@SLOW.of("law", heldout=True)
def waits_for_the_court(life: Life) -> None:
    """A lawsuit between two hearings: months of silence under a mandate in force."""
    _waits(life, meets=life.days(9, 20), least=110, most=250, last=(75, 230))


@SLOW.of("law", "consulting", "real_estate")
def waits_for_an_office(life: Life) -> None:
    """A visa, a grant, a patent: filed with us, waiting for an office, a letter at most."""
    _waits(life, meets=life.days(9, 20), least=70, most=170, last=(45, 150))
    life.often(LETTERS, 75, (-150, 0))


@SLOW.of("architecture", "consulting", heldout=True)
def builds_in_phases(life: Life) -> None:
    """A house or plant built in phases; a pause of months between them, and at the end it is worked on again."""
    day = life.begins(500, 1300)
    court(life, day)
    begin(life, day)
    at = day + 8
    while at < 0:
        until = at + life.days(70, 150)
        works(life, (at, min(until, 0.0)), meets=life.days(8, 16), talks=ON_SITE, writes=life.days(10, 30))
        at = until + life.days(70, 140)
        if at > -LAST_PAUSE:
            works(life, (-life.days(20, 60), 0), meets=8, talks=ON_SITE, writes=15)
            break


@SLOW.of("consulting", "healthcare", "marketing_agency")
def every_other_month(life: Life) -> None:
    """A talk every two months, faithfully, and little else."""
    day = life.begins(400, 1600)
    court(life, day)
    begin(life, day, told=0.7)
    works(life, (day + 20, 0), meets=life.days(50, 75), talks=CALLS, writes=life.days(100, 240), fees=61, asked=300)


# Customers with such rhythms.


@SLOW.of("retail", "restaurant", "other", party=PERSON)
def shops_in_season(life: Life) -> None:
    """Buys a lot in one season of the year, and nothing in the others."""
    day = life.begins(800, 1900)
    buys(life, day)
    for season in life.seasons((day, 0), life.days(60, 110)):
        life.often(PLAIN, life.days(6, 20), season, lines=2)
        if life.chance(0.5):
            life.once(season[0] + 10, COUNSEL._replace(kinds=OPINION.kinds))
    _quiet_truth(life)


@SLOW.of("other", "retail", "healthcare", heldout=True, party=PERSON)
def garden_centre_regular(life: Life) -> None:
    """Comes to the garden centre or the ski school every season, asks which plant or lesson to take, and buys it."""
    day = life.begins(750, 1900)
    buys(life, day)
    for season in life.seasons((day, 0), life.days(80, 150)):
        life.often(PLAIN, life.days(10, 25), season, lines=2)
        life.often(LETTERS._replace(kinds=OPINION.kinds), life.days(30, 70), season, jitter=0.8)
    _quiet_truth(life)


@SLOW.of("healthcare", "insurance", "retail", party=PERSON)
def customer_once_a_year(life: Life) -> None:
    """A check-up, a renewal, a new winter coat: once a year for years, and no more than that."""
    day = life.begins(900, 2300)
    buys(life, day)
    for season in life.seasons((day, 0), 20):
        life.once(season[0] + 3, PLAIN)
        if life.chance(0.4):
            life.once(season[0] + 9, OPINION)
    _quiet_truth(life)


@SLOW.of("healthcare", "other", "grocery", heldout=True)
def delivered_each_quarter(life: Life) -> None:
    """Oil, ink or a dentist's cleaning each quarter, ordered again every time."""
    day = life.begins(500, 1900)
    buys(life, day)
    shops(life, (day, 0), PLAIN, pace=91 / life.trade.buys_every, asks=2.5, jitter=0.15)


def _quiet_truth(life: Life) -> None:
    """Say that it is a customer all the while: within its own season's rhythm nobody calls it gone."""
    life.is_customer(life.turns[0][0])
