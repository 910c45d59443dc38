"""Commands among a workload's records: overrides, releases, corrections, merges, unmerges and erasures.

A share of the accounts gets them, at any place of the stream and dated as people date them: a release may be stored before
its override, an erasure is dated days before it is stored. None is dated days ahead of the stream: a partition's clock is
its newest event's, and would let the accounts of others lapse before their events have come. What must come of them is the
oracle's to say, which takes the records in the order in which they are stored.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from relationship.contract.messages import PURCHASES

COMMANDED_SHARE: Final = 0.12  # of the accounts with enough records
LEAST_RECORDS: Final = 6  # of an account, for commands to have something to do with
COMMANDED: Final = "commanded"  # the fault by which their records are known


class Place(NamedTuple):
    """A good record of an account: its position among all records, and its value."""

    position: int
    topic: str
    value: dict[str, Any]


class Insertion(NamedTuple):
    """A command to store behind the record at a position."""

    position: int
    account: str
    value: dict[str, Any]


def commands(seed: int, accounts: Mapping[str, Sequence[Place]]) -> list[Insertion]:
    """Return the commands for a workload, of which every account's good records are given, in their order."""
    luck = random.Random(f"commands {seed}")
    able = sorted(name for name, places in accounts.items() if len(places) >= LEAST_RECORDS)
    chosen = luck.sample(able, round(COMMANDED_SHARE * len(able)))
    writer = _Writer(luck, accounts)
    for number, account in enumerate(chosen):
        kind = number % 4
        if kind == 0:
            writer.override(account)
        elif kind == 1:
            writer.correct(account)
        elif kind == 2:  # noqa: PLR2004 - the third of four kinds
            writer.erase(account)
        elif number + 4 < len(chosen):
            writer.merge(account, chosen[number - 3])
    return sorted(writer.found, key=lambda each: each.position)


class _Writer:
    def __init__(self, luck: random.Random, accounts: Mapping[str, Sequence[Place]]) -> None:
        self._luck = luck
        self._accounts = accounts
        self._number = 0
        self.found: list[Insertion] = []

    def _place(self, account: str, least: int = 1) -> Place:
        return self._luck.choice(self._accounts[account][least:])

    def _add(self, place: Place, account: str, name: str, days: float = 0.01, **fields: Any) -> None:
        """Add a command stored behind a record, and dated so many days after it."""
        self._number += 1
        at = msgspec.convert(place.value["occurred_at"], type=datetime) + timedelta(days=days)
        value = {
            "event_id": f"cmd-{self._number}",
            "account_id": account,
            "occurred_at": at,
            "command": name,
            "by": "ops",
        }
        self.found.append(Insertion(place.position, account, value | fields))

    def override(self, account: str) -> None:
        """Override, and for half of them release, which is stored first for half of those."""
        place = self._place(account)
        until = msgspec.convert(place.value["occurred_at"], type=datetime) + timedelta(days=self._luck.randint(5, 90))
        self._add(place, account, "override", status=self._luck.choice(["client", "customer"]), until=until)
        if self._luck.random() < 0.5:  # noqa: PLR2004
            self._add(place, account, "release", days=0.02)
            if self._luck.random() < 0.5:  # noqa: PLR2004
                self.found[-1], self.found[-2] = self.found[-2], self.found[-1]

    def correct(self, account: str) -> None:
        """Withdraw a purchase, or correct its amount or who referred the buyer."""
        bought = [each for each in self._accounts[account] if each.topic == PURCHASES]
        if not bought:
            return
        target = self._luck.choice(bought)
        change = self._luck.choice([None, {"amount": "77.70"}, {"referred_by": self._luck.choice([*self._accounts])}])
        value = None if change is None else target.value | change
        corrects = {"corrects": target.value["event_id"], "topic": PURCHASES, "value": value}
        self._add(target, account, "correct", **corrects)

    def erase(self, account: str) -> None:
        """Erase; dated when it was asked for, up to twenty days before it is carried out."""
        self._add(self._place(account, 2), account, "erase", days=self._luck.uniform(-20, 0))

    def merge(self, account: str, into: str) -> None:
        """Merge into another account, and for half of them unmerge some records later."""
        place = self._place(account)
        self._add(place, account, "merge", into=into)
        later = [each for each in self._accounts[account] if each.position > place.position]
        if later and self._luck.random() < 0.5:  # noqa: PLR2004
            self._add(later[-1], account, "unmerge", days=0.02, into=into)


def good_records(records: Sequence[Any]) -> dict[str, list[Place]]:
    """Return the accounts' records that are no repeats, late or spoiled, in their order."""
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for position, record in enumerate(records):
        if record.fault is None:
            found[record.account_id].append(Place(position, record.topic, msgspec.json.decode(record.value)))
    return dict(found)
