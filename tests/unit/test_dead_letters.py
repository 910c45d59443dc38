"""A dead letter is the refused record as it was, with headers that say why; what does not fit is named by its hash."""

import hashlib
import json
from typing import Any, NamedTuple

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import Reason, Refused
from streams.wire.dead_letters import MAX_BYTES, DeadLetter, dead_letter, read_dead_letter
from streams.wire.records import FetchedRecord

NOW_US = 1_780_000_000_123_456
REFUSED = Refused(Reason.SCHEMA, "$.amount: required, and missing")
PLACE = TP(PURCHASES, 3)
ACCOUNT = "acme\0😀".encode()


class Consumed(NamedTuple):
    """A record as consumed."""

    offset: int = 42
    timestamp: int = 1_779_999_999_000
    key: bytes | None = ACCOUNT
    value: bytes | None = b'{"broken": \xff'
    headers: tuple[tuple[str, bytes | None], ...] = (("ce_id", b"e-1"), ("ce_id", b"\xff"), ("empty", None))


def sent(letter: DeadLetter) -> Consumed:
    """The dead letter as it is consumed from its own topic."""
    return Consumed(1, 1, letter.key, letter.value, tuple(letter.headers))


def noted(letter: DeadLetter) -> dict[str, Any]:
    """The letter's headers by name."""
    return dict(letter.headers)


def test_key_value_and_headers_stay_byte_for_byte() -> None:
    """Nothing of the record is lost, whatever its bytes, and the order of its headers stays."""
    record = Consumed()
    letter = dead_letter(PLACE, record, REFUSED, now=NOW_US)
    assert (letter.key, letter.value) == (record.key, record.value)
    assert tuple(letter.headers[:3]) == record.headers


def test_the_headers_say_where_it_stood_and_why() -> None:
    """The names are those of Kafka Streams and Spring, so that other tools show them; the values are text."""
    headers = noted(dead_letter(PLACE, Consumed(), REFUSED, now=NOW_US))
    assert headers["__streams.errors.topic"] == PURCHASES.encode()
    assert headers["__streams.errors.partition"] == b"3"
    assert headers["__streams.errors.offset"] == b"42"
    assert headers["__streams.errors.exception"] == b"clientward.Refused.SCHEMA"
    assert headers["__streams.errors.message"] == b"$.amount: required, and missing"
    assert headers["kafka_dlt-original-topic"] == PURCHASES.encode()
    assert headers["clientward-reason"] == b"SCHEMA"
    assert headers["clientward-refused-at"] == b"2026-05-28T20:26:40.123+00:00"


@pytest.mark.parametrize("value", [None, b"", b"{}"])
@pytest.mark.parametrize("key", [None, b"", ACCOUNT])
def test_what_was_sent_can_be_read_back(key: bytes | None, value: bytes | None) -> None:
    """Reading a dead letter gives the record as it was and the refusal, enough to send it again."""
    record = Consumed(key=key, value=value)
    rejected = read_dead_letter(sent(dead_letter(PLACE, record, REFUSED, now=NOW_US)))
    assert rejected is not None
    assert (rejected.topic, rejected.partition, rejected.offset) == (PURCHASES, 3, 42)
    assert (rejected.key, rejected.value, tuple(rejected.headers)) == (key, value, record.headers)
    assert (rejected.reason, rejected.text) == REFUSED
    assert (rejected.timestamp_ms, rejected.omitted) == (record.timestamp, "")


def test_a_record_refused_again_has_one_set_of_headers() -> None:
    """A redriven record that is refused once more tells of its latest refusal only."""
    once = dead_letter(PLACE, Consumed(), REFUSED, now=NOW_US)
    again = dead_letter(PLACE, Consumed(headers=tuple(once.headers)), Refused(Reason.LATE, "late"), now=NOW_US)
    assert len(again.headers) == len(once.headers)
    assert noted(again)["clientward-reason"] == b"LATE"


@pytest.mark.parametrize(
    ("record", "omitted"),
    [
        pytest.param(Consumed(value=b"x" * MAX_BYTES), "value", id="value"),
        pytest.param(Consumed(headers=(("big", b"x" * MAX_BYTES),)), "value, headers", id="headers"),
        pytest.param(Consumed(key=b"x" * MAX_BYTES), "value, headers, key", id="key"),
    ],
)
def test_what_does_not_fit_is_named_by_hash_and_place(record: Consumed, omitted: str) -> None:
    """The original stays findable on its topic, provable by its hash, and the dead letter always fits."""
    letter = dead_letter(PLACE, record, Refused(Reason.SIZE, "too large"), now=NOW_US)
    place = json.loads(letter.value or b"")
    assert place["sha256"] == hashlib.sha256(record.value or b"").hexdigest()
    assert place["key_sha256"] == hashlib.sha256(record.key or b"").hexdigest()
    assert (place["topic"], place["partition"], place["offset"]) == (PURCHASES, 3, 42)
    assert len(letter.key or b"") + len(letter.value or b"") + len(str(letter.headers)) < MAX_BYTES
    rejected = read_dead_letter(sent(letter))
    assert rejected is not None
    assert rejected.omitted == omitted


