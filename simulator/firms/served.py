"""Customers whom people meet, and who are no clients for it: appointments, visits, counters, demonstrations."""

from typing import Final

from simulator.chance import odds
from simulator.firms.habits import (
    CLASSES,
    COMPANY,
    HELP,
    PERSON,
    PLAN,
    SURVEY,
    Cast,
    buys,
    leave,
    shops,
)
from simulator.firms.life import Life
from simulator.manners import BULK, OPINION, PITCH, PLAIN, Meeting

SERVED: Final = Cast()
APPOINTMENT: Final = Meeting(
    odds(consultation=45, check_in=55), minutes=35, by_us=0.1, missed=0.07, kept=0.9, theirs=1, ours=1,
    channels=odds(in_person=1),
)  # fmt: skip
COUNTER_TALK: Final = APPOINTMENT._replace(minutes=9, by_us=0.02, missed=0.0)
ROUND: Final = Meeting(
    odds(sales=65, check_in=35),
    minutes=15,
    by_us=0.97,
    missed=0.1,
    kept=0.6,
    theirs=1,
    ours=1,
    channels=odds(in_person=1),
)
UPKEEP: Final = APPOINTMENT._replace(kinds=odds(check_in=80, review=20), minutes=45, by_us=0.85)
DEMO: Final = Meeting(
    odds(sales=50, webinar=30, workshop=20), minutes=40, by_us=0.6, missed=0.25, kept=0.5, channels=odds(video=1)
)


@SERVED.of("other", "healthcare", "retail", party=PERSON)
def comes_by_appointment(life: Life) -> None:
    """A hairdresser's or optician's regular: the same service by appointment, every few weeks."""
    day = life.begins(150, 1600)
    buys(life, day, agreed=0.05)
    gap = life.days(25, 70)
    life.often(APPOINTMENT, gap, (day, 0), jitter=0.25)
    life.often(PLAIN, gap, (day, 0), jitter=0.25, kinds=odds(service=70, goods=30))
    life.often(HELP, 250, (day, 0), jitter=0.9)


@SERVED.of("other", "healthcare", "telecom", heldout=True)
def kept_in_repair(life: Life) -> None:
    """A boiler, a car or a hearing aid: looked at twice a year under a maintenance plan, mended in between."""
    day = life.begins(300, 1900)
    buys(life, day, agreed=0.8)
    life.often(UPKEEP, life.days(90, 190), (day, 0), jitter=0.1)
    life.often(PLAN, life.days(30, 180), (day, 0), jitter=0.03, kinds=odds(service=60, subscription=40))
    life.often(HELP, life.days(90, 200), (day, 0), jitter=0.9)


@SERVED.of("grocery", "restaurant", "healthcare", "retail", party=COMPANY)
def visited_on_the_round(life: Life) -> None:
    """A shop or practice on a rep's round: a quarter of an hour each month, and an order."""
    day = life.begins(250, 1600)
    buys(life, day)
    life.often(ROUND, life.days(20, 45), (day, 0), jitter=0.2)
    shops(life, (day, 0), BULK, pace=life.days(0.8, 2.0), asks=3.0)


@SERVED.of("banking", "real_estate", "other", heldout=True, party=PERSON)
def comes_to_the_counter(life: Life) -> None:
    """Comes to the counter for everything, and chats a few minutes."""
    day = life.begins(250, 1800)
    buys(life, day, agreed=0.4)
    life.often(COUNTER_TALK, life.days(12, 40), (day, 0), jitter=0.7)
    life.often(PLAIN, life.days(25, 60), (day, 0), jitter=0.5)


@SERVED.of("saas", "marketing_agency", "other", party=COMPANY)
def shown_every_novelty(life: Life) -> None:
    """A self-serve user who comes to each demonstration and training, and pays the plain plan."""
    day = life.begins(200, 1200)
    buys(life, day, agreed=0.3)
    life.often(DEMO, life.days(25, 70), (day, 0), jitter=0.6)
    shops(life, (day, 0), PLAN, asks=1.5)


@SERVED.of("saas", "insurance", "banking", "real_estate", heldout=True)
def switched_with_help(life: Life) -> None:
    """Moved its contract or data with our help: four talks in two weeks, and self-serve ever since."""
    day = life.begins(120, 900)
    buys(life, day, agreed=0.6)
    life.steps((day, 0), PITCH, APPOINTMENT, APPOINTMENT, COUNTER_TALK, apart=(2, 6))
    shops(life, (day, 0), PLAN, asks=1.5)
    life.once(day + 20, SURVEY)


@SERVED.of("healthcare", party=PERSON)
def ill_now_and_then(life: Life) -> None:
    """A patient who comes when something hurts: two or three visits, once or twice a year."""
    day = life.begins(300, 1800)
    buys(life, day, agreed=0.1)
    at = day
    while at < 0:
        life.steps((at, 0), *[APPOINTMENT] * (2 + life.chance(0.5)), PLAIN, apart=(3, 12))
        at += life.days(120, 330)


@SERVED.of("other", "healthcare", "retail", heldout=True, party=PERSON)
def pupil_of_many_classes(life: Life) -> None:
    """Books one class after another, cookery, yoga, dance, among twenty others, and rates the teachers."""
    day = life.begins(200, 1300)
    buys(life, day, agreed=0.1)
    life.often(CLASSES, life.days(7, 25), (day, 0), jitter=0.4)
    life.often(PLAIN, life.days(30, 80), (day, 0), jitter=0.5, kinds=odds(service=70, goods=30))
    life.often(OPINION, life.days(40, 120), (day, 0), jitter=0.8)


@SERVED.of("consulting", "law", "accounting", "financial_advice")
def asks_and_goes_elsewhere(life: Life) -> None:
    """Had a free first talk or two, asked what it would cost, and went elsewhere."""
    day = life.begins(60, 700)
    life.is_prospect(day)
    life.profile(day)
    life.steps((day, 0), PITCH, APPOINTMENT, HELP, *[PITCH] * life.chance(0.5), apart=(4, 14))
    leave(life, day + 40)
