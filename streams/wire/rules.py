"""The rules of the contract that a type cannot express: real currencies, days in order, what each command needs.

A rule takes a decoded message and returns a refusal or None. Every text starts with the path of the field and contains no
value of it. What depends on the account's history (CONFLICT, LATE) is decided by the core.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import UNSET

from relationship.contract.currencies import CURRENCIES
from relationship.contract.messages import (
    MESSAGE_TYPES,
    MONEY_PATTERN,
    Command,
    CommandName,
    Meeting,
    Message,
    Move,
    Profile,
    Purchase,
    Referral,
    Ticket,
)
from relationship.contract.outcome import Reason, Refused
from relationship.timeline.merging import unpack

MAX_ACCOUNT_BYTES: Final = 255
# A text of so many characters cannot be too long: UTF-8 needs at most four bytes for one.
SHORT: Final = MAX_ACCOUNT_BYTES // 4
# Times outside of these cannot always be converted to UTC within the calendar.
FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)

MONEY: Final = re.compile(MONEY_PATTERN)
NO_MONEY: Final = "not a decimal string of at most 18 digits before the point and 8 after it"

NEEDS: Final[dict[CommandName, tuple[str, ...]]] = {
    "override": ("status", "until"),
    "release": (),
    "merge": ("into",),
    "unmerge": ("into",),
    "erase": (),
    "correct": ("corrects",),
}


def broken_rule(message: Message) -> Refused | None:
    """Return why `message` breaks a rule of the contract, or None."""
    if is_too_long(message.account_id):
        return too_long("account_id")
    rule = RULES.get(type(message))
    return rule(message) if rule else None


def is_known(version: str) -> bool:
    """Tell whether a message of this version can be read here: every minor version of 1 can."""
    return version.partition(".")[0] == "1"


def bad_version() -> Refused:
    """Return the refusal of a message of another major version."""
    return Refused(Reason.VERSION, "$.schema_version: another major version than 1, which is the only one known here")


def is_too_long(name: str | None) -> bool:
    """Tell whether an id needs more than 255 bytes of UTF-8. The schema counts characters."""
    return name is not None and len(name) > SHORT and len(name.encode()) > MAX_ACCOUNT_BYTES


def too_long(field: str) -> Refused:
    """Return the refusal of an id that is too long."""
    return bad_field(f"$.{field}", f"longer than {MAX_ACCOUNT_BYTES} bytes of UTF-8")


def bad_field(path: str, fault: str) -> Refused:
    """Return the SCHEMA refusal of one field."""
    return Refused(Reason.SCHEMA, f"{path}: {fault}")


def _purchase(message: Purchase) -> Refused | None:
    """Money is a decimal string, and has a currency that exists; a referrer has an account's id."""
    if MONEY.match(message.amount) is None:
        return bad_field("$.amount", NO_MONEY)
    if message.list_price is not None and MONEY.match(message.list_price) is None:
        return bad_field("$.list_price", NO_MONEY)
    if message.currency not in CURRENCIES:
        return bad_field("$.currency", "not a code that ISO 4217 has ever listed")
    for name in ("referred_by", "order_id", "contract_id"):  # most have none: then no call, since this is the hot path
        other = getattr(message, name)
        if other is not None and is_too_long(other):
            return too_long(name)
    return None


def _ticket(message: Ticket) -> Refused | None:
    """A ticket's id is as long as an account's at most."""
    return too_long("ticket_id") if is_too_long(message.ticket_id) else None


def _meeting(message: Meeting) -> Refused | None:
    """A meeting's id is as long as an account's at most."""
    return too_long("meeting_id") if is_too_long(message.meeting_id) else None


def _profile(message: Profile) -> Refused | None:
    """A contract does not end before the day on which it is signed."""
    contract = message.contract
    if contract is not None and is_too_long(contract.id):
        return too_long("contract.id")
    if contract is None or contract.ends_on is None or contract.ends_on >= contract.signed_on:
        return None
    return bad_field("$.contract.ends_on", "before signed_on")


def _referral(message: Referral) -> Refused | None:
    """The buyer has an account's id too."""
    return too_long("referred") if is_too_long(message.referred) else None


def _command(message: Command) -> Refused | None:
    """Each command has the fields that it needs, and times and topics that exist."""
    for name in NEEDS[message.command]:
        if getattr(message, name) is None:
            return bad_field(f"$.{name}", f"required for `{message.command}`, and missing or null")
    if message.command == "correct" and message.value is UNSET:
        return bad_field("$.value", "required for `correct`; null withdraws the event")
    if message.until is not None and not FIRST <= message.until <= LAST:
        return bad_field("$.until", "not between 1970-01-02 and 9999-12-31")
    if message.topic is not None and message.topic not in MESSAGE_TYPES:
        return bad_field("$.topic", "not a topic of the intake")
    return too_long("into") if is_too_long(message.into) else None


def _move(message: Move) -> Refused | None:
    """A move carries facts that can be decoded, and as many as it says."""
    if is_too_long(message.source) or any(map(is_too_long, message.through)):
        return too_long("source")
    try:
        unpack(message)
    except ValueError:
        return bad_field("$.history", "not the base64 of `count` facts")
    return None


RULES: Final[dict[type[Message], Callable[[Any], Refused | None]]] = {
    Purchase: _purchase,
    Ticket: _ticket,
    Meeting: _meeting,
    Profile: _profile,
    Referral: _referral,
    Command: _command,
    Move: _move,
}
