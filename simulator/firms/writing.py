"""Messages as a firm that fills in everything would send them: every optional field, whatever the manner.

What a firm leaves out is taken away afterwards, by `recording`. Two accounts of one kind differ in temper: how they are
disposed, how long they talk, how often they answer a survey, how often they ask first.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from simulator.chance import Odds, around, odds, pick
from simulator.industries import Industry, Money
from simulator.manners import Asking, Buying, Meeting

Value = dict[str, Any]
CODES: Final = odds(SPRING10=3, WELCOME=2, BULK5=1, FRIEND=1)
# What a clerk writes who does not think about the kind; what is formal is written as what it is.
TICKET_BLUR: Final = odds(question=60, incident=15, advice=10, feedback=15)
MEETING_BLUR: Final = odds(check_in=50, consultation=30, sales=10, planning=5, review=5)
FORMAL: Final = frozenset({"cancellation", "negotiation", "webinar", "workshop"})


class Temper(NamedTuple):
    """How one account differs from others of its kind; drawn once for each.

    Attributes:
        mood: added to every sentiment (-1 to 1).
        praise: added to every csat (1-5).
        kept: how much of what a manner keeps is kept here, as a factor.
        minutes: factor on the length of meetings.
        first: added to the share that the account starts.
        change: factor on how often needs change.
        answers: share of the closed tickets on which a survey is answered.
        blurred: share of the contacts whose kind the clerk did not think about.
        orders: whether its purchases carry an order's id.
    """

    mood: float
    praise: float
    kept: float
    minutes: float
    first: float
    change: float
    answers: float
    blurred: float
    orders: bool

    @classmethod
    def drawn(cls, rng: Random) -> "Temper":
        """Draw one."""
        return cls(
            mood=rng.gauss(0, 0.15),
            praise=rng.gauss(0, 0.3),
            kept=1 - 0.12 * rng.random(),
            minutes=around(rng, 1.0, 0.3),
            first=rng.gauss(0, 0.12),
            change=around(rng, 1.0, 0.4),
            answers=0.25 + 0.55 * rng.random(),
            blurred=0.3 * rng.random() ** 2,
            orders=rng.random() < 0.4,  # noqa: PLR2004 - some tills know orders
        )


class Pen:
    """Writes the messages of one account, and numbers them."""

    def __init__(self, account_id: str, rng: Random, trade: Industry, money: Money) -> None:
        self._id = account_id
        self._rng = rng
        self._trade = trade
        self._money = money
        self.temper = Temper.drawn(rng)
        self._serial = 0
        self._usual = around(rng, trade.price, 0.5)

    def number(self, letter: str) -> str:
        """Return a new id of this account."""
        self._serial += 1
        return f"{self._id}:{letter}{self._serial}"

    def head(self, letter: str, at: datetime) -> Value:
        """Return what every message begins with."""
        return {"event_id": self.number(letter), "account_id": self._id, "occurred_at": at}

    def purchase(self, at: datetime, manner: Buying, *, lines: int, kinds: Odds | None, contract: str | None) -> Value:
        """Write a purchase in one of the first `lines` lines of business; `kinds` where the trade's do not fit."""
        rng, trade = self._rng, self._trade
        amount = self._usual * around(rng, manner.size, manner.spread)
        listed = amount * (1 + 0.05 + 0.35 * rng.random()) if (deal := rng.random() < manner.deal) else amount
        value = self.head("p", at) | {
            "amount": self._amount(amount),
            "currency": self._money.currency,
            "kind": pick(rng, kinds or (trade.advises if manner.expert else trade.sells)),
            "channel": pick(rng, manner.channels),
            "category": trade.lines[int(rng.random() * min(lines, len(trade.lines)))],
            "list_price": self._amount(listed),
            "customised": rng.random() < manner.tailored,
            "quantity": 1 + int(rng.random() * 3) if rng.random() < 0.5 else 1,  # noqa: PLR2004 - half buy one
        }
        if deal and rng.random() < 0.75:  # noqa: PLR2004 - the other quarter haggled without a code
            value["discount_code"] = pick(rng, CODES)
        if self.temper.orders:
            value["order_id"] = self.number("O")
        if contract and (manner.dues or manner.expert):
            value["contract_id"] = contract
        if rng.random() < manner.invoiced:
            late = rng.randrange(3, 60) if rng.random() < manner.overdue else -rng.randrange(14)
            value |= {"due_on": at.date() - timedelta(days=late), "paid_on": at.date()}
        return value

    def ticket(self, at: datetime, manner: Asking) -> list[Value]:
        """Write a ticket: opened, perhaps updated, and closed with what was thought of it."""
        rng, temper = self._rng, self.temper
        by_us = rng.random() < manner.by_us - (temper.first if manner.by_us else 0)
        facts: Value = {
            "ticket_id": self.number("T"),
            "kind": self._kind(manner.kinds, TICKET_BLUR),
            "channel": pick(rng, manner.channels),
            "initiator": "us" if by_us else "account",
        }
        if facts["kind"] == "cancellation":
            facts["reason"] = pick(rng, manner.why)
        opened = self.head("t", at) | facts | {"status": "opened"}
        if not by_us:
            opened["sentiment"] = round(max(-1.0, min(1.0, rng.gauss(manner.mood + temper.mood, 0.35))), 2)
        written, steps = [opened], ["closed"]
        if rng.random() < (0.5 if by_us else 0.25):
            steps.insert(0, "updated")
        for status in steps:
            at += timedelta(days=around(rng, 0.6, 0.9))
            written.append(self.head("t", at) | facts | {"status": status})
        kept = manner.kept * temper.kept
        written[-1] |= {"sla_met": rng.random() < kept, "outcome_met": rng.random() < kept}
        if rng.random() < temper.answers:
            written[-1]["csat"] = min(5, max(1, round(rng.gauss(manner.praise + temper.praise, 0.8))))
        return written

    def meeting(self, at: datetime, manner: Meeting) -> Value:
        """Write a meeting, or that they did not come to it."""
        rng, temper = self._rng, self.temper
        missed = rng.random() < manner.missed
        value = self.head("m", at) | {
            "meeting_id": self.number("M"),
            "kind": self._kind(manner.kinds, MEETING_BLUR),
            "duration_minutes": 0
            if missed
            else max(5, 5 * round(around(rng, manner.minutes * temper.minutes, 0.35) / 5)),
            "channel": pick(rng, manner.channels),
            "initiator": "us" if rng.random() < manner.by_us - temper.first else "account",
            "attendees_ours": 1 + int(rng.random() * manner.ours),
            "attendees_theirs": 0 if missed else 1 + int(rng.random() * manner.theirs),
            "no_show": missed,
        }
        if missed:
            return value
        return value | {
            "outcome_met": rng.random() < manner.kept * temper.kept,
            "requirement_change": rng.random() < manner.change * temper.change,
            "contract_signed": rng.random() < manner.signs,
        }

    def _kind(self, kinds: Odds, blur: Odds) -> str:
        kind = pick(self._rng, kinds)
        return kind if kind in FORMAL or self._rng.random() >= self.temper.blurred else pick(self._rng, blur)

    def _amount(self, dollars: float) -> str:
        minor = max(1, round(dollars * self._money.rate * 10**self._money.digits))
        whole, part = divmod(minor, 10**self._money.digits)
        return f"{whole}.{part:0{self._money.digits}d}" if self._money.digits else str(whole)
