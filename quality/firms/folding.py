"""What a firm recorded, folded by the core: each account's decisions and where it stands at the end.

An account's messages go through the core in one step, which decides as message by message would, and is five times as quick.
"""

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from quality.courses import END, SECOND_US, Course, course_of
from relationship.classify.transitions import read
from relationship.contract import messages as m
from relationship.contract.outcome import RECLASSIFIED, Applied, Delivered, Outgoing
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.state.record import decode
from relationship.timeline.state_message import state_of
from simulator.casting import AccountTruth
from simulator.firms import Base, Firm

END_US: Final = int(END.timestamp()) * SECOND_US


class Heard(NamedTuple):
    """One account as a firm knows it."""

    truth: AccountTruth
    messages: list[tuple[str, m.Message]]


class Told(NamedTuple):
    """What was told of an account: its course, and at the end its standing, score (0-100) and confidence (0-1)."""

    course: Course
    status: str
    score: float
    confidence: float


class FoldError(Exception):
    """A message of the simulator's was refused."""


def heard(base: Base, firm: Firm) -> list[Heard]:
    """Return every account as a firm knows it, its messages in the order in which they happened."""
    types = m.MESSAGE_TYPES
    return [
        Heard(
            account.truth, [(scene.topic, msgspec.convert(scene.value, types[scene.topic])) for scene in account.scenes]
        )
        for account in base.recorded(firm)
    ]


def _decisions(sent: Iterable[Outgoing]) -> list[dict[str, Any]]:
    return [json.loads(each.value or b"{}") for each in sent if each.topic == RECLASSIFIED]


def told_of(account: Heard, core: Core, policy: Policy) -> Told:
    """Fold one account, and let its timers run to the end. Raises FoldError."""
    name = account.truth.account_id
    if not account.messages:
        return Told(Course(account.truth, ()), "prospect", 0.0, 0.0)
    delivered = [Delivered(topic, number, message) for number, (topic, message) in enumerate(account.messages)]
    folded = core.step(name, None, delivered, 0)
    refused = next((verdict for verdict in folded.verdicts if not isinstance(verdict, Applied)), None)
    if refused or folded.record is None:
        raise FoldError(f"{name}: {refused}")
    timed = core.run_timers(name, folded.record, END_US, 0)
    record = decode(timed.record or folded.record)
    state = state_of(name, record, read(record.head, policy).score, policy)
    course = course_of(account.truth, _decisions((*folded.sends, *timed.sends)))
    return Told(course, state.status, state.score, state.confidence)


def told(accounts: Iterable[Heard], policy: Policy) -> list[Told]:
    """Fold all accounts of a firm under a policy."""
    core = Core(policy)
    return [told_of(account, core, policy) for account in accounts]
