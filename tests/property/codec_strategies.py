"""Messages of every type, generated from msgspec's own description of the types, so that a new field is tried too."""

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from relationship.contract.currencies import CURRENCIES
from relationship.contract.messages import COMMANDS, MESSAGE_TYPES, MOVES, PROFILES
from streams.wire.rules import NEEDS
from streams.wire.shapes import fields_of, struct_of

NOW_US = 1_780_000_000_000_000
TOPICS = st.sampled_from([*MESSAGE_TYPES])

zones = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 4), datetime(2026, 5, 1), timezones=zones).map(datetime.isoformat)  # noqa: DTZ001
days = st.dates(date(1, 1, 1)).map(date.isoformat)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    scalars | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def _text(kind: inspect.StrType) -> st.SearchStrategy[str]:
    if kind.max_length == 27:  # only money is as long
        return st.from_regex(r"[0-9]{1,18}(\.[0-9]{1,8})?", fullmatch=True, alphabet="0123456789.")
    if kind.max_length == 3:  # only a currency is as short
        return st.sampled_from(sorted(CURRENCIES))
    if kind.pattern:
        return st.sampled_from(["1", "1.0", "1.12", "1.0.0"])
    # 63 characters of four bytes each are within 255 bytes.
    return st.text(min_size=kind.min_length or 0, max_size=min(kind.max_length or 20, 63))


def _number(kind: inspect.IntType | inspect.FloatType) -> st.SearchStrategy[float]:
    low = kind.ge if kind.ge is not None else -1_000_000
    high = kind.le if kind.le is not None else 1_000_000
    integers = st.integers(int(low), int(high))
    return integers if isinstance(kind, inspect.IntType) else integers | st.floats(low, high)


def _value(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.StrType():
            return _text(kind)
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.IntType() | inspect.FloatType():
            return _number(kind)
        case inspect.StructType():
            return _members(kind)
        case inspect.DictType():
            return st.none()  # a correction's value is a message of its own; the unit tests try those
    by_type = {inspect.BoolType: st.booleans(), inspect.DateTimeType: moments, inspect.DateType: days}
    return by_type.get(type(kind), anything)


def _members(struct: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    required = {field.encode_name for field in struct.fields if field.required}
    values = {name: st.one_of(*map(_value, kinds)) for name, kinds in fields_of(struct).items()}
    return st.fixed_dictionaries(
        {name: values[name] for name in required},
        optional={name: st.none() | value for name, value in values.items() if name not in required},
    )


@st.composite
def messages(draw: st.DrawFn, topic: str) -> dict[str, Any]:
    """One valid message of `topic`, as a producer would build it."""
    message = draw(_members(struct_of(MESSAGE_TYPES[topic])))
    if topic == PROFILES and (contract := message.get("contract")) and contract.get("ends_on"):
        contract["signed_on"], contract["ends_on"] = sorted((contract["signed_on"], contract["ends_on"]))
    if topic == COMMANDS:
        message |= {"topic": draw(TOPICS), "value": None}
        needed = {"status": "client", "until": draw(moments), "into": message["account_id"] + "?", "corrects": "e-0"}
        message |= {name: needed[name] for name in (*NEEDS[message["command"]], "into", "until")}
    if topic == MOVES:
        message |= {"count": 0, "history": "", "through": []}
    return message


@st.composite
def delivered(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A topic and one valid message of it."""
    topic = draw(TOPICS)
    return topic, draw(messages(topic))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A topic and a message of it with one field taken out or replaced by something else."""
    topic, message = draw(delivered())
    name = draw(st.sampled_from(sorted({*message, *fields_of(struct_of(MESSAGE_TYPES[topic]))})))
    if draw(st.booleans()):
        return topic, {**message, name: draw(anything)}
    return topic, {field: value for field, value in message.items() if field != name}


def encoded(message: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """The JSON of `message`, in one of the ways in which producers write it."""
    layouts = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")])
    ways = st.tuples(st.booleans(), layouts)
    return ways.map(lambda way: json.dumps(message, ensure_ascii=way[0], separators=way[1]).encode())
