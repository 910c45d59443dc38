"""The firms: those that may be tuned on, and those that are kept for the report.

The reported ones that stand in a row of the issue's table have its name. A firm for tuning is never the same as one of them:
it has other shares, other columns, other kinds.
"""

from typing import Final

from simulator.firms.recording import ALL, Firm
from simulator.wire import MEETINGS, PROFILES, PURCHASES, TICKETS

NO_TICKETS: Final = ALL - {TICKETS}
NO_MEETINGS: Final = ALL - {MEETINGS}
NO_PURCHASES: Final = ALL - {PURCHASES}
ONE_CHANNEL: Final = {"meeting": "in_person", "ticket": "email", "purchase": "web"}

TUNING_FIRMS: Final = (
    Firm("fills in nearly all", cells=0.95),
    Firm("six in ten cells", cells=0.6, facts=0.9),
    Firm("half the columns", columns=0.5, facts=0.9),
    Firm("three in ten columns, some cells", columns=0.3, cells=0.8, facts=0.9),
    Firm("a seventh of the cells", cells=0.15, facts=0.8),
    Firm("bare", cells=0.0, facts=0.7),
    Firm("bare, no facts", cells=0.0, facts=0.0),
    Firm("all is a check-in or an incident", meeting="check_in", ticket="incident", cells=0.9),
    Firm(
        "all is a planning or a question, sparse",
        meeting="planning",
        ticket="question",
        cells=0.25,
        channels=ONE_CHANNEL,
    ),
    Firm("all is a review or a feedback, bare", meeting="review", ticket="feedback", cells=0.0),
    Firm("all is a sales talk or a question, half", meeting="sales", ticket="question", cells=0.5),
    Firm("logs three for one", logged=3.2),
    Firm("logs four for one, half the cells", logged=4.0, cells=0.5),
    Firm("logs a third", logged=0.33),
    Firm("logs a quarter, sparse", logged=0.25, cells=0.3),
    Firm("no tickets, most cells", feeds=NO_TICKETS, cells=0.8),
    Firm("no meetings, most cells", feeds=NO_MEETINGS, cells=0.8),
    Firm("no purchases", feeds=NO_PURCHASES, cells=0.9),
    Firm("no purchases, no contracts", feeds=NO_PURCHASES, contracts=False, cells=0.6),
    Firm("no contracts", contracts=False),
    Firm("no profiles", profiles=False, cells=0.7),
    Firm("calls are meetings", calls=0.9, cells=0.8),
    Firm("meetings are mails", mails=0.8, kinds={"ticket.advice": "question", "ticket.feedback": "question"}),
    Firm("taken over", taken_over=0.6, cells=0.8),
)
REPORTED_FIRMS: Final = (
    Firm("every field", heldout=True),
    Firm("half of the fields", heldout=True, cells=0.5),
    Firm("a fifth of the fields", heldout=True, cells=0.2),
    Firm("none of the optional fields", heldout=True, cells=0.0),
    Firm("a fifth, one kind of each", heldout=True, cells=0.2, meeting="consultation", ticket="question"),
    Firm("none, one kind of each", heldout=True, cells=0.0, meeting="consultation", ticket="question"),
    Firm("5x logged", heldout=True, logged=5.0),
    Firm("a fifth logged", heldout=True, logged=0.2),
    Firm("a fifth logged, a fifth of the fields", heldout=True, logged=0.2, cells=0.2),
    Firm("meetings only", heldout=True, feeds=NO_TICKETS),
    Firm("tickets only", heldout=True, feeds=NO_MEETINGS),
    Firm("a fifth of the columns", heldout=True, columns=0.2),
    Firm("one kind of each: check-in, advice", heldout=True, cells=0.7, meeting="check_in", ticket="advice"),
    Firm("2x logged, half of the columns", heldout=True, logged=2.0, columns=0.5),
    Firm("meetings and nothing else", heldout=True, feeds=frozenset({MEETINGS, PROFILES})),
    Firm("tickets and nothing else", heldout=True, feeds=frozenset({TICKETS, PROFILES})),
    Firm("no purchases, a fifth of the fields", heldout=True, feeds=NO_PURCHASES, cells=0.2),
    Firm("no profiles, no contracts", heldout=True, profiles=False, contracts=False),
    Firm("calls are meetings, meetings are mails", heldout=True, calls=0.8, mails=0.5, cells=0.6),
    Firm("half taken over in mid-life", heldout=True, taken_over=0.5),
)
FIRMS: Final = {firm.name: firm for firm in TUNING_FIRMS + REPORTED_FIRMS}
