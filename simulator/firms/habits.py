"""What several kinds of account do, and how: manners of contact, and stretches of a life made of them.

A share is a probability (0-1), a gap is in days. Each stretch takes the days from which and up to which it goes on.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from simulator.chance import Odds, even, odds
from simulator.firms.life import Life, Window
from simulator.manners import (
    BRIEFING,
    COUNSEL,
    FEES,
    OPINION,
    PITCH,
    PLAIN,
    SEMINAR,
    SIGNING,
    TALKS,
    WELCOME,
    Asking,
    Buying,
    Manner,
    Meeting,
)

Scope = Literal["external", "internal"]
Play = Callable[[Life], None]


class Kind(NamedTuple):
    """A kind of account.

    Attributes:
        name: what it is called in tables.
        trades: the trades it is found in, in turn.
        play: plays a life.
        heldout: kept out of all tuning.
        party: who it is, where the trade does not say.
        scope: external or internal.
    """

    name: str
    trades: tuple[str, ...]
    play: Play
    heldout: bool
    party: Odds | None
    scope: Scope


class Cast(dict[str, Kind]):
    """The kinds of one module, by name."""

    def of(
        self, *trades: str, heldout: bool = False, party: Odds | None = None, scope: Scope = "external"
    ) -> Callable[[Play], Play]:
        """Return a decorator that makes a kind of the function that plays it, under the function's name."""

        def enter(play: Play) -> Play:
            self[play.__name__] = Kind(play.__name__, trades, play, heldout, party, scope)
            return play

        return enter


PERSON: Final = odds(individual=1)
COMPANY: Final = odds(business=85, institution=15)
ADVICE: Final = odds(advice=60, service=40)
PLAIN_BILLS: Final = odds(service=55, goods=25, subscription=20)  # as a till writes them that knows no expertise
WORK: Final = odds(service=80, advice=10, goods=10)

# How clients write and meet.
LETTERS: Final = Asking(
    odds(advice=40, question=28, requirement_change=18, feedback=10, incident=4),
    channels=odds(email=88, web=12),
    by_us=0.25,
    mood=0.35,
    praise=4.3,
    kept=0.93,
)
CHATS: Final = LETTERS._replace(channels=odds(chat=80, email=20))
NEEDS: Final = Asking(odds(requirement_change=60, advice=25, question=15), by_us=0.15, mood=0.2, praise=4.1)
REVIEW: Final = Meeting(
    odds(review=55, planning=25, check_in=20), minutes=70, by_us=0.6, change=0.4, kept=0.9, theirs=2
)
CALLS: Final = Meeting(
    odds(check_in=55, consultation=45),
    minutes=25,
    by_us=0.45,
    change=0.12,
    kept=0.85,
    channels=odds(phone=75, video=25),
)
ON_SITE: Final = Meeting(
    odds(consultation=40, planning=30, check_in=30), minutes=60, by_us=0.5, change=0.25, channels=odds(in_person=1)
)
HANDOVER: Final = Meeting(odds(check_in=50, planning=30, consultation=20), minutes=45, by_us=0.5, kept=0.85)
FAREWELL: Final = Meeting(odds(review=50, check_in=30, interview=20), minutes=40, by_us=0.6, missed=0.02)
NOTICE: Final = Asking(
    odds(cancellation=1),
    channels=odds(email=80, phone=20),
    mood=-0.1,
    praise=3.6,
    why=odds(need_ended=50, service=15, competitor=20, price=15),
)

# How customers do.
PLAN: Final = Buying(spread=0.0, dues=True, invoiced=0.5, channels=odds(web=70, app=30))
BY_PHONE: Final = Buying(size=1.2, channels=odds(phone=85, store=15))
BY_REP: Final = Buying(size=12, spread=0.5, deal=0.2, invoiced=0.8, channels=odds(rep=70, phone=30))
STARS: Final = Asking(
    odds(feedback=85, question=15),
    channels=odds(web=60, phone=25, email=15),
    by_us=0.3,
    mood=0.7,
    praise=4.9,
    kept=0.98,
)
HELP: Final = Asking(odds(question=60, incident=36, complaint=4), mood=0.0, praise=3.8)
BUGS: Final = Asking(
    odds(incident=62, question=18, feedback=14, complaint=6),
    channels=odds(web=60, email=30, chat=10),
    mood=-0.1,
    praise=3.7,
)
WISHES: Final = Asking(
    odds(requirement_change=35, feedback=40, incident=25), channels=odds(web=75, email=25), mood=0.2, praise=4.0
)
SURVEY: Final = Asking(odds(feedback=1), channels=odds(web=80, email=20), by_us=0.7, mood=0.3, praise=4.2)
DUNNING: Final = Asking(
    odds(question=70, complaint=20, incident=10),
    channels=odds(email=60, phone=40),
    by_us=0.7,
    mood=-0.35,
    praise=2.8,
    kept=0.6,
)
PANEL: Final = Meeting(
    odds(interview=80, workshop=20),
    minutes=45,
    by_us=0.95,
    missed=0.1,
    kept=0.9,
    theirs=1,
    ours=1,
    channels=odds(video=80, in_person=20),
)
BOT_HELP: Final = Asking(
    odds(question=55, advice=25, feedback=20), channels=odds(bot=1), mood=0.5, praise=4.7, kept=0.97
)
TALK_OF_MONEY: Final = Meeting(
    odds(negotiation=70, check_in=30),
    minutes=20,
    by_us=0.8,
    missed=0.25,
    kept=0.5,
    theirs=1,
    ours=1,
    channels=odds(phone=1),
)
CLASSES: Final = Meeting(odds(workshop=80, webinar=20), minutes=75, by_us=0.9, missed=0.12, kept=0.85, theirs=1, ours=1)
LESSONS: Final = Meeting(
    odds(workshop=55, consultation=25, review=10, onboarding=10),
    minutes=60,
    by_us=0.7,
    missed=0.06,
    kept=0.9,
    theirs=1,
    ours=1,
)
WORKSHOPS: Final = Meeting(odds(workshop=70, onboarding=30), minutes=120, by_us=0.6, missed=0.04, kept=0.9, theirs=8)
MAILING: Final = Meeting(
    even("check_in", "review", "sales"),
    minutes=10,
    by_us=1,
    missed=0.85,
    kept=0.3,
    theirs=1,
    ours=1,
    channels=odds(phone=1),
)


