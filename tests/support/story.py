"""Words for tests of the core: messages of one account, and a telling of what folding them decides."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from relationship.contract import messages as m
from relationship.contract.decisions import State
from relationship.contract.outcome import RECLASSIFIED, Delivered, Outcome, Refused
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from relationship.state.record import AccountRecord, decode

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
POLICY = load_policy()
CORE = Core(POLICY)
NOW_US = micros(datetime(2027, 1, 1, tzinfo=UTC))
Told = tuple[str, m.Message]


def on(days: float) -> datetime:
    """Return the moment so many days into the story."""
    return START + timedelta(days=days)


def _base(days: float, event_id: str | None, account: str) -> dict[str, Any]:
    return {"event_id": event_id or f"e{days}", "account_id": account, "occurred_at": on(days)}


def purchase(days: float, event_id: str | None = None, account: str = "a", **fields: Any) -> Told:
    """Return a purchase of 10 EUR of goods, or as the fields say."""
    values = {"amount": "10.00", "currency": "EUR", **fields}
    return m.PURCHASES, m.Purchase(**_base(days, event_id, account), **values)


def ticket(days: float, event_id: str | None = None, account: str = "a", **fields: Any) -> Told:
    """Return a question by e-mail, or as the fields say."""
    values = {"ticket_id": event_id or f"t{days}", "status": "opened", "kind": "question", "channel": "email", **fields}
    return m.TICKETS, m.Ticket(**_base(days, event_id, account), **values)


def meeting(days: float, event_id: str | None = None, account: str = "a", **fields: Any) -> Told:
    """Return an hour's planning meeting that the account asked for, or as the fields say."""
    values = {
        "meeting_id": event_id or f"m{days}",
        "kind": "planning",
        "duration_minutes": 60,
        "channel": "in_person",
        "initiator": "account",
        **fields,
    }
    return m.MEETINGS, m.Meeting(**_base(days, event_id, account), **values)


def profile(days: float, event_id: str | None = None, account: str = "a", **fields: Any) -> Told:
    """Return a consulting business's profile, or as the fields say."""
    values = {"industry": "consulting", "party": "business", "market": "business", **fields}
    if values.get("contract"):
        values["contract"] = m.Contract(**values["contract"])
    return m.PROFILES, m.Profile(**_base(days, event_id, account), **values)


def command(days: float, name: str, event_id: str | None = None, account: str = "a", **fields: Any) -> Told:
    """Return a command by `ops`, or as the fields say."""
    return m.COMMANDS, m.Command(**_base(days, event_id, account), command=name, **{"by": "ops", **fields})


def courtship() -> list[Told]:
    """Return half a year in which a buyer of goods becomes a client: advice, plans, a tailored service, reviews."""
    told = [profile(0)]
    told += [purchase(day) for day in (1, 15, 31, 47)]
    told += [ticket(60, kind="advice", initiator="account"), meeting(70, kind="consultation"), meeting(80)]
    told += [purchase(85, kind="service", customised=True), meeting(95, kind="check_in", outcome_met=True)]
    told += [meeting(110, kind="review", outcome_met=True), purchase(115, kind="advice", customised=True)]
    told += [meeting(130, requirement_change=True), ticket(140, kind="feedback", csat=5), meeting(160, kind="check_in")]
    return told


def fold(told: Iterable[Told], core: Core = CORE) -> tuple[Replay, list[dict[str, Any]]]:
    """Fold messages one by one; return the replay and the reclassifications as they would be published."""
    replay, decisions = Replay(core), []
    for topic, message in told:
        _, sends = replay.fold(topic, message, NOW_US)
        decisions += [json.loads(sent.value or b"") for sent in sends if sent.topic == RECLASSIFIED]
    return replay, decisions


def fold_on(replay: Replay, topic: str, message: m.Message) -> list[dict[str, Any]]:
    """Fold one more message; return its reclassifications."""
    sends = replay.fold(topic, message, NOW_US)[1]
    return [json.loads(sent.value or b"") for sent in sends if sent.topic == RECLASSIFIED]


def refusals(told: Iterable[Told], core: Core = CORE) -> list[Refused]:
    """Fold messages and return what was refused."""
    replay = Replay(core)
    return [refusal for topic, message in told if (refusal := replay.fold(topic, message, NOW_US)[0])]


def path(decisions: Iterable[dict[str, Any]]) -> list[str]:
    """Return the statuses told, in order."""
    return [decision["to"] for decision in decisions]


def in_force(decisions: Iterable[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Return the decisions neither undone nor an undoing, as (moment, from, to, direction).

    What caused one may differ with the order of arrival: a decision that was told is not told again for another cause.
    """
    told = list(decisions)
    undone = {decision["supersedes"] for decision in told}
    return [
        (each["effective_at"], each["from"], each["to"], each["direction"])
        for each in told
        if each["event_id"] not in undone and each["direction"] != "correction"
    ]


def steps(decisions: Iterable[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return the decisions in force without their moments, which stand as told when another history joins."""
    return [each[1:] for each in in_force(decisions)]


def record_of(replay: Replay, account: str = "a") -> AccountRecord:
    """Return an account's record, decoded."""
    return decode(replay.records[account])


def state_of(replay: Replay, account: str = "a") -> State:
    """Return an account's state."""
    return next(state for state in replay.states(POLICY) if state.account_id == account)


def step(record: bytes | None, told: Iterable[Told], first_offset: int = 0) -> Outcome:
    """Take messages in one step of account `a`, at consecutive offsets."""
    delivered = [Delivered(topic, first_offset + i, message) for i, (topic, message) in enumerate(told)]
    return CORE.step("a", record, delivered, NOW_US)
