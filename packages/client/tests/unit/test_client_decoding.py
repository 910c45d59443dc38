"""From bytes to messages: what is read, and what is refused in which words."""

import json

import pytest
from decisions_support import FakeRecord, decision, encoded, tombstone

from clientward_client import Gone, UnreadableError, VersionError, decode_decision, decode_state
from clientward_client.decoding import decode_state_record, id_of


def test_a_decision_is_read_as_it_was_written() -> None:
    """Every field comes back, `from` under its Python name, and times with their offset."""
    read = decode_decision(encoded(decision()))
    assert read == decision()
    assert read.from_ == "prospect"
    assert read.effective_at.tzinfo is not None


def test_a_newer_minor_version_is_read() -> None:
    """Fields that nobody knows yet are passed over, on every level."""
    newer = json.loads(encoded(decision())) | {"schema_version": "1.7", "mood": "sunny"}
    newer["segment"]["size"] = 3
    assert decode_decision(json.dumps(newer).encode()).schema_version == "1.7"


def test_a_newer_major_version_is_refused_in_clear_words() -> None:
    """The error names place and versions, and says what to do, whether or not the fields still fit."""
    newer = json.loads(encoded(decision())) | {"schema_version": "2.0"}
    for value in (newer, newer | {"to": "partner"}, {"schema_version": "2.1"}):
        with pytest.raises(VersionError, match=r"here: written by version 2\.\d .* reads 1\.x: install a newer"):
            decode_decision(json.dumps(value).encode(), "here")


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"\xff", b'{"schema_version": "1.0"}', None])
def test_what_is_no_decision_is_refused_in_one_line(value: bytes | None) -> None:
    """The error names the place, and is no version's fault."""
    with pytest.raises(UnreadableError, match=r"^somewhere: ") as raised:
        decode_decision(value, "somewhere")
    assert not isinstance(raised.value, VersionError)
    assert "\n" not in str(raised.value)


def test_a_value_of_an_enumeration_that_there_is_not_is_refused() -> None:
    """Within a major version no enumeration grows, so that a match over statuses stays exhaustive."""
    value = json.loads(encoded(decision())) | {"to": "partner"}
    with pytest.raises(UnreadableError, match="partner"):
        decode_decision(json.dumps(value).encode())


def test_the_wire_cannot_claim_what_only_settling_says() -> None:
    """`stands_for` is the client's own."""
    value = json.loads(encoded(decision())) | {"stands_for": ["x"]}
    assert decode_decision(json.dumps(value).encode()).stands_for == ()


@pytest.mark.parametrize(
    ("event_id", "reason"), [("erase-c-1", "erased"), ("merge-c-2", "merged"), ("x", "unknown"), ("", "unknown")]
)
def test_a_tombstone_says_why(event_id: str, reason: str) -> None:
    """By its `ce_id`: erased or merged; one that is not Clientward's is of an unknown reason."""
    gone = decode_state_record(tombstone("acme", 0, event_id=event_id))
    assert isinstance(gone, Gone)
    assert (gone.account_id, gone.reason, gone.event_id) == ("acme", reason, event_id)
    assert gone.at is not None


def test_a_tombstone_without_a_key_or_time() -> None:
    """Without a key it concerns nobody, and is refused; without a time it is read."""
    with pytest.raises(UnreadableError, match="without a key"):
        decode_state_record(FakeRecord(key=None))
    gone = decode_state_record(FakeRecord(headers=(("ce_time", b"today"),)))
    assert isinstance(gone, Gone)
    assert gone.at is None


def test_an_id_is_had_without_reading_the_value() -> None:
    """From the header where there is one, else from the value, and from neither where the value is no JSON."""
    assert id_of(FakeRecord(value=b"{", headers=(("ce_id", b"rc-1"),))) == "rc-1"
    assert id_of(FakeRecord(value=b'{"event_id": "rc-2"}')) == "rc-2"
    assert id_of(FakeRecord(value=b"{")) == ""


def test_a_state_is_read() -> None:
    """Where an account stands, with an override's end or without."""
    value = {
        "account_id": "a",
        "status": "client",
        "since": "2026-01-01T00:00:00Z",
        "score": 70.0,
        "confidence": 0.9,
        "segment": {"industry": "law", "party": "business", "scope": "external", "market": None, "standing": "loyal"},
        "play": "keep",
        "policy": {"id": "p", "version": "1"},
        "transition_seq": 3,
        "held_until": None,
        "as_of": "2026-01-02T00:00:00Z",
    }
    state = decode_state(json.dumps(value).encode())
    assert (state.status, state.held_until, state.segment.standing) == ("client", None, "loyal")
