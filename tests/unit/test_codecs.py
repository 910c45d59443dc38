"""The codec accepts what the contract allows, whatever it looks like, and keeps every account to its own key."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from codec_support import CODEC, FIXED, NOW, NOW_US, VALID, changed, correction, decode, raw

from relationship.contract.messages import (
    COMMANDS,
    MEETINGS,
    MESSAGE_TYPES,
    PROFILES,
    PURCHASES,
    REFERRALS,
    TICKETS,
    Command,
    Profile,
    Purchase,
)
from relationship.contract.outcome import Reason, Refused
from streams.wire.codecs import Codec, Limits


@pytest.mark.parametrize("topic", MESSAGE_TYPES)
def test_a_valid_message_of_every_topic_is_decoded(topic: str) -> None:
    """Every topic of the intake gives the type that the contract names for it."""
    message = decode(changed(topic), topic)
    assert type(message) is MESSAGE_TYPES[topic]
    assert message.account_id == "acme"


@pytest.mark.parametrize("topic", MESSAGE_TYPES)
def test_unknown_fields_are_dropped_and_nulls_are_absent(topic: str) -> None:
    """A producer may send more than the contract has, and null for what it does not know."""
    fields = {"schema_version": None, "loyalty": {"tier": [1, "gold"]}, "note": 'a "quoted" word'}
    assert decode(changed(topic, **fields), topic) == decode(changed(topic), topic)


@pytest.mark.parametrize(
    "account", ["😀", "مرحبا", "a\0b", "<script>alert(1)</script>", "\n", '"', "\\", "é", "e\u0301", "a" * 255]
)
def test_account_ids_are_opaque(account: str) -> None:
    """Whatever an id looks like, it is taken as it is and never normalised."""
    assert decode(changed(account_id=account), key=account.encode()).account_id == account


@pytest.mark.parametrize("version", ["1", "1.0", "1.7", "1.0.3"])
def test_every_minor_version_of_1_is_read(version: str) -> None:
    """Additive changes keep the major version."""
    assert decode(changed(schema_version=version)).schema_version == version


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(raw('"x": 1e400'), id="infinite-number-in-unknown-field"),
        pytest.param(raw('"x": ' + "9" * 5000), id="long-integer-in-unknown-field"),
        pytest.param(raw('"x": [{"amount": 1}, {"amount": 2}]'), id="same-key-in-other-objects"),
        pytest.param(raw('"x": "\\": {[\\\\"'), id="string-that-looks-like-json"),
        pytest.param(changed().replace(b'"amount"', b'"\\u0061mount"'), id="escaped-key"),
        pytest.param(b" \n" + changed().replace(b": ", b" :\t") + b"\r\n", id="odd-white-space"),
        pytest.param(changed(quantity=-0.0), id="minus-zero"),
        pytest.param(changed(occurred_at="2026-05-01T23:59:59.123456+14:00"), id="far-time-zone"),
        pytest.param(changed(occurred_at=(NOW + timedelta(minutes=5)).isoformat()), id="just-within-the-future"),
        pytest.param(changed(occurred_at="1970-01-02T00:00:00Z"), id="second-day-of-1970"),
        pytest.param(changed(discount_code=""), id="empty-text"),
        pytest.param(raw('"x": ' + "[" * 31 + "]" * 31), id="as-deep-as-is-allowed"),
        pytest.param(raw('"x": ' + "[" * 30 + "{}, []" * 1 + "]" * 30), id="as-deep-with-siblings"),
        pytest.param(raw('"x": [' + "{}, " * 99 + "[]]"), id="many-brackets-beside-each-other"),
        pytest.param(changed(amount="9" * 18 + "." + "9" * 8), id="the-largest-money"),
        pytest.param(changed(amount="0"), id="no-money"),
    ],
)
def test_what_is_odd_and_allowed_is_accepted(value: bytes) -> None:
    """Strictness stops at what could be read in two ways."""
    assert isinstance(decode(value), Purchase)


@pytest.mark.parametrize("key", [None, b"", b"other", b"acme\0", b"\xff"])
def test_a_key_that_is_not_the_accounts_is_refused(key: bytes | None) -> None:
    """The partition follows from the key, so a key of another account would split an account in two."""
    refused = decode(changed(), key=key)
    assert refused.reason is Reason.KEY
    assert "acme" not in refused.text


def test_the_key_is_compared_as_bytes() -> None:
    """Two spellings of one letter are two accounts."""
    assert decode(changed(account_id="é"), key="e\u0301".encode()).reason is Reason.KEY


@pytest.mark.parametrize("content", [TICKETS.encode(), b"\xff", b""])
def test_a_header_that_names_another_type_is_refused(content: bytes) -> None:
    """A CloudEvent's type wins over the looks of its data; it may be redriven once the type is known."""
    refused = decode(changed(), headers=(("ce_id", b"e-1"), ("ce_type", content)))
    assert refused.reason is Reason.VERSION
    assert "ce_type" in refused.text


