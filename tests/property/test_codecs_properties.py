"""Whatever the bytes: the codec answers, reads back what was written, and never accepts what can be read in two ways."""

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from aiokafka.structs import ConsumerRecord
from cases import cases
from codec_strategies import NOW_US, TOPICS, anything, delivered, encoded, messages, mutated
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from relationship.contract.messages import MESSAGE_TYPES, PURCHASES
from relationship.contract.outcome import Reason, Refused
from streams.wire.arrivals import EPOCH
from streams.wire.codecs import Codec, Limits
from streams.wire.contracts import json_schema

CODEC = Codec(Limits())
# The last moment that is not ahead of the clock by more than is allowed.
LATEST = (EPOCH + timedelta(microseconds=NOW_US + Limits().future_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
SCHEMAS = {topic: Draft202012Validator(json_schema(topic, kind)) for topic, kind in MESSAGE_TYPES.items()}
headers = st.lists(st.tuples(st.text(max_size=8) | st.just("ce_type"), st.none() | st.binary(max_size=8)), max_size=3)


def decode(topic: str, key: bytes | None, value: bytes | None, given_headers: Any = ()) -> Any:
    """What the codec makes of a record."""
    return CODEC.decode(topic, key, value, NOW_US, offset=0, timestamp_us=NOW_US, headers=given_headers)


def normal(value: Any) -> Any:
    """A field's value as it is compared: a time as a moment, whatever its offset; a number as a float."""
    if isinstance(value, str) and len(value) > len("2026-01-01") and value[4:5] == value[7:8] == "-":
        return datetime.fromisoformat(value)
    if isinstance(value, dict):
        return {name: normal(inner) for name, inner in value.items() if inner is not None}
    return value


@cases(100)
@given(TOPICS, st.none() | st.binary(max_size=8), st.none() | st.binary(max_size=200), headers)
def test_arbitrary_bytes_are_answered(topic: str, key: bytes | None, value: bytes | None, others: Any) -> None:
    """No bytes make the codec raise, in any part of the record."""
    assert isinstance(decode(topic, key, value, others), (Refused, MESSAGE_TYPES[topic]))


@cases(100)
@given(st.data())
def test_damaged_messages_are_answered(data: st.DataObject) -> None:
    """Bytes flipped, cut out or put in leave a message, or a refusal with one printable line."""
    topic, message = data.draw(delivered())
    value = data.draw(encoded(message))
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(value))] * 2)))
    damaged = (
        value[:start] + data.draw(st.binary(max_size=4) | st.sampled_from([b'"', b"NaN", b"[", b"null"])) + value[stop:]
    )
    decoded = decode(topic, message["account_id"].encode(), damaged)
    assert isinstance(decoded, (Refused, MESSAGE_TYPES[topic]))
    assert not isinstance(decoded, Refused) or decoded.text.isprintable()


@cases(100)
@given(st.data())
def test_valid_messages_are_read_back_whole(data: st.DataObject) -> None:
    """What a producer wrote is what the message says, field by field, however its JSON is laid out."""
    topic, message = data.draw(delivered())
    decoded = decode(topic, message["account_id"].encode(), data.draw(encoded(message)))
    assert isinstance(decoded, MESSAGE_TYPES[topic])
    for name, value in message.items():
        assert normal(msgspec.to_builtins(getattr(decoded, name))) == normal(value)


@cases(100)
@given(st.data())
def test_a_repeated_key_is_always_refused(data: st.DataObject) -> None:
    """However a second member of the same name is written and wherever it stands, it is found."""
    topic, message = data.draw(delivered())
    value = data.draw(encoded(message | data.draw(st.dictionaries(st.text(max_size=3), anything, max_size=2))))
    members = json.loads(value)
    name = data.draw(st.sampled_from(sorted(members)))
    escaped = json.dumps(name) if data.draw(st.booleans()) else '"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"'
    assume(all(ord(c) < 0x10000 for c in name))
    space = data.draw(st.sampled_from(["", " ", "\n\t"]))
    again = f"{escaped}{space}:{space}{json.dumps(members[name])}".encode()
    refused = decode(
        topic,
        members["account_id"].encode(),
        data.draw(st.sampled_from([b"{" + again + b"," + value[1:], value[:-1] + b"," + again + b"}"])),
    )
    assert refused.reason is Reason.DECODE


