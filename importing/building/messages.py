"""A row of a query becomes a message, or a refusal that says which field does not fit and what it takes.

An amount below zero is a refund. A message without an id of its own gets one from its content, so that a later export that
overlaps this one gives the same ids; equal rows of one file are numbered, and stay as many as they are.
"""

import re
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from importing.cells.amounts import MOST_DECIMALS, decimals, fit_amount, money_text
from importing.cells.words import is_nothing
from importing.errors import Misfit
from importing.mapping.functions import Misfits
from importing.mapping.hints import hint
from importing.mapping.pairs import MONEY, OWN_IDS, fields_of, type_of
from importing.mapping.prepare import Prepared
from relationship.contract.messages import Message
from streams.wire.rules import broken_rule

PATH: Final = re.compile(r"`?\$\.(\w+)`?|field `(\w+)`|\$\.(\w+)")
MOST_EVENT_ID: Final = 128  # characters
MOST_ID: Final = 255  # bytes


class Fault(NamedTuple):
    """A field that does not fit; `whole` where no message can be without it."""

    field: str
    cell: str
    reason: str
    whole: bool = True


class Built(NamedTuple):
    """A message, and what had to be done for it.

    Attributes:
        message: the message.
        faults: fields left out of it.
        turned: whether an amount below zero became a refund.
    """

    message: Message
    faults: tuple[Fault, ...]
    turned: bool


class Builder:
    """Builds the messages of one query."""

    def __init__(self, query: Prepared, misfits: Misfits, prefixes: tuple[str, str], *, rounding: bool) -> None:
        self._query = query
        self._misfits = misfits
        self._made, self._own_prefix = prefixes  # of ids made here, and of those that the query yields
        self._rounding = rounding
        self._type = type_of(query.to)
        self._own = sorted(OWN_IDS & set(self._type.__struct_fields__))
        self._required = {name for name, field in fields_of(query.to).items() if field.required}
        self._money = [name for name in query.fields if name in MONEY]
        self._ids = [name for name in query.fields if name in {"ticket_id", "meeting_id", "order_id", "contract_id"}]

    def build(
        self, copy: int, values: tuple[Any, ...], cells: tuple[Any, ...], made: str | None = None
    ) -> Built | Fault:
        """Return the message of a row, or why there is none; `made` is what an id made here starts with, if not as usual."""
        value = {name: each for name, each in zip(self._query.fields, values, strict=True) if each is not None}
        faults = self._unread(value, cells) if self._misfits else ()
        if faults and (whole := next((fault for fault in faults if fault.whole), None)):
            return whole
        try:
            turned = bool(self._money) and self._write_money(value)
        except _FieldError as error:
            return Fault(
                error.field, self._cell(error.field, cells) or error.cell, self._reason(error.field, error.why)
            )
        self._name(value, copy, self._made if made is None else made)
        try:
            message: Message = msgspec.convert(value, self._type, strict=False)
        except msgspec.ValidationError as error:
            return self._fault(str(error), value, cells)
        if refused := broken_rule(message):
            return self._fault(refused.text, value, cells)
        return Built(message, faults, turned)

    def _unread(self, value: dict[str, Any], cells: tuple[Any, ...]) -> tuple[Fault, ...]:
        """Return the fields whose cell says something that could not be read."""
        faults = []
        for name, cell in zip(self._query.fields, cells, strict=True):
            if name not in value and cell is not None and (why := self._why(cell)):
                faults.append(Fault(name, cell, self._reason(name, why), name in self._required))
        return tuple(faults)

    def _why(self, cell: str) -> str:
        text = cell.strip()
        functions = ("money_of", "number_of", "moment_of", "day_of", "yes_of", "word_of", "minutes_of")
        return next((why for each in functions if (why := self._misfits.get((each, text)))), "")

    def _write_money(self, value: dict[str, Any]) -> bool:
        """Write amounts as the contract has them; return whether one below zero became a refund."""
        amount = value.get("amount")
        negative = isinstance(amount, int | Decimal) and amount < 0
        if negative and value.get("entry") == "sale":
            raise _FieldError("amount", str(amount), "is below zero, and said to be a sale")
        for name in self._money:
            if name in value:
                value[name] = self._money_text(name, value[name])
        if negative:
            value["entry"] = "refund"
        return negative

    def _money_text(self, name: str, value: Any) -> str:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if decimals(amount) > MOST_DECIMALS:
            try:
                amount, _ = fit_amount(amount, rounding=self._rounding)
            except Misfit as misfit:
                raise _FieldError(name, str(amount), str(misfit)) from misfit
        return money_text(amount)

    def _name(self, value: dict[str, Any], copy: int, made: str) -> None:
        """Give the message the ids that it has not got, and make long ones fit."""
        if "event_id" not in value:
            content = "\x1f".join(f"{name}={value[name]}" for name in sorted(value))
            digest = blake2b(content.encode(), digest_size=12).hexdigest()
            value["event_id"] = f"{made}{digest}" + (f"-{copy}" if copy > 1 else "")
        elif self._own_prefix:
            value["event_id"] = f"{self._own_prefix}{value['event_id']}"
        if len(value["event_id"]) > MOST_EVENT_ID:
            value["event_id"] = _shortened(value["event_id"], MOST_EVENT_ID)
        for name in self._ids:
            text = value.get(name)
            if text is not None and len(text) > MOST_ID // 4 and len(text.encode()) > MOST_ID:
                value[name] = _shortened(text, MOST_ID // 4)
        for name in self._own:
            value.setdefault(name, value["event_id"])

    def _cell(self, field: str, cells: tuple[Any, ...]) -> str:
        at = self._query.fields.index(field) if field in self._query.fields else -1
        return str(cells[at]) if at >= 0 and cells[at] is not None else ""

    def _fault(self, text: str, value: dict[str, Any], cells: tuple[Any, ...]) -> Fault:
        found = PATH.search(text)
        field = next((each for each in found.groups() if each), "-") if found else "-"
        cell = self._cell(field, cells) or str(value.get(field, ""))
        if not cell.strip() or (field not in value and is_nothing(cell)):
            return Fault(field, "", f"{field} is empty")
        return Fault(field, cell, self._reason(field, ""))

    def _reason(self, field: str, why: str) -> str:
        own = why if why.startswith(("could be", "has ", "more than", "is below")) else ""
        return own or f"does not fit {field}: {hint(self._query.to, field)}"


class _FieldError(Exception):
    def __init__(self, field: str, cell: str, why: str) -> None:
        super().__init__(why)
        self.field = field
        self.cell = cell
        self.why = why


def _shortened(text: str, most: int) -> str:
    """Return an id that fits and is still as unlike others as the long one was."""
    digest = blake2b(text.encode(), digest_size=12).hexdigest()
    return f"{text[: most - len(digest) - 1]}~{digest}"
