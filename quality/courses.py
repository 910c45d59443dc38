"""Courses: what was told of an account over time, beside what was true. The simulator played, and the core's fold of it.

A course is the decisions in force: those that no correction has undone. The records go through the intake's own codec
first, so that spoiled ones are refused where they would be.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from relationship.contract import messages as m
from relationship.contract.outcome import RECLASSIFIED, Outgoing, Refused
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from simulator import AccountTruth, SimEvent, Simulation, simulate
from streams.wire.codecs import Codec, Limits

END: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
TUNING_SEEDS: Final = (1, 2, 7, 11, 12)  # the policy was tuned on these, and so are the rivals
TEST_SEEDS: Final = (201, 202, 203, 204, 205)  # nothing was tuned on these
ACCOUNTS: Final = 1_500  # for each seed
SECOND_US: Final = 1_000_000

# (POSIX seconds, the status from then on), in order; before the first the account is a prospect.
Timeline = tuple[tuple[float, str], ...]
Seen = Callable[[m.Message], m.Message]


class Course(NamedTuple):
    """One account: its truth, and what was told of it. `corrections` counts decisions told and then undone."""

    truth: AccountTruth
    told: Timeline
    corrections: int = 0


def played(seed: int, accounts: int = ACCOUNTS) -> Simulation:
    """Return the simulation of a seed: two years up to `END`, with the simulator's ordinary noise and faults."""
    return simulate(accounts, END, seed=seed)


def accepted(events: Iterable[SimEvent]) -> Iterator[tuple[str, m.Message]]:
    """Yield the messages of the records that the intake's codec takes, each with its topic, as they arrive."""
    codec, now_us = Codec(Limits()), int(END.timestamp()) * SECOND_US
    for offset, event in enumerate(events):
        key = None if event.key is None else event.key.encode()
        message = codec.decode(event.topic, key, event.value, now_us, offset=offset, timestamp_us=now_us)
        if not isinstance(message, Refused):
            yield event.topic, message


def messages_by_account(simulation: Simulation) -> dict[str, list[m.Message]]:
    """Return every account's messages once each, in the order in which they happened: easier than what arrives."""
    found: dict[str, list[m.Message]] = {truth.account_id: [] for truth in simulation.accounts}
    good = (event for event in simulation.events() if event.fault in {None, "late"})
    for _, message in accepted(good):
        found[message.account_id].append(message)
    for each in found.values():
        each.sort(key=lambda message: message.occurred_at)
    return found


def without_contract(message: m.Message) -> m.Message:
    """Return the message with no word of a contract in it."""
    if isinstance(message, m.Profile):
        return replace(message, contract=None)
    if isinstance(message, m.Purchase):
        return replace(message, contract_id=None)
    return replace(message, contract_signed=None) if isinstance(message, m.Meeting) else message


def unchanged(message: m.Message) -> m.Message:
    """Return the message."""
    return message


def folded(simulation: Simulation, policy: Policy, seen: Seen = unchanged) -> list[Course]:
    """Fold all records of a simulation, `seen` as it makes them, let the timers run to `END`, and return the courses."""
    replay = Replay(Core(policy))
    sent: list[Outgoing] = []
    for topic, message in accepted(simulation.events()):
        sent += replay.fold(topic, seen(message), 0)[1]
    sent += replay.run_until(int(simulation.end.timestamp()) * SECOND_US, 0)
    decisions = defaultdict(list)
    for each in sent:
        if each.topic == RECLASSIFIED:
            decisions[each.key].append(json.loads(each.value or b"{}"))
    return [course_of(truth, decisions[truth.account_id]) for truth in simulation.accounts]


def course_of(truth: AccountTruth, decisions: list[dict[str, Any]]) -> Course:
    """Return the course that an account's decisions make: those in force, without the ones that were undone."""
    undone = {each["supersedes"] for each in decisions}
    in_force = [each for each in decisions if each["event_id"] not in undone and each["direction"] != "correction"]
    told = tuple((datetime.fromisoformat(each["effective_at"]).timestamp(), each["to"]) for each in in_force)
    return Course(truth, told, sum(each["direction"] == "correction" for each in decisions))
