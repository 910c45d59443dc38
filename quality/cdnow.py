"""CDNOW: real purchases folded by the core, and what its readings at one day say of who buys afterwards.

Every customer's purchases up to the cut go through the core as messages of a retail account; nothing after it does. The
readings are taken at the end of that day, timers and decay included. What came after only says who was right.
"""

import csv
import os
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from relationship.classify.dimensions import standing
from relationship.classify.timers import decay
from relationship.classify.transitions import read
from relationship.contract import messages as m
from relationship.contract.names import INDEX
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from relationship.state.account import Account
from relationship.state.record import decode

FIRST_DAY: Final = date(1997, 1, 1)
LOYALTY: Final = INDEX["loyalty"]
MANY: Final = 3  # purchases after the cut: the second question


class Split(NamedTuple):
    """Purchases up to and on the day `cut` are known; those after it up to and on `until` are to be foretold."""

    cut: date
    until: date


TEST: Final = Split(date(1997, 9, 30), date(1998, 6, 30))
TUNING: Final = Split(date(1997, 6, 30), date(1997, 9, 30))  # the loyalty formula's constants were chosen on this one


class Bought(NamedTuple):
    """One purchase."""

    day: date
    units: float
    dollars: str


Purchases = dict[str, list[Bought]]


class Customer(NamedTuple):
    """A customer at the cut: the purchases known, the account folded of them, and how many purchases came after."""

    known: list[Bought]
    account: Account
    later: int


def shared_file() -> Path:
    """Return where the purchases are: in `data/` of the folder CLIENTWARD_SHARED, or of `../shared`."""
    return Path(os.environ.get("CLIENTWARD_SHARED", "../shared")) / "data" / "cdnow_purchases.csv"


def load(path: Path) -> Purchases:
    """Return every customer's purchases, in order of the day. Raises OSError where the file is not there."""
    found: Purchases = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            bought = Bought(date.fromisoformat(row["date"]), float(row["units"]), row["amount_usd"])
            found[row["customer_id"]].append(bought)
    return {customer: sorted(found[customer]) for customer in sorted(found)}


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _messages(customer: str, known: list[Bought]) -> list[tuple[str, m.Message]]:
    """Return a customer's purchases as messages; those of one day are seconds apart, as one visit."""
    start = datetime.combine(FIRST_DAY, time(0), UTC)
    profile = m.Profile(event_id="profile", account_id=customer, occurred_at=start, industry="retail")
    told: list[tuple[str, m.Message]] = [(m.PROFILES, profile)]
    for number, bought in enumerate(known):
        purchase = m.Purchase(
            event_id=f"p{number}",
            account_id=customer,
            occurred_at=_moment(bought.day) + timedelta(seconds=number),
            amount=bought.dollars,
            currency="USD",
            quantity=bought.units,
        )
        told.append((m.PURCHASES, purchase))
    return told


def folded(purchases: Purchases, split: Split, policy: Policy) -> list[Customer]:
    """Return the customers who had bought by the cut, as the core knows them at the end of that day."""
    end = micros(datetime.combine(split.cut + timedelta(days=1), time(0), UTC))
    replay, found = Replay(Core(policy)), []
    for customer, all_of_them in purchases.items():
        known = [bought for bought in all_of_them if bought.day <= split.cut]
        if not known:
            continue
        for topic, message in _messages(customer, known):
            replay.fold(topic, message, 0)
        replay.records = {customer: replay.records[customer]}
        list(replay.run_until(end, 0))
        account = decode(replay.records[customer]).head
        decay(account, end, policy)
        found.append(Customer(known, account, sum(split.cut < bought.day <= split.until for bought in all_of_them)))
    return found


def readings(customers: list[Customer], policy: Policy) -> dict[str, list[float]]:
    """Return what the core says of each customer: the loyalty dimension, what it was as a mass alone, the whole score."""
    read_off = [read(each.account, policy) for each in customers]
    scale = policy.trade(None).scales[LOYALTY]
    return {
        "loyalty (D6)": [reading.values[LOYALTY] for reading in read_off],
        "loyalty as a decayed mass alone": [
            standing(each.account.good[LOYALTY], each.account.bad[LOYALTY], scale) for each in customers
        ],
        "the whole score": [float(reading.score) for reading in read_off],
    }
