"""Derives the fact that a message states: enum values become positions, and of free text only its presence is kept."""

import zlib
from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Final

from relationship.contract import enums, times
from relationship.contract import messages as m
from relationship.state import facts as f

SMALL: Final = 10_080  # minutes of a week, the longest meeting; whole numbers up to here are stored as ints


def _position(options: tuple[str, ...], value: str | None) -> int | None:
    return None if value is None else options.index(value)


def _number(value: float | None) -> f.Number | None:
    """Return an equal number, as an int where it is whole and small, which takes fewer bytes."""
    return int(value) if value is not None and -SMALL <= value <= SMALL and value % 1 == 0 else value


def _flag(value: bool | None, yes: int, no: int) -> int:
    return 0 if value is None else yes if value else no


def _zone(message: m.Intake) -> int:
    """Return the offset of a message's own time from UTC, in minutes."""
    time = message.occurred_at
    offset = None if time.tzinfo is UTC else time.utcoffset()
    return 0 if not offset else (offset.days * 86_400 + offset.seconds) // 60


def _purchase(p: m.Purchase) -> f.PurchaseFact:
    flags = f.REFUND if p.entry == "refund" else 0
    if p.customised:
        flags |= f.CUSTOMISED
    if p.contract_id:
        flags |= f.UNDER_CONTRACT
    if p.paid_on and p.due_on:
        flags |= f.PAID_ON_TIME if p.paid_on <= p.due_on else f.PAID_LATE
    flags |= _price(p)
    return f.PurchaseFact(
        times.micros(p.occurred_at),
        p.event_id,
        p.amount,
        p.currency,
        enums.PURCHASE_KINDS.index(p.kind or "goods"),
        flags,
        p.category,
        _position(enums.PURCHASE_CHANNELS, p.channel),
        _number(p.quantity),
        _zone(p),
        None if p.order_id is None else zlib.crc32(p.order_id.encode()),
        p.referred_by if p.referred_by != p.account_id and p.entry != "refund" else None,
    )


def _price(p: m.Purchase) -> int:
    """Return the flag of the price paid: a code or less than list is a discount, more than list a premium."""
    if p.discount_code:
        return f.DISCOUNTED
    if p.list_price is None:
        return 0
    paid, listed = Decimal(p.amount), Decimal(p.list_price)
    return f.DISCOUNTED if paid < listed else f.PREMIUM if paid > listed else f.FULL_PRICE


def _ticket(k: m.Ticket) -> f.TicketFact:
    return f.TicketFact(
        times.micros(k.occurred_at),
        k.event_id,
        zlib.crc32(k.ticket_id.encode()),
        enums.TICKET_STATUSES.index(k.status),
        enums.TICKET_KINDS.index(k.kind),
        _position(enums.TICKET_CHANNELS, k.channel),
        _position(enums.INITIATORS, k.initiator),
        _number(k.sentiment),
        _number(k.csat),
        _flag(k.sla_met, f.SLA_MET, f.SLA_MISSED) | _flag(k.outcome_met, f.OUTCOME_MET, f.OUTCOME_MISSED),
        _position(enums.CANCEL_REASONS, k.reason),
        _zone(k),
    )


def _meeting(g: m.Meeting) -> f.MeetingFact:
    return f.MeetingFact(
        times.micros(g.occurred_at),
        g.event_id,
        enums.MEETING_KINDS.index(g.kind),
        _number(g.duration_minutes) or 0,
        _position(enums.MEETING_CHANNELS, g.channel),
        _position(enums.INITIATORS, g.initiator),
        g.attendees_theirs,
        g.attendees_ours,
        _flag(g.outcome_met, f.OUTCOME_MET, f.OUTCOME_MISSED)
        | _flag(g.requirement_change, f.NEEDS_CHANGED, 0)
        | _flag(g.no_show, f.NO_SHOW, 0)
        | _flag(g.contract_signed, f.SIGNED, 0),
        _zone(g),
    )


def _profile(p: m.Profile) -> f.ProfileFact:
    contract = None
    if p.contract:
        ends = p.contract.ends_on
        contract = (
            enums.CONTRACT_KINDS.index(p.contract.kind),
            times.day(p.contract.signed_on),
            None if ends is None else times.day(ends),
        )
    return f.ProfileFact(
        times.micros(p.occurred_at),
        p.event_id,
        _position(enums.INDUSTRIES, p.industry),
        _position(enums.PARTIES, p.party),
        _position(enums.SCOPES, p.scope),
        _position(enums.MARKETS, p.market),
        contract,
        (f.HAS_MANAGER if p.account_manager else 0) | (f.HAS_GOALS if p.goals else 0),
    )


def referral_fact(r: m.Referral) -> f.ReferralFact:
    """Return a credit, first or revised, as a fact."""
    return f.ReferralFact(
        times.micros(r.occurred_at),
        r.credit or r.event_id,
        r.referred,
        r.revision or 0,
        r.action == "withdrawn",
    )


def command_fact(c: m.Command) -> f.CommandFact:
    """Return a command as a fact."""
    return f.CommandFact(
        times.micros(c.occurred_at),
        c.event_id,
        enums.COMMANDS.index(c.command),
        _position(enums.STATUSES, c.status),
        None if c.until is None else times.micros(c.until),
        c.corrects,
        None if c.topic is None else f.RANK_OF_TOPIC.get(c.topic),
        c.into if c.command in {"merge", "unmerge"} else None,
    )


_FACT_OF: Final[dict[type, Callable[..., f.Fact]]] = {
    m.Purchase: _purchase,
    m.Ticket: _ticket,
    m.Meeting: _meeting,
    m.Profile: _profile,
    m.Referral: referral_fact,
    m.Command: command_fact,
}


def fact_of(message: m.Message) -> f.Fact:
    """Return the fact that a message states."""
    return _FACT_OF[type(message)](message)
