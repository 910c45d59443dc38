"""What an import comes to: rows, messages, accounts, days, sums by currency, and what was done to cells on the way."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from relationship.contract.messages import Message, Purchase


@dataclass
class Tally:
    """Counts of one import.

    Attributes:
        rows: rows of the files.
        messages: messages, by kind.
        left_out: rows that `--where` left out.
        repeats: messages with the id and the content of another, left out.
        turned: amounts below zero that became refunds.
        rounded: cells whose digits were rounded away.
        moved: times that daylight saving skipped or repeated, by which it did.
        accounts: hashes of the accounts, where they were asked for.
        first: time of the earliest message.
        last: that of the latest.
        sums: what was sold and refunded, by currency.
    """

    rows: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    repeats: int = 0
    turned: int = 0
    rounded: int = 0
    moved: Counter[str] = field(default_factory=Counter)
    accounts: set[int] | None = None
    first: datetime | None = None
    last: datetime | None = None
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def add(self, what: str, message: Message, *, turned: bool) -> None:
        """Count a message."""
        self.messages[what] += 1
        self.turned += turned
        if self.accounts is not None:
            self.accounts.add(hash(message.account_id))
        at = message.occurred_at
        if self.first is None or at < self.first:
            self.first = at
        if self.last is None or at > self.last:
            self.last = at
        if isinstance(message, Purchase):
            sums = self.sums.setdefault(message.currency, {"sale": Decimal(0), "refund": Decimal(0)})
            sums[message.entry or "sale"] += Decimal(message.amount)
