"""Further customers who are met, rung up or praised a lot, and are no clients for it."""

from typing import Final

from simulator.chance import odds
from simulator.firms.habits import COMPANY, LESSONS, PERSON, PLAN, STARS, SURVEY, Cast, buys, leave, shops
from simulator.firms.life import Life
from simulator.firms.served import APPOINTMENT
from simulator.manners import BULK, PLAIN, Asking, Meeting

VISITED: Final = Cast()
PRAISED: Final = Cast()
HOTLINE: Final = Asking(
    odds(question=55, incident=20, advice=15, complaint=10),
    channels=odds(phone=85, chat=15),
    by_us=0.03,
    mood=0.1,
    praise=4.0,
)
REPAIRS: Final = Asking(
    odds(incident=70, question=25, complaint=5),
    channels=odds(phone=50, email=40, web=10),
    mood=-0.1,
    praise=3.6,
)
BOOKING: Final = Asking(odds(question=80, incident=20), channels=odds(phone=80, web=20), mood=0.1, praise=4.1)
RETENTION: Final = Meeting(
    odds(check_in=60, sales=40), minutes=9, by_us=1, missed=0.4, kept=0.5, theirs=1, ours=1, channels=odds(phone=1)
)
CLUB: Final = Meeting(
    odds(workshop=45, webinar=30, interview=10, check_in=15),
    minutes=80,
    by_us=0.95,
    missed=0.3,
    kept=0.9,
    theirs=1,
    ours=1,
)
TERMS: Final = Meeting(odds(negotiation=75, sales=25), minutes=50, by_us=0.5, missed=0.05, kept=0.7, theirs=3, ours=2)
INSPECTION: Final = Meeting(
    odds(check_in=70, viewing=30),
    minutes=30,
    by_us=0.95,
    missed=0.1,
    kept=0.8,
    theirs=1,
    ours=1,
    channels=odds(in_person=1),
)
LONGEST_SERIES: Final = 70  # days, with those that it takes to pay
TREATMENT: Final = LESSONS._replace(kinds=odds(consultation=80, check_in=20))


@VISITED.of("other", "retail", party=PERSON)
def car_at_the_garage(life: Life) -> None:
    """A driver whose car is serviced: booked by phone, looked at together, paid, driven away."""
    day = life.begins(300, 2000)
    buys(life, day, agreed=0.05)
    at = day
    while at < 0:
        life.steps((at, 0), BOOKING, APPOINTMENT._replace(minutes=15), PLAIN, apart=(1, 5))
        at += life.days(60, 220)


@VISITED.of("real_estate", party=PERSON)
def tenant_with_repairs(life: Life) -> None:
    """A tenant: rent each month, a tap that drips, an inspection a year."""
    day = life.begins(200, 1800)
    buys(life, day, agreed=0)
    life.signs(day, named=life.chance(0.3), kind="subscription")
    life.often(PLAN, 30.4, (day, 0), jitter=0.02, kinds=odds(service=60, subscription=40))
    life.often(REPAIRS, life.days(30, 120), (day + 10, 0), jitter=0.8)
    life.often(INSPECTION, life.days(180, 365), (day + 60, 0), jitter=0.3)


@VISITED.of("telecom", "streaming", "insurance")
def called_by_the_retention_desk(life: Life) -> None:
    """Rung up every other month so that it stays: a new plan, a few minutes' talk."""
    day = life.begins(250, 1500)
    buys(life, day)
    if life.chance(0.7):
        life.signs(day, named=False, kind="subscription")
    shops(life, (day, 0), PLAN, asks=1.5)
    life.often(RETENTION, life.days(30, 75), (day + 60, 0), jitter=0.4)


@VISITED.of("healthcare", "other", party=PERSON)
def series_of_sessions(life: Life) -> None:
    """Six to ten sessions for a bad back; a year later it is the knee."""
    day = life.begins(150, 1500)
    buys(life, day - 2, agreed=0)
    at = day
    while at < -LONGEST_SERIES:
        until = at + life.days(28, 60)
        life.often(TREATMENT, life.days(4, 8), (at, until), jitter=0.2)
        life.once(until + 2, PLAIN)
        at = until + life.days(200, 450)
    leave(life, min(-1, at))


@PRAISED.of("telecom", "banking", "saas")
def hotline_regular(life: Life) -> None:
    """Rings the hotline about everything, and is answered by whoever is free."""
    day = life.begins(150, 1300)
    buys(life, day)
    shops(life, (day, 0), PLAN, asks=None)
    life.often(HOTLINE, life.days(6, 22), (day, 0), jitter=0.8)
    life.often(SURVEY, life.days(60, 150), (day + 20, 0), jitter=0.6)


@PRAISED.of("retail", "restaurant", "other", party=PERSON)
def gold_in_the_club(life: Life) -> None:
    """Gold in the loyalty club: evenings, tastings, a host who knows the name, points for every opinion."""
    day = life.begins(200, 1400)
    buys(life, day)
    life.profile(day + 3, contract=False, named=life.chance(0.5))
    shops(life, (day, 0), PLAIN._replace(size=2.0), pace=life.days(0.5, 1.0), asks=2.0)
    life.often(CLUB, life.days(20, 60), (day + 20, 0), jitter=0.5)
    life.often(STARS, life.days(15, 50), (day + 10, 0), jitter=0.6)


@PRAISED.of("grocery", "retail", "restaurant", "healthcare", party=COMPANY)
def haggles_each_year(life: Life) -> None:
    """A buyer of much: terms fought over twice a year, deliveries each week, claims for what was broken."""
    day = life.begins(300, 1700)
    buys(life, day, agreed=0.3)
    shops(life, (day, 0), BULK, pace=life.days(0.6, 1.3), asks=None)
    life.often(TERMS, life.days(90, 180), (day, 0), jitter=0.3)
    life.often(REPAIRS, life.days(20, 60), (day, 0), jitter=0.7)
