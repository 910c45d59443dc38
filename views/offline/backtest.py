"""Two policies over one file of events: who would have been classified otherwise, when, and at which cost."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from relationship.analysis.backtest import Bill, Course, Courses, Otherwise, bill, otherwise
from relationship.contract.messages import Message
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from streams.config.settings import Settings
from views.errors import InputError
from views.offline.event_file import event_time


class _Truth(Struct):
    account_id: str
    phases: list[tuple[datetime, str]]


_truth: Final = msgspec.json.Decoder(_Truth)


class History(Protocol):
    """A history to fold: that of a file (`EventReader`), or the kept one (`views.policies.kept`)."""

    @property
    def newest(self) -> int:
        """Event time (µs) of the newest message read so far."""

    def messages(self) -> Iterator[tuple[int, str, Message]]:
        """Yield the messages, each with its number and its topic."""

    def refuse(self, number: int, why: str) -> None:
        """Note that the fold refuses one."""


class Backtest:
    """Policies A and B, each over its own accounts, fed with the same messages in the same order."""

    def __init__(self, a: Policy, b: Policy, settings: Settings) -> None:
        self.policy = a
        self.runs = [(Replay(Core(policy, settings.lateness_days)), Courses()) for policy in (a, b)]
        self.until = 0

    def fold(self, reader: History, until: int | None) -> None:
        """Fold a history, and let the timers run to `until` (µs), or to its last event's time."""
        for number, topic, message in reader.messages():
            decided_at = event_time(message)
            for replay, courses in self.runs:
                refusal, sends = replay.fold(topic, message, decided_at)
                courses.see(sends)
            if refusal:
                reader.refuse(number, f"{refusal.reason}: {refusal.text}")
        self.until = reader.newest if until is None else until
        for replay, courses in self.runs:
            courses.see(replay.run_until(self.until, self.until))

    @cached_property
    def known(self) -> list[str]:
        """The accounts that stand for themselves in the end: neither erased nor merged into another."""
        (a, _), (b, _) = self.runs
        return sorted({s.account_id for s in a.states(self.policy)} & {s.account_id for s in b.states(self.policy)})

    def otherwise(self) -> Iterator[Otherwise]:
        """Yield whom the policies class differently, by account and time."""
        (_, a), (_, b) = self.runs
        for account_id in self.known:
            costs = self.policy.costs(a.industries.get(account_id))
            yield from otherwise(account_id, a.of(account_id), b.of(account_id), self.until, costs)

    def bills(self, truth: dict[str, Course]) -> list[Bill]:
        """Return what A's and B's own mistakes cost, of the accounts that the truth knows."""
        known = [account_id for account_id in self.known if account_id in truth]
        return [bill(truth, courses, known, self.until, self.policy) for _, courses in self.runs]


def read_truth(file: Path) -> dict[str, Course]:
    """Return the courses of a truth file, one account a line. Raises InputError with the line, OSError."""
    found: dict[str, Course] = {}
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            truth = _truth.decode(line)
            found[truth.account_id] = sorted((micros(since), status) for since, status in truth.phases)
        except (msgspec.DecodeError, TypeError) as error:
            text = f'{file}:{number}: {error}; a line is {{"account_id", "phases": [[time, status], …]}}'
            raise InputError(text) from error
    return found
