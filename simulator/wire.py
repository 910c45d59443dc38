"""Messages as they go over the wire: the contract's purchases, tickets, meetings and profiles, written by hand.

Written from the contract and not with the types of `relationship`, so that the simulator is a producer like any other.
Money is counted in whole minor units and written as a decimal string; no float ever stands for it.
"""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from simulator.casting import Role
from simulator.chance import Odds, around, even, odds, pick
from simulator.manners import Asking, Buying, Meeting

PURCHASES: Final = "crm.purchase.recorded.v1"
TICKETS: Final = "crm.ticket.updated.v1"
MEETINGS: Final = "crm.meeting.held.v1"
PROFILES: Final = "crm.account.profiled.v1"

Value = dict[str, Any]

# Shares of ordinary noise; a hard account has more of it, an easy one less.
OMITTED: Final = 0.1  # an optional field is not filled in
MISLABELLED: Final = 0.03  # somebody chose the wrong kind
NO_FACT: Final = 0.06  # the CRM does not know a fact of the profile
USUALLY: Final = 0.5  # who misses more meetings than this does not mean to come
DISCOUNTED: Final = 0.04  # a discount out of the blue

TICKET_KINDS: Final = even("question", "incident", "complaint", "feedback", "advice", "requirement_change")
MEETING_KINDS: Final = even("sales", "consultation", "check_in", "planning", "review", "workshop")
CODES: Final = odds(SPRING10=3, WELCOME=2, BULK5=1, FRIEND=1)
DUE_DAYS: Final = 14


