"""How far what was told agrees with the truth: precision, recall, and how soon a true turn was told. Pure.

A prospect or candidate counts as what it is: not a client. Nothing here knows how the classifier decides.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median
from typing import NamedTuple

from simulator.casting import AccountTruth

CLIENT = "client"


class Rate(NamedTuple):
    """Precision and recall of one class, as found/told and found/true."""

    found: int
    told: int
    true: int

    @property
    def precision(self) -> float | None:
        """The share of those told that are true, 0-1; None where none was told."""
        return self.found / self.told if self.told else None

    @property
    def recall(self) -> float | None:
        """The share of the true ones that were told, 0-1; None where there is none."""
        return self.found / self.true if self.true else None


class Score(NamedTuple):
    """The agreement at the end. `confusion` counts (truth, told); `delay_days` is a median, of turns told after them."""

    clients: Rate
    lapsed: Rate
    confusion: Mapping[tuple[str, str], int]
    delay_days: float | None


def rate(confusion: Mapping[tuple[str, str], int], status: str) -> Rate:
    """Return the rate of one status from counts of (truth, told)."""
    told = sum(count for (_, each), count in confusion.items() if each == status)
    true = sum(count for (each, _), count in confusion.items() if each == status)
    return Rate(confusion.get((status, status), 0), told, true)


def turns(truths: Iterable[AccountTruth]) -> dict[str, datetime]:
    """Return the moment at which each account first was a client in truth."""
    found = {}
    for truth in truths:
        since = next((since for since, status in truth.phases if status == CLIENT), None)
        if since is not None:
            found[truth.account_id] = since
    return found


def score(
    truths: Iterable[AccountTruth], end: datetime, told: Mapping[str, str], first_client: Mapping[str, datetime]
) -> Score:
    """Compare the last status told of each account, `prospect` where none was, with the truth at `end`.

    `first_client` is the event time at which each account was first told to be a client.
    """
    truths = list(truths)
    confusion: Counter[tuple[str, str]] = Counter()
    for truth in truths:
        status = truth.status_at(end)
        if status is not None:
            confusion[status, told.get(truth.account_id, "prospect")] += 1
    delays = [
        (first_client[account] - since).total_seconds() / 86_400
        for account, since in turns(truths).items()
        if account in first_client and first_client[account] >= since
    ]
    return Score(rate(confusion, CLIENT), rate(confusion, "lapsed"), confusion, median(delays) if delays else None)