def test_a_large_record_that_fits_is_kept_whole() -> None:
    """Only what does not fit is left out."""
    record = Consumed(value=b"x" * (MAX_BYTES - 200))
    assert dead_letter(PLACE, record, REFUSED, now=NOW_US).value == record.value


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="none"),
        pytest.param((("clientward-reason", b"\xff"),), id="bytes"),
        pytest.param((("clientward-reason", b"SCHEMA"), ("__streams.errors.partition", b"x")), id="words"),
    ],
)
def test_a_foreign_record_is_no_dead_letter(headers: tuple[tuple[str, bytes | None], ...]) -> None:
    """Somebody else's record on the topic is told apart, and never an error."""
    assert read_dead_letter(Consumed(headers=headers)) is None


def test_the_clients_own_record_is_what_is_needed() -> None:
    """What aiokafka hands out can be refused as it is."""
    record: FetchedRecord = ConsumerRecord(PURCHASES, 0, 1, 2, 0, b"acme", b"{", None, 4, 1, (("a", b"b"),))
    assert dead_letter(PLACE, record, REFUSED, now=NOW_US).headers[0] == ("a", b"b")


@pytest.mark.parametrize(
    ("record", "size"),
    [
        (Consumed(key=b"12345", value=b"123456789", headers=()), 14),
        (Consumed(key=None, value=b"123456789", headers=(("é", b"12"), ("empty", None))), 9 + 2 + 2 + 10 + 5 + 10),
        (Consumed(key=b"12345", value=None, headers=(("a", b"x" * 50),)), 5 + 1 + 50 + 10),
    ],
)
def test_a_record_fits_up_to_the_last_byte(record: Consumed, size: int) -> None:
    """Key, value, and of each header its name, its value and ten bytes more."""
    assert dead_letter(PLACE, record, REFUSED, now=NOW_US, max_bytes=size).value == record.value
    assert "clientward-omitted" in noted(dead_letter(PLACE, record, REFUSED, now=NOW_US, max_bytes=size - 1))


def test_what_is_omitted_is_no_more_than_must_be() -> None:
    """First the value, then the headers too, then the key: each at the byte at which the rest no longer fits."""
    record = Consumed(key=b"k" * 10, value=b"v" * 9_000, headers=(("h", b"x" * 89),))
    place = len(dead_letter(PLACE, record, REFUSED, now=NOW_US, max_bytes=500).value or b"")
    found = {}
    for most in (place + 110, place + 109, place + 10, place + 9):
        letter = dead_letter(PLACE, record, REFUSED, now=NOW_US, max_bytes=most)
        found[most - place] = (letter.key, letter.headers[0][0], noted(letter)["clientward-omitted"])
    assert found == {
        110: (record.key, "h", b"value"),
        109: (record.key, "__streams.errors.topic", b"value, headers"),
        10: (record.key, "__streams.errors.topic", b"value, headers"),
        9: (None, "__streams.errors.topic", b"value, headers, key"),
    }


def test_the_place_of_an_omitted_value_says_all_of_it() -> None:
    """How large it was and how many headers it had, without those of an earlier refusal."""
    again = (*Consumed().headers, ("clientward-reason", b"LATE"))
    letter = dead_letter(PLACE, Consumed(value=b"v" * 900, headers=again), REFUSED, now=NOW_US, max_bytes=600)
    place = json.loads(letter.value or b"")
    assert (place["bytes"], place["headers"], place["timestamp"]) == (900, 3, 1_779_999_999_000)


def test_a_letter_that_says_less_is_read_as_far_as_it_goes() -> None:
    """Its reason and its place are needed; text, time and timestamp are empty where they are absent."""
    needed = (("clientward-reason", b"LATE"), ("__streams.errors.partition", b"3"), ("__streams.errors.offset", b"0"))
    headers = (*needed, ("__streams.errors.topic", b"t"), ("mine", b"1"))
    found = read_dead_letter(Consumed(headers=headers))
    assert found is not None
    assert (found.timestamp_ms, found.text, found.refused_at, found.omitted, found.offset) == (None, "", "", "", 0)
    assert found.headers == [("mine", b"1")]
    for absent in range(4):
        assert read_dead_letter(Consumed(headers=headers[:absent] + headers[absent + 1 :])) is None
    forged = (*headers, ("clientward-original-timestamp", b"soon"))
    assert read_dead_letter(Consumed(headers=forged)) is None
