"""Further relationships that have ended: many of those who were clients go on buying, as customers."""

from typing import Any, Final

from simulator.chance import odds
from simulator.firms.habits import (
    FAREWELL,
    HANDOVER,
    HELP,
    LETTERS,
    NOTICE,
    PERSON,
    PLAN,
    Cast,
    begin,
    buys,
    court,
    leave,
    shops,
    works,
)
from simulator.firms.life import Life, Window
from simulator.firms.served import APPOINTMENT
from simulator.manners import FEES, PLAIN, SESSIONS

PARTED: Final = Cast()


def _client_until(
    life: Life, ended: float, days: Window, *, told: float = 0.8, meets: Window = (10, 35), writes: Window = (12, 50),
    **more: Any,
) -> None:  # fmt: skip
    """Play an engagement of so many days up to the day on which it ended."""
    day = ended - life.days(*days)
    court(life, day)
    begin(life, day, told=told)
    works(life, (day + 8, ended), meets=life.days(*meets), writes=life.days(*writes), **more)


@PARTED.of("marketing_agency", "consulting", "accounting", "saas")
def retainer_given_up(life: Life) -> None:
    """Gave the retainer up, half of them by notice, and goes on buying by the piece, with questions like anybody's."""
    ended = -life.days(60, 500)
    _client_until(life, ended, (250, 900))
    if life.chance(0.5):
        life.once(ended, NOTICE)
    life.leaves(ended + life.days(0, 20))
    life.is_customer(ended)
    shops(life, (ended + 10, 0), PLAIN if life.chance(0.5) else PLAN, pace=1.0, asks=1.0)


@PARTED.of("financial_advice", "banking", "insurance", "accounting")
def adviser_left(life: Life) -> None:
    """Its adviser went and nobody took over: the fees are paid on, and asked about once in a while."""
    ended = -life.days(life.trade.client_patience * 1.2, life.trade.client_patience * 1.2 + 700)
    _client_until(life, ended, (300, 1200), told=0.7)
    if life.chance(0.6):
        life.leaves(ended + life.days(20, 120))
    life.is_customer(ended + life.trade.client_patience)
    life.often(PLAN, 30.4, (ended, 0), jitter=0.05, kinds=odds(service=50, subscription=50))
    life.often(HELP, life.days(100, 250), (ended, 0), jitter=0.8)


@PARTED.of("saas", "marketing_agency", "consulting", "restaurant")
def outgrew_its_advisers(life: Life) -> None:
    """The talks thinned out, half a year long, and stopped: it does it alone now, and pays for the tool."""
    ended = -life.days(life.trade.client_patience * 1.1, life.trade.client_patience * 1.1 + 500)
    _client_until(life, ended - 180, (250, 800), told=0.6)
    works(life, (ended - 180, ended), meets=life.days(45, 80), writes=life.days(50, 100), fees=None, asked=None)
    if life.chance(0.7):
        life.leaves(ended + life.days(0, 60))
    life.is_customer(ended + life.trade.client_patience)
    shops(life, (ended - 180, 0), PLAN if life.trade.name == "saas" else PLAIN, asks=1.2)


@PARTED.of("law", "consulting")
def matter_settled(life: Life) -> None:
    """A matter of half a year to fourteen months that was settled; at most a document bought since."""
    ended = -life.days(150, 600)
    _client_until(life, ended, (180, 420), told=0.5, asked=None)
    life.steps((ended - 3, 0), FAREWELL, FEES, apart=(1, 12))
    if life.chance(0.6):
        life.leaves(ended + life.days(5, 60))
    life.is_customer(ended)
    if life.chance(0.3):
        life.once(ended + life.days(40, 140), PLAIN)
    else:
        leave(life, ended)


@PARTED.of("healthcare", party=PERSON)
def cured(life: Life) -> None:
    """Treated for months, and well again: a check-up a year."""
    ended = -life.days(200, 900)
    day = ended - life.days(90, 250)
    buys(life, day - 10, agreed=0.1)
    begin(life, day, told=0.4)
    works(life, (day, ended), meets=life.days(7, 14), talks=SESSIONS, writes=life.days(30, 80), fees=None, asked=None)
    life.often(PLAIN, 30, (day, ended), kinds=odds(service=90, goods=10))
    life.leaves(ended + life.days(1, 30))
    life.is_customer(ended)
    at = ended + life.days(150, 330)
    while at < 0:
        life.steps((at, 0), APPOINTMENT, PLAIN)
        at += life.days(330, 400)


@PARTED.of("accounting", "saas", "insurance", "consulting")
def sold_and_handed_over(life: Life) -> None:
    """Was sold, gave notice, had its papers handed over with letters and talks for months, and is gone or going."""
    notice = -life.days(40, 420)
    _client_until(life, notice, (250, 1000))
    life.once(notice, NOTICE)
    until = notice + life.days(45, 130)
    life.is_customer(notice)
    works(
        life,
        (notice, min(until, 0)),
        meets=life.days(15, 35),
        talks=HANDOVER,
        writes=life.days(10, 30),
        letters=LETTERS,
        asked=None,
    )
    life.leaves(until)
    leave(life, until)