class Clerk:
    """Writes one account's messages: numbers them, and leaves out or mistakes what a real clerk would."""

    def __init__(self, role: Role, rng: Random) -> None:
        self._role = role
        self._rng = rng
        self._id = role.truth.account_id
        self._serial = 0
        self._omitted = min(0.3, OMITTED * role.noise)
        self._mislabelled = MISLABELLED * role.noise
        self._usual = self._minor_units(around(rng, role.trade.price, 0.5))

    def number(self, letter: str) -> str:
        """Return a new id of this account: its letter says what it numbers."""
        self._serial += 1
        return f"{self._id}:{letter}{self._serial}"

    def purchase(self, at: datetime, manner: Buying, lines: int) -> Value:
        """Write a purchase in one of the first `lines` lines of business."""
        rng, trade = self._rng, self._role.trade
        units = max(1, int(self._usual * around(rng, manner.size, manner.spread)))
        value = self._head("p", at)
        value["amount"] = self._money(units)
        value["currency"] = self._role.money.currency
        value["kind"] = self._purchase_kind(manner)
        value["channel"] = pick(rng, manner.channels)
        value["category"] = trade.lines[int(rng.random() * min(lines, len(trade.lines)))]
        if rng.random() < manner.tailored:
            value["customised"] = True
        self._price(value, units, manner)
        self._invoice(value, at, manner)
        return self._blurred(value, "kind", "channel", "category", "customised")

    def refund(self, at: datetime, bought: Value) -> Value:
        """Write that a purchase was paid back in full."""
        kept = {name: bought[name] for name in ("amount", "currency", "kind", "category") if name in bought}
        return self._head("p", at) | kept | {"entry": "refund"}

    def ticket(self, at: datetime, manner: Asking) -> Value:
        """Write the opening of a ticket."""
        rng = self._rng
        value = self._head("t", at)
        value["ticket_id"] = self.number("T")
        value["status"] = "opened"
        value["kind"] = self._kind(manner.kinds, TICKET_KINDS)
        value["channel"] = pick(rng, manner.channels)
        value["initiator"] = "us" if rng.random() < manner.by_us else "account"
        value["sentiment"] = round(max(-1.0, min(1.0, rng.gauss(manner.mood, 0.35))), 2)
        if value["kind"] == "cancellation":
            value["reason"] = pick(rng, manner.why)
        return self._blurred(value, "channel", "initiator", "sentiment", "reason")

    def answer(self, at: datetime, opened: Value, manner: Asking, status: str) -> Value:
        """Write that a ticket went on or came to its end; the end carries what was thought of it."""
        rng = self._rng
        value = opened | self._head("t", at) | {"status": status}
        value.pop("sentiment", None)
        if status in {"resolved", "closed"}:
            value["sla_met"] = rng.random() < manner.kept
            value["outcome_met"] = rng.random() < manner.kept
            if rng.random() < 0.5:  # noqa: PLR2004 - half of them answer the survey
                value["csat"] = min(5, max(1, round(rng.gauss(manner.praise, 0.8))))
        return self._blurred(value, "sla_met", "outcome_met")

    def meeting(self, at: datetime, manner: Meeting) -> Value:
        """Write a meeting, or that they did not come to it."""
        rng = self._rng
        value = self._head("m", at)
        value["meeting_id"] = self.number("M")
        value["kind"] = self._kind(manner.kinds, MEETING_KINDS)
        value["duration_minutes"] = max(5, 5 * round(around(rng, manner.minutes, 0.35) / 5))
        value["channel"] = pick(rng, manner.channels)
        value["initiator"] = "us" if rng.random() < manner.by_us else "account"
        value["attendees_ours"] = 1 + int(rng.random() * manner.ours)
        if rng.random() < self._missed(manner):
            return value | {"no_show": True, "duration_minutes": 0, "attendees_theirs": 0}
        value["attendees_theirs"] = 1 + int(rng.random() * manner.theirs)
        value["outcome_met"] = rng.random() < manner.kept
        value["requirement_change"] = rng.random() < manner.change
        if rng.random() < manner.signs:
            value["contract_signed"] = True
        return self._blurred(
            value, "channel", "initiator", "attendees_ours", "attendees_theirs", "outcome_met", "requirement_change"
        )

    def profile(self, at: datetime, *, bound: bool, named: bool) -> Value:
        """Write what the CRM knows of the account; a fact may be missing."""
        truth = self._role.truth
        facts: Value = {"industry": truth.industry, "party": truth.party, "market": truth.market}
        known = {name: fact for name, fact in facts.items() if self._rng.random() >= NO_FACT * self._role.noise}
        if truth.scope == "internal":
            known["scope"] = truth.scope
        if bound:
            known["contract"] = self._contract()
        if named:
            known |= {"account_manager": f"manager-{self._rng.randrange(40)}", "goals": ["agreed in writing"]}
        return self._head("f", at) | known

    def _head(self, letter: str, at: datetime) -> Value:
        return {"event_id": self.number(letter), "account_id": self._id, "occurred_at": at}

    def _blurred(self, value: Value, *optional: str) -> Value:
        omitted = self._omitted
        for name in optional:
            if name in value and self._rng.random() < omitted:
                del value[name]
        return value

    def _kind(self, kinds: Odds, mistaken: Odds) -> str:
        return pick(self._rng, mistaken if self._rng.random() < self._mislabelled else kinds)

    def _missed(self, manner: Meeting) -> float:
        """Return the share missed: noise where people mean to come, and their manner where they do not."""
        return manner.missed if manner.missed > USUALLY else manner.missed * self._role.noise

    def _purchase_kind(self, manner: Buying) -> str:
        trade = self._role.trade
        kinds = trade.advises if manner.expert or self._rng.random() < self._mislabelled else trade.sells
        return pick(self._rng, kinds)

    def _price(self, value: Value, units: int, manner: Buying) -> None:
        rng = self._rng
        deal = rng.random() < max(manner.deal, DISCOUNTED * self._role.noise)
        listed = units + units * rng.randrange(5, 40) // 100 if deal else units
        if deal or rng.random() < 0.6:  # noqa: PLR2004 - most tills print the list price
            value["list_price"] = self._money(listed)
        if deal and rng.random() < 0.75:  # noqa: PLR2004 - the other quarter haggled without a code
            value["discount_code"] = pick(rng, CODES)

    def _invoice(self, value: Value, at: datetime, manner: Buying) -> None:
        rng = self._rng
        if manner.dues or (manner.expert and self._role.signed_on):
            value["contract_id"] = f"{self._id}:C"
        if rng.random() < manner.invoiced:
            overdue = rng.random() < manner.overdue * self._role.noise
            off = rng.randrange(3, 45) if overdue else -rng.randrange(DUE_DAYS)
            value |= {"due_on": at.date() - timedelta(days=off), "paid_on": at.date()}

    def _contract(self) -> Value:
        signed: date | None = self._role.signed_on
        return {"id": f"{self._id}:C", "kind": self._role.trade.contract, "signed_on": signed, "ends_on": None}

    def _minor_units(self, dollars: float) -> int:
        money = self._role.money
        minor = round(dollars * money.rate * int("1" + "0" * money.digits))
        return max(1, minor)

    def _money(self, units: int) -> str:
        digits = self._role.money.digits
        whole, part = divmod(units, 10**digits)
        return f"{whole}.{part:0{digits}d}" if digits else str(whole)
