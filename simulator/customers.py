"""Those who buy, and those who never will: personas whom nobody who knew them would call clients.

Many look like clients from one side: they spend much, hold a contract, write often, or were invited to everything.
"""

from typing import Final

from simulator.chance import odds
from simulator.manners import (
    BIG,
    BOTTED,
    BULK,
    CANCEL,
    COLD_CALL,
    COUNTER,
    DEALS,
    DUES,
    GRIEVANCE,
    PITCH,
    PLAIN,
    PRODUCT,
    SEMINAR,
    SIGNING,
)
from simulator.personas import (
    CLEAR,
    EITHER,
    HARDER,
    MEETING_TRADES,
    PLAIN_ASKS,
    REST,
    Habit,
    Persona,
    Phase,
    buyer,
    gone,
)

CUSTOMERS: Final = (
    Persona(
        "one_off_buyer",
        10,
        (),
        (Phase("prospect", (0, 20)), buyer(days=(1, 3)), *gone("customer")),
        difficulty=CLEAR,
        early=0.98,
    ),
    Persona(
        "deal_hunter",
        8,
        ("retail", "grocery", "restaurant", "saas", "telecom", "other"),
        (buyer(Habit(DEALS, 1.6, 0.9), PLAIN_ASKS, opening=(DEALS,), lines=2),),
    ),
    Persona("regular", 13, (), (Phase("prospect", (0, 30)), buyer(Habit(PLAIN, 1.5, 0.6), PLAIN_ASKS, lines=2))),
    Persona(
        "loyal_regular",
        7,
        ("restaurant", "grocery", "retail", "streaming"),
        (buyer(Habit(BIG, 0.6, 0.2), lines=2),),
        party=odds(individual=1),
        early=0.4,
    ),
    Persona(
        "seasonal_regular",
        3,
        ("retail", "restaurant", "other"),
        (
            buyer(Habit(PLAIN, 1.0), days=(60, 100)),
            buyer(days=(70, 90), opening=()),
            buyer(Habit(PLAIN, 1.0), days=(60, 100)),
            buyer(days=(70, 90), opening=()),
            buyer(Habit(PLAIN, 1.0), PLAIN_ASKS),
        ),
        early=0.3,
    ),
    Persona(
        "wholesale_silent",
        4,
        ("grocery", "retail", "restaurant", "other", "healthcare"),
        (buyer(Habit(BULK, 1.3, 0.2), opening=(BULK,), lines=2),),
        party=odds(business=90, institution=10),
        market=odds(wholesale=1),
        early=0.5,
    ),
    Persona(
        "contract_holder",
        7,
        ("telecom", "insurance", "banking", "streaming"),
        (
            Phase("prospect", (0, 15)),
            Phase("customer", REST, (Habit(DUES, 1.0, 0.03), Habit(PRODUCT, 1.8, 0.8)), (SIGNING, DUES), bound=True),
        ),
    ),
    Persona(
        "self_serve_subscriber",
        6,
        ("saas", "streaming"),
        (buyer(Habit(DUES, 1.0, 0.03), Habit(PRODUCT, 1.6, 0.8), opening=(DUES,)),),
    ),
    Persona(
        "bot_chatter",
        4,
        ("telecom", "banking", "retail", "saas", "streaming", "insurance"),
        (buyer(Habit(PLAIN, 1.5, 0.5), Habit(BOTTED, 0.12, 0.7)),),
    ),
    Persona(
        "webinar_tourist",
        3,
        ("saas", "financial_advice", "marketing_agency", "consulting"),
        (buyer(Habit(PLAIN, 3.0, 0.7), Habit(SEMINAR, 1.2, 0.6)),),
        difficulty=HARDER,
    ),
    Persona(
        "complainer",
        5,
        ("telecom", "retail", "saas", "banking", "streaming", "other", "insurance"),
        (buyer(Habit(PLAIN, 1.2, 0.5), Habit(GRIEVANCE, 0.22, 0.7)),),
    ),
    Persona(
        "flirt",
        3,
        EITHER,
        (
            buyer(Habit(PLAIN, 1.3, 0.5), days=(150, 260)),
            buyer(Habit(PLAIN, 1.3), Habit(COUNTER, 0.5), days=(25, 40), opening=()),
            buyer(Habit(PLAIN, 1.3, 0.5), PLAIN_ASKS, opening=()),
        ),
        difficulty=HARDER,
        early=0.4,
    ),
    Persona(
        "outbound_only",
        4,
        EITHER,
        (Phase("prospect", (5, 30), (), (COLD_CALL,)), buyer(Habit(PLAIN, 4.0, 0.8), Habit(COLD_CALL, 0.8))),
    ),
    Persona(
        "sales_only", 5, MEETING_TRADES, (Phase("prospect", REST, (Habit(PITCH, 2.5, 0.8),), (PITCH,)),), early=0.9
    ),
    Persona(
        "lapsing_customer",
        6,
        ("retail", "grocery", "restaurant", "saas", "streaming", "telecom", "other"),
        (
            buyer(Habit(PLAIN, 1.1, 0.5), PLAIN_ASKS, days=(120, 300)),
            Phase("customer", (3, 10), (), (CANCEL,)),
            *gone("customer"),
        ),
        early=0.5,
    ),
)
