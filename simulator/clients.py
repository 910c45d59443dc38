"""Those who are clients, become clients, or were: personas with an engaged, tailored relationship at some time."""

from typing import Final

from simulator.chance import odds
from simulator.manners import (
    BRIEFING,
    BULK,
    COUNSEL,
    DUES,
    FEES,
    LEAVE,
    OPINION,
    PITCH,
    PLAIN,
    RETAINER,
    SESSIONS,
    SIGNING,
    TALKS,
    VIEWINGS,
    WELCOME,
    Manner,
)
from simulator.personas import ADVISED, CLEAR, EITHER, HARDER, PLAIN_ASKS, REST, Habit, Persona, Phase, buyer, gone

CLIENT_HABITS: Final = (Habit(TALKS), Habit(COUNSEL, 0.35), Habit(FEES, 1.6), Habit(OPINION, 2.5))


def engaged(
    days: tuple[float, float] = REST, lines: int = 2, opening: tuple[Manner, ...] = (SIGNING, WELCOME, BRIEFING)
) -> Phase:
    """Return a phase of a client as one thinks of it: talks, advice asked and given, a contract, fees."""
    return Phase("client", days, CLIENT_HABITS, opening, bound=True, named=True, lines=lines)


CLIENTS: Final = (
    Persona(
        "client_from_the_start",
        9,
        ADVISED,
        (Phase("prospect", (3, 25), (), (PITCH,)), engaged()),
        difficulty=CLEAR,
        early=0.85,
    ),
    Persona("slow_turner", 6, EITHER[:-1], (buyer(Habit(PLAIN), PLAIN_ASKS, days=(220, 420)), engaged()), early=0.35),
    Persona("fast_turner", 5, EITHER[:-1], (buyer(Habit(PLAIN, 0.6), days=(25, 60)), engaged()), early=0.8),
    Persona(
        "key_account",
        3,
        ("grocery", "restaurant", "retail", "telecom", "streaming", "other"),
        (
            buyer(Habit(PLAIN), days=(60, 150)),
            Phase(
                "client",
                REST,
                (Habit(TALKS), Habit(COUNSEL, 0.4), Habit(FEES, 2.0), Habit(BULK, 1.5)),
                (BRIEFING, SIGNING, BRIEFING),
                bound=True,
                named=True,
                lines=3,
            ),
        ),
        party=odds(business=80, institution=20),
        market=odds(business=60, wholesale=40),
        difficulty=HARDER,
        early=0.5,
    ),
    Persona(
        "insurance_household",
        3,
        ("insurance",),
        (
            Phase("customer", (90, 200), (Habit(DUES, 1.0, 0.03),), (DUES,), bound=True),
            engaged((110, 170)),
            engaged((110, 170), 3, (BRIEFING,)),
            engaged(lines=4, opening=(BRIEFING,)),
        ),
        party=odds(individual=1),
        market=odds(consumer=1),
        early=0.4,
    ),
    Persona(
        "onboarded_saas",
        3,
        ("saas",),
        (
            Phase("prospect", (5, 30), (), (PITCH, PITCH)),
            Phase(
                "client",
                REST,
                (Habit(TALKS), Habit(COUNSEL, 0.5), Habit(RETAINER, 1.0, 0.05), Habit(OPINION, 1.5)),
                (SIGNING, WELCOME, WELCOME, BRIEFING),
                bound=True,
                named=True,
                lines=3,
            ),
        ),
        party=odds(business=85, institution=15),
    ),
    Persona(
        "care_plan",
        3,
        ("healthcare",),
        (
            buyer(Habit(PLAIN), days=(20, 90)),
            Phase(
                "client",
                REST,
                (Habit(SESSIONS), Habit(COUNSEL, 0.4), Habit(FEES, 1.2)),
                (BRIEFING, SIGNING, BRIEFING),
                bound=True,
                named=True,
                lines=2,
            ),
        ),
        party=odds(individual=1),
        market=odds(consumer=1),
    ),
    Persona(
        "agency_retainer",
        3,
        ("marketing_agency", "accounting"),
        (
            Phase("prospect", (5, 30), (), (PITCH,)),
            Phase(
                "client",
                REST,
                (Habit(TALKS), Habit(COUNSEL, 0.5), Habit(RETAINER, 1.0, 0.05)),
                (SIGNING, WELCOME, BRIEFING),
                bound=True,
                named=True,
                lines=2,
            ),
        ),
        party=odds(business=80, institution=20),
        difficulty=CLEAR,
    ),
    Persona(
        "property_search",
        3,
        ("real_estate",),
        (
            Phase("prospect", (3, 15), (), (PITCH,)),
            Phase(
                "client",
                (140, 260),
                (Habit(VIEWINGS), Habit(COUNSEL, 0.15), Habit(FEES, 1.3)),
                (BRIEFING, SIGNING),
                bound=True,
                named=True,
                lines=2,
            ),
            Phase("client", (3, 6), (), (SIGNING, FEES), bound=True, named=True),
            *gone("client"),
        ),
        early=0.95,
    ),
    Persona(
        "internal_client",
        2,
        ("consulting", "law", "accounting", "saas", "other"),
        (Phase("prospect", (1, 10)), engaged()),
        party=odds(business=70, institution=30),
        market=odds(business=1),
        scope="internal",
    ),
    Persona(
        "client_lapses",
        4,
        EITHER[:-1],
        (
            Phase("prospect", (3, 20), (), (PITCH,)),
            engaged((130, 260)),
            Phase("client", (2, 9), (), (LEAVE,), bound=True),
            *gone("client"),
        ),
        early=0.35,
    ),
    Persona(
        "client_decays",
        3,
        (*ADVISED, "saas"),
        (
            Phase("prospect", (3, 20), (), (PITCH,)),
            engaged((150, 260)),
            Phase("client", (0.8, 1.1), (Habit(PLAIN, 0.8),), by_patience=True),
            buyer(Habit(PLAIN, 0.8), PLAIN_ASKS, opening=()),
        ),
        difficulty=HARDER,
        early=0.25,
    ),
    Persona(
        "client_returns",
        3,
        ADVISED,
        (
            Phase("prospect", (3, 20), (), (PITCH,)),
            engaged((110, 180)),
            Phase("client", (0.9, 1.2), by_patience=True),
            Phase("lapsed", (20, 80)),
            engaged(opening=(BRIEFING, SIGNING, BRIEFING)),
        ),
        early=0.2,
    ),
)
