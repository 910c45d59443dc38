"""Histories of two accounts with all that can come to them: events, overrides, corrections, merges."""

import json
from datetime import datetime

import msgspec
from hypothesis import strategies as st
from story import START, Told, command, purchase
from test_core_properties import EVENTS, HISTORIES

from relationship.contract import messages as m

LAST_DAY = 28  # of the events: inside the lateness allowed, in whatever order they come


def as_of(told: list[Told], account: str) -> list[Told]:
    """Return messages as another account's, with ids of its own."""
    return [
        (topic, msgspec.structs.replace(each, account_id=account, event_id=f"{account}{each.event_id}"))
        for topic, each in told
    ]


def value_of(message: m.Message, **changed: object) -> dict:
    """Return a message as a correction carries it, changed."""
    return json.loads(msgspec.json.encode(msgspec.structs.replace(message, **changed)))


@st.composite
def corrections(draw: st.DrawFn, told: list[Told], number: int) -> Told:
    """Draw a correction of one of these events: withdrawn, moved in time, or of another one that is not there."""
    _, event = draw(st.sampled_from(told))
    day = draw(st.integers(0, LAST_DAY))
    values = [None, value_of(event, occurred_at=purchase(day)[1].occurred_at), {"event_id": "no message"}]
    name = draw(st.sampled_from([event.event_id, event.event_id, "not there"]))
    return command(
        LAST_DAY + number / 100, "correct", f"fix{number}", corrects=name, value=draw(st.sampled_from(values))
    )


@st.composite
def eventful(draw: st.DrawFn) -> list[Told]:
    """Draw a history of account `a` and `b`, in which corrections, merges and unmerges come at any place."""
    a = draw(HISTORIES)
    told = [*a, *as_of(draw(EVENTS), "b")]
    told = draw(st.permutations(told))
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["correct", "correct", "merge", "unmerge"]))
        if kind == "correct":
            each = draw(corrections([each for each in a if each[0] != m.COMMANDS] or a, number))
        else:
            each = command(LAST_DAY + number / 100, kind, f"c{number}", account="b", into="a")
        told.insert(draw(st.integers(0, len(told))), each)
    return told


def end_of(told: list[Told]) -> datetime:
    """Return the moment of the last message."""
    return max((each.occurred_at for _, each in told), default=START)