@cases(100)
@given(st.data())
def test_the_schemas_refuse_no_valid_message(data: st.DataObject) -> None:
    """A producer that is faithful to the contract passes both the codec and the published schema."""
    topic = data.draw(TOPICS)
    message = data.draw(messages(topic))
    assert not isinstance(CODEC.decode_value(topic, json.dumps(message).encode(), NOW_US), Refused)
    assert SCHEMAS[topic].is_valid(message)


@cases(100)
@given(mutated())
def test_the_schemas_refuse_nothing_that_the_codec_accepts(mutation: tuple[str, dict[str, Any]]) -> None:
    """A schema may say less than the codec checks, and never more."""
    topic, message = mutation
    accepted = not isinstance(CODEC.decode_value(topic, json.dumps(message).encode(), NOW_US), Refused)
    assert SCHEMAS[topic].is_valid(message) or not accepted


@cases(500)  # it takes hundreds to meet every way of being wrong in every type
@given(TOPICS, st.data())
def test_many_at_once_are_told_as_each_alone(topic: str, data: st.DataObject) -> None:
    """The quick way through a batch accepts and refuses what the careful way does, for the same reasons."""
    records = [data.draw(stored(topic)) for _ in range(data.draw(st.integers(0, 4)))]
    alone = [
        CODEC.decode(topic, r.key, r.value, NOW_US, offset=r.offset, timestamp_us=r.timestamp * 1000, headers=r.headers)
        for r in records
    ]
    arrivals = CODEC.arrivals(topic, records, NOW_US, EPOCH)
    assert [arrival.message for arrival in arrivals] == alone
    last = EPOCH
    for record, found, arrival in zip(records, alone, arrivals, strict=True):
        refused = found if isinstance(found, Refused) else None
        last = last if isinstance(found, Refused) else found.occurred_at
        assert (arrival.topic, arrival.offset, arrival.record) == (topic, record.offset, record)
        assert (arrival.refused, arrival.at) == (refused, last)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"currency": "ZZZ"},
        {"schema_version": "2.0"},
        {"account_id": "b"},
        {"occurred_at": "1970-01-01T23:59:59.999999Z"},
        {"occurred_at": LATEST.replace(".000000", ".000001")},
        {"occurred_at": "2999-01-01T00:00:00+14:00"},
    ],
    ids=lambda spoilt: " ".join(map(str, *spoilt.items())),
)
def test_what_no_type_says_is_kept_on_the_quick_way(spoilt: dict[str, str]) -> None:
    """One that is not as it should be is refused among those that are, up to the last moment allowed."""
    fields = {"event_id": "e", "account_id": "a", "occurred_at": LATEST, "amount": "1", "currency": "EUR"}
    values = [json.dumps(each).encode() for each in (fields, fields | spoilt, fields)]
    records = [ConsumerRecord(PURCHASES, 0, n, 0, 0, b"a", value, None, 1, 1, ()) for n, value in enumerate(values)]
    arrivals = CODEC.arrivals(PURCHASES, records, NOW_US, EPOCH)
    assert [each.refused is not None for each in arrivals] == [False, True, False]
    assert arrivals[1].refused == decode(PURCHASES, b"a", values[1])


@st.composite
def stored(draw: st.DrawFn, topic: str) -> ConsumerRecord:
    """Return a record of a topic: valid, changed in one field, damaged, too large, null, under another key, with headers."""
    message = draw(messages(topic))
    key = draw(st.sampled_from([message["account_id"].encode()] * 4 + [b"another", b"", None]))
    spoilt = st.sampled_from(
        [
            {},
            {"occurred_at": "1969-12-31T00:00:00Z"},
            {"occurred_at": "2999-01-01T00:00:00Z"},
            {"schema_version": "2.0"},
            {"schema_version": "1.7"},
            {"currency": "ZZZ"},
            {draw(st.sampled_from(sorted(message))): draw(anything)},
        ]
    )
    message |= draw(spoilt)
    value = json.dumps(message).encode()
    value = draw(
        st.sampled_from(
            [value, value, value, value[:-1], value[:-1] + b', "event_id": "twice"}', b" " * 1_000_001, None]
        )
    )
    headers = draw(st.sampled_from([(), (), (("ce_type", b"other"),), (("ce_type", topic.encode()),)]))
    return ConsumerRecord(topic, 0, 7, NOW_US // 1000, 0, key, value, None, 0, 0, headers)
