"""The manners in which people buy, ask and meet: what one event of a habit looks like.

Shares are probabilities (0-1). A manner says how the people behave, never how that would be scored.
"""

from typing import Final, NamedTuple

from simulator.chance import Odds, even, odds


class Buying(NamedTuple):
    """How purchases are made.

    Attributes:
        expert: what is sold is what clients are sold in the trade, not what customers are.
        size: amount as a multiple of the trade's price.
        spread: log-normal sigma of the amount; 0 is the same amount every time.
        deal: share bought below list price, mostly with a code.
        tailored: share that was made to measure.
        invoiced: share with a due date and a day of payment.
        overdue: share of the invoices paid late.
        channels: where.
        dues: the purchase is an instalment of the contract in force, due every month.
        returned: share handed back for a refund.
    """

    expert: bool = False
    size: float = 1.0
    spread: float = 0.5
    deal: float = 0.05
    tailored: float = 0.01
    invoiced: float = 0.0
    overdue: float = 0.1
    channels: Odds = odds(store=45, web=35, app=15, phone=3, partner=2)
    dues: bool = False
    returned: float = 0.01


class Asking(NamedTuple):
    """How tickets are raised.

    Attributes:
        kinds: what about.
        channels: where.
        by_us: share that we opened.
        mood: mean sentiment, -1 to 1.
        praise: mean score in surveys, 1-5.
        kept: share whose service level and outcome were met.
        why: reasons where the ticket is a cancellation.
    """

    kinds: Odds
    channels: Odds = odds(email=35, phone=25, chat=20, web=15, bot=5)
    by_us: float = 0.02
    mood: float = 0.0
    praise: float = 3.6
    kept: float = 0.88
    why: Odds = odds(price=50, need_ended=30, competitor=15, other=5)


class Meeting(NamedTuple):
    """How people meet.

    Attributes:
        kinds: what for.
        minutes: median length.
        by_us: share that we called.
        missed: share to which they did not come.
        change: share in which their needs had changed.
        kept: share that reached what it was for.
        theirs: most people of theirs.
        ours: most people of ours.
        signs: share in which a contract was signed.
        channels: where.
    """

    kinds: Odds
    minutes: float = 45.0
    by_us: float = 0.5
    missed: float = 0.05
    change: float = 0.0
    kept: float = 0.8
    theirs: int = 2
    ours: int = 2
    signs: float = 0.0
    channels: Odds = odds(in_person=40, video=45, phone=15)


Manner = Buying | Asking | Meeting

# Buying
PLAIN: Final = Buying()
BIG: Final = Buying(size=3.0, spread=0.4, deal=0.02)
DEALS: Final = Buying(size=0.7, deal=0.8, channels=odds(web=60, app=35, store=5))
BULK: Final = Buying(
    size=25, spread=0.4, deal=0.25, invoiced=0.8, overdue=0.15, channels=odds(rep=50, web=30, phone=20)
)
DUES: Final = Buying(spread=0, deal=0.02, dues=True, invoiced=0.4, channels=odds(web=70, app=30))
FEES: Final = Buying(
    expert=True, size=1.5, deal=0.02, tailored=0.6, invoiced=0.8, channels=odds(rep=60, phone=15, web=25)
)
RETAINER: Final = Buying(
    expert=True,
    size=1.4,
    spread=0.1,
    deal=0.01,
    tailored=0.55,
    invoiced=0.9,
    overdue=0.07,
    channels=odds(rep=70, web=30),
    dues=True,
)

# Asking
PRODUCT: Final = Asking(odds(question=45, incident=45, complaint=6, feedback=4))
GRIEVANCE: Final = Asking(odds(incident=65, complaint=28, question=7), mood=-0.55, praise=2.1, kept=0.55)
BOTTED: Final = Asking(odds(question=80, incident=15, feedback=5), channels=odds(bot=93, chat=7))
COUNSEL: Final = Asking(
    odds(advice=46, requirement_change=20, feedback=16, question=14, incident=4),
    channels=odds(email=45, phone=35, in_person=12, chat=8),
    by_us=0.3,
    mood=0.4,
    praise=4.4,
    kept=0.93,
)
OPINION: Final = Asking(odds(feedback=80, question=20), by_us=0.5, mood=0.2, praise=4.1)
CANCEL: Final = Asking(odds(cancellation=1), mood=-0.2, praise=3.0)
LEAVE: Final = Asking(
    odds(cancellation=1), mood=0.0, praise=3.8, why=odds(need_ended=50, service=20, competitor=20, price=10)
)
STRAY: Final = Asking(odds(advice=45, requirement_change=15, feedback=40), mood=0.1, praise=3.8)

# Meeting
PITCH: Final = Meeting(odds(sales=92, negotiation=8), minutes=30, by_us=0.75, missed=0.12, kept=0.4)
COLD_CALL: Final = Meeting(
    even("sales", "check_in", "review"), minutes=8, by_us=1, missed=0.88, kept=0.1, ours=1, channels=odds(phone=1)
)
SEMINAR: Final = Meeting(
    odds(webinar=75, workshop=25), minutes=60, by_us=0.9, missed=0.6, kept=0.5, theirs=1, channels=odds(video=1)
)
COUNTER: Final = Meeting(odds(sales=40, consultation=40, onboarding=20), minutes=20, by_us=0.3, missed=0.1)
SIGNING: Final = Meeting(odds(negotiation=70, planning=30), minutes=60, missed=0, kept=0.95, signs=0.92)
WELCOME: Final = Meeting(odds(onboarding=1), minutes=75, by_us=0.6, missed=0.03, kept=0.9, theirs=4)
BRIEFING: Final = Meeting(odds(planning=60, consultation=40), minutes=60, missed=0.02, change=0.3, kept=0.9, theirs=3)
TALKS: Final = Meeting(
    odds(check_in=34, planning=22, consultation=24, review=14, workshop=4, interview=2),
    minutes=50,
    by_us=0.45,
    change=0.22,
    kept=0.87,
    theirs=3,
)
SESSIONS: Final = Meeting(
    odds(consultation=65, check_in=20, planning=10, review=5),
    minutes=40,
    by_us=0.4,
    change=0.15,
    kept=0.88,
    theirs=1,
    ours=1,
)
VIEWINGS: Final = Meeting(
    odds(viewing=62, consultation=18, check_in=10, negotiation=10), minutes=50, by_us=0.5, missed=0.06, change=0.3
)