@pytest.mark.parametrize("headers", [(), (("ce_type", PURCHASES.encode()),), (("ce_type", None), ("x", b"\xff"))])
def test_other_headers_are_of_no_account(headers: tuple[tuple[str, bytes | None], ...]) -> None:
    """The topic's own type, no type and foreign headers all pass."""
    assert isinstance(decode(changed(), headers=headers), Purchase)


def test_a_null_value_on_the_profile_topic_clears_the_profile() -> None:
    """A tombstone of the compacted topic is a profile without facts, at the record's own time and place."""
    cleared = decode(None, PROFILES, timestamp_us=NOW_US - 1)
    expected = NOW - timedelta(microseconds=1)
    assert cleared == Profile(event_id="tombstone:7", account_id="acme", occurred_at=expected)


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"a" * 256])
def test_a_tombstone_needs_the_key_of_an_account(key: bytes | None) -> None:
    """Nothing else says whose profile it clears."""
    assert decode(None, PROFILES, key=key).reason is Reason.KEY


@pytest.mark.parametrize("timestamp_us", [-1, 0, NOW_US + 300_000_001])
def test_a_tombstone_moves_no_clock(timestamp_us: int) -> None:
    """A record's timestamp can be as wrong as a field."""
    assert decode(None, PROFILES, timestamp_us=timestamp_us).reason is Reason.TIME


def test_the_limits_are_settings() -> None:
    """Size, depth and future are what the settings say."""
    codec = Codec(Limits(max_record_bytes=len(changed()), max_depth=1, future_us=0))
    assert isinstance(decode(changed(), codec=codec), Purchase)
    assert decode(changed() + b" ", codec=codec).reason is Reason.SIZE
    assert decode(b'{"x":[]}', codec=codec).reason is Reason.SIZE
    assert decode(changed(occurred_at="2026-06-01T12:00:01Z"), codec=codec).text.endswith(
        "0 minutes ahead of the clock"
    )


@pytest.mark.parametrize("tail", [b"", b', "paid_on": 5'])
@pytest.mark.parametrize("depth", range(100, 1200, 100))
def test_a_depth_limit_beyond_the_interpreters_own_never_fails(depth: int, tail: bytes) -> None:
    """A limit set too wide makes a refusal or a message, and never an error or a crash."""
    codec = Codec(Limits(max_depth=1_000_000))
    value = changed()[:-1] + b', "x": ' + b"[" * depth + b"]" * depth + tail + b"}"
    decoded = decode(value, codec=codec)
    assert isinstance(decoded, (Purchase, Refused))
    assert decoded.reason in {Reason.SIZE, Reason.SCHEMA} if isinstance(decoded, Refused) else not tail


def test_brackets_within_text_are_not_depth() -> None:
    """Only structure counts as depth."""
    assert isinstance(decode(changed(note="[{" * 100 + '\\"[')), Purchase)


@pytest.mark.parametrize("name", ["release", "erase"])
def test_a_command_that_needs_nothing_more(name: str) -> None:
    """Releasing and erasing name the account, and that is enough."""
    assert isinstance(decode(changed(COMMANDS, command=name, status=..., until=...), COMMANDS), Command)


@pytest.mark.parametrize("value", [None, FIXED])
@pytest.mark.parametrize("topic", [PURCHASES, None, ...])
def test_a_correction_withdraws_or_replaces(value: dict[str, Any] | None, topic: Any) -> None:
    """A null value withdraws an event; a message replaces it, with the topic given or seen from its fields."""
    assert decode(correction(value=value, topic=topic), COMMANDS).value == value


@pytest.mark.parametrize("topic", MESSAGE_TYPES)
def test_every_kind_of_message_can_be_corrected(topic: str) -> None:
    """What a correction's value is can be seen from the field that only its topic requires."""
    value = {**VALID[topic], "event_id": "e-0"}
    assert decode(correction(value=value), COMMANDS).value == value


def test_a_contract_may_end_on_the_day_it_is_signed() -> None:
    """An agreement of one day is one."""
    contract = {"id": "c", "kind": "policy", "signed_on": "2026-01-01", "ends_on": "2026-01-01"}
    decoded = decode(changed(PROFILES, contract=contract), PROFILES)
    assert decoded.contract.ends_on == decoded.contract.signed_on