def court(life: Life, day: float) -> float:
    """Play how somebody is won: known some weeks before, with a talk or two about it. Return the day known."""
    known = day - life.days(6, 40)
    life.is_prospect(known)
    life.profile(known, contract=False, named=False)
    life.steps((known + 1, day), *[PITCH] * (1 + life.chance(0.5)), apart=(3, 10))
    return known


def buys(life: Life, day: float, *, agreed: float = 0.15) -> None:
    """Play the first sign of a customer: a profile. This share of them has an agreement, as a customer has one: a plan."""
    life.is_customer(day)
    if life.chance(agreed):
        life.signs(day, named=life.chance(0.3), kind="subscription" if life.chance(0.6) else None)
    else:
        life.profile(day, contract=False, named=False)


def begin(life: Life, day: float, *, ends: float | None = None, told: float = 0.8, named: float = 0.8) -> None:
    """Play the beginning of an engagement: mostly a signature and a welcome, always a briefing. A client from the day on.

    `told` is the chance that the agreement reaches the profile, `named` that a person's name does.
    """
    life.is_client(day)
    opening: list[Manner] = [SIGNING] if life.chance(0.6) else []
    opening += [WELCOME] if life.chance(0.5) else []
    opening += [BRIEFING] * (1 + life.chance(0.3))
    life.steps((day, 0), *opening, apart=(2, 9))
    life.signs(day, ends=ends, told=life.chance(told), named=life.chance(named))


def works(
    life: Life,
    window: Window,
    *,
    meets: float | None = None,
    writes: float | None = None,
    fees: float | None = 30.4,
    asked: float | None = 150,
    talks: Meeting = TALKS,
    letters: Asking = COUNSEL,
    bill: Buying = FEES,
    lines: int = 2,
    kinds: Odds | None = None,
) -> None:
    """Play an engagement that goes on: talks, advice asked and given, fees, and now and then what they think of us."""
    if meets:
        life.often(talks, meets, window, jitter=life.days(0.2, 0.6))
    if writes:
        life.often(letters, writes, window, jitter=life.days(0.4, 0.9))
    if fees and kinds is None and life.chance(0.35):
        kinds = PLAIN_BILLS
    if fees:
        life.often(bill._replace(tailored=life.days(0.2, 0.8)), fees, window, jitter=0.1, lines=lines, kinds=kinds)
    if asked:
        life.often(OPINION, asked, window, jitter=0.6)
    if meets and life.chance(0.2):  # clients come to seminars too
        life.often(SEMINAR, life.days(60, 200), window, jitter=0.7)
    if life.chance(0.35):  # and have questions like anybody's
        life.often(HELP, life.days(50, 200), window, jitter=0.9)


def shops(
    life: Life,
    window: Window,
    manner: Buying = PLAIN,
    *,
    pace: float = 1.0,
    asks: float | None = 2.0,
    help_with: Asking = HELP,
    jitter: float = 0.5,
    lines: int = 2,
    kinds: Odds | None = None,
) -> None:
    """Play a customer who buys, and asks about what it bought; paces are multiples of the trade's own."""
    gap = 30.4 if manner.dues else life.trade.buys_every
    life.often(manner, gap * pace, window, jitter=0.05 if manner.dues else jitter, lines=lines, kinds=kinds)
    if asks:
        life.often(help_with, life.trade.asks_every * asks, window, jitter=0.9)


def leave(life: Life, day: float) -> None:
    """Say that who stops on this day is gone once the trade's patience is over."""
    gone = day + life.trade.patience * life.days(0.9, 1.2)
    if gone < 0:
        life.is_lapsed(gone)