@pytest.mark.parametrize("until", ["1970-01-02T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_an_override_may_last_to_the_end_of_the_calendar(until: str) -> None:
    """From its second day in 1970 to its last."""
    assert isinstance(decode(changed(COMMANDS, until=until), COMMANDS), Command)


def test_a_file_has_no_key() -> None:
    """A line of a file is checked like a record, but for the key that it does not have."""
    assert isinstance(CODEC.decode_value(PURCHASES, changed(), NOW_US), Purchase)


@pytest.mark.parametrize("currency", ["LTL", "LVL", "EEK", "VEF", "BYR", "DEM", "FRF", "ZWR", "EUR", "VES"])
def test_every_currency_that_was_ever_listed_is_taken(currency: str) -> None:
    """Histories reach back before a currency's end: withdrawn codes are as good as current ones."""
    assert decode(changed(currency=currency)).currency == currency


def test_ids_of_other_systems_have_255_bytes() -> None:
    """A calendar's id of 156 characters is a meeting's id; an order's and a ticket's may be as long."""
    assert decode(changed(MEETINGS, meeting_id="A" * 255), MEETINGS).meeting_id == "A" * 255
    assert decode(changed(TICKETS, ticket_id="😀" * 63), TICKETS).ticket_id == "😀" * 63
    assert decode(changed(order_id="o" * 255, contract_id="c" * 255)).order_id == "o" * 255


REQUIRED = {"event_id", "account_id", "occurred_at", "amount", "currency", "ticket_id", "status", "kind"} | {
    "meeting_id",
    "duration_minutes",
    "referred",
}


class Stored(NamedTuple):
    """A record as fetched."""

    value: bytes | None
    key: bytes | None = b"acme"
    headers: tuple[tuple[str, bytes | None], ...] = ()
    offset: int = 7
    timestamp: int = NOW_US // 1000


def arrivals(*records: Stored, topic: str = PURCHASES, codec: Codec = CODEC) -> list[Any]:
    """Decode records of one topic at once."""
    return codec.arrivals(topic, records, NOW_US, NOW)


@pytest.mark.parametrize("topic", [PURCHASES, TICKETS, MEETINGS, REFERRALS])
def test_a_plain_record_takes_the_quick_way(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never looked at a second time, whichever fields it has; one with a header or an unknown field is."""
    looked_at: list[str] = []
    decoded = Codec._decoded
    monkeypatch.setattr(
        Codec, "_decoded", lambda codec, *given: (looked_at.append(given[0]), decoded(codec, *given))[1]
    )
    optional = [name for name in VALID[topic] if name not in REQUIRED]
    plain = [changed(topic), changed(topic).replace(b": ", b":"), *(changed(topic, **{name: ...}) for name in optional)]
    found = arrivals(*map(Stored, plain), topic=topic)
    assert [type(each.message) for each in found] == [MESSAGE_TYPES[topic]] * len(plain)
    assert looked_at == []
    arrivals(Stored(changed(topic), headers=(("ce_id", b"e"),)), Stored(changed(topic, unknown="x")), topic=topic)
    assert looked_at == [topic] * 2


def test_at_once_a_header_of_another_type_is_refused_as_well() -> None:
    """The quick way is for records without headers."""
    (found,) = arrivals(Stored(changed(), headers=(("ce_type", TICKETS.encode()),)))
    assert found.refused.reason is Reason.VERSION
    assert found.at == NOW


def test_at_once_a_tombstone_has_its_records_own_time() -> None:
    """Milliseconds of the record's timestamp, and its offset."""
    (found,) = arrivals(Stored(None, timestamp=NOW_US // 1000 - 1), topic=PROFILES)
    assert found.message.occurred_at == NOW - timedelta(milliseconds=1)
    assert (found.message.event_id, found.at) == ("tombstone:7", found.message.occurred_at)


def test_a_tombstone_of_the_workers_own_moves_no_clock_and_holds_up_nothing() -> None:
    """It has the wall's time in the middle of an old stream: it stands where the record before it stood."""
    own, before = Stored(None, headers=(("ce_source", b"clientward"),)), NOW - timedelta(days=400)
    (found,) = CODEC.arrivals(PROFILES, [own], NOW_US, before)
    assert (found.at, found.message.occurred_at) == (before, NOW)
    assert found.message.event_id == "erased:tombstone:7"
    (other,) = arrivals(own._replace(headers=(("ce_source", b"crm"),)), topic=PROFILES)
    assert other.message.event_id == "tombstone:7"


def test_at_once_a_value_may_be_as_large_as_is_allowed() -> None:
    """To the byte."""
    codec = Codec(Limits(max_record_bytes=len(changed())))
    fits, too_large = arrivals(Stored(changed()), Stored(changed() + b" "), codec=codec)
    assert (fits.refused, too_large.refused.reason) == (None, Reason.SIZE)


def test_a_tombstones_key_may_be_as_long_as_an_account() -> None:
    """255 bytes."""
    key = b"a" * 255
    assert decode(None, PROFILES, key=key).account_id == key.decode()


@pytest.mark.parametrize("timestamp_us", [86_400_000_000, NOW_US + 300_000_000])
def test_a_tombstones_time_may_be_the_first_and_the_last_allowed(timestamp_us: int) -> None:
    """The second day of 1970, and five minutes ahead."""
    assert decode(None, PROFILES, timestamp_us=timestamp_us).event_id == "tombstone:7"
