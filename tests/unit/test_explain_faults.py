"""Why a record is refused, in one line: how deep it may be, which key is repeated, and where the fault is."""

import json

import msgspec
import pytest

from relationship.contract.messages import Profile, Purchase, Ticket
from relationship.contract.outcome import Reason, Refused
from streams.wire.explain_faults import explain, find_flaw, is_deeper

TOO_DEEP = Refused(Reason.SIZE, "nested more than 2 levels deep")


@pytest.mark.parametrize(
    ("value", "depth"),
    [
        (b"1", 0),
        (b'"[["', 0),
        (b"[]", 1),
        (b'{"a": 1}', 1),
        (b"[[]]", 2),
        (b'{"a": [], "b": []}', 2),
        (b'[{"a": {}}, [[]]]', 3),
        (b"[[], [], [[]]]", 3),
        (b'["\\"[[", []]', 2),
        (b'["\\\\", [[]]]', 3),
        (b'[[], "[[', 2),
    ],
)
def test_a_value_is_as_deep_as_its_brackets_are_nested(value, depth):
    """Those that follow one another add nothing, nor do those within a text, whatever is escaped in it."""
    assert not is_deeper(value, depth)
    assert depth == 0 or is_deeper(value, depth - 1)


def test_what_closes_more_than_it_opens_is_not_deep():
    """Nothing of it is JSON; it is no reason to call it too deep."""
    assert not is_deeper(b"]]]][[[", 2)
    assert is_deeper(b"[[[]]]", 2)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b'{"amount": 1, "x": {"amount": 2}}', None),
        (b'{"a\\"b": "c"}', None),
        (b'[{"amount": 1}, {"amount": 1}]', None),
        (b'{"x": "amount", "amount": "x"}', None),
        (b'{"amount": 1, "amount": 1}', "the key `amount` is repeated in one object"),
        (b'{"x": [{"kind": 1, "kind": 2}]}', "the key `kind` is repeated in one object"),
        (
            b'{"x": 1, "x": 2, "amount": 3}',
            "the key of a field that the contract does not name is repeated in one object",
        ),
        (b'{"x": 1, "amount": 3, "y": 1, "amount": 4}', "the key `amount` is repeated in one object"),
        (b'{"x": 1e999, "amount": 1}', None),
        (b'{"x": 1e999, "amount": 1, "amount": 1}', "the key `amount` is repeated in one object"),
    ],
)
def test_an_object_has_each_key_once(value, found):
    """Objects within and beside one another may have the same keys; texts are no keys; no unknown name is told."""
    assert find_flaw(value, 9) == (None if found is None else Refused(Reason.DECODE, found))


def test_a_flaw_is_looked_for_in_what_is_not_too_deep():
    """At the depth that is allowed it is read, one level below it is not."""
    assert find_flaw(b'{"x": []}', 2) is None
    assert find_flaw(b'{"x": [[]]}', 2) == TOO_DEEP
    assert find_flaw(b'{"x": "\xff"}', 2) == Refused(Reason.DECODE, "bad UTF-8 at byte 7")


def error_of(value, kind):
    """Return what msgspec says of a value."""
    with pytest.raises(msgspec.MsgspecError) as caught:
        msgspec.json.decode(value, type=kind)
    return caught.value


def why(value, kind=Purchase, depth=9):
    """Return why a value is refused."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return explain(raw, kind, error_of(raw, kind), depth)


def test_a_parser_that_gave_up_for_depth_is_told_as_depth():
    """Whatever the record looks like, and before anything of it is parsed."""
    assert explain(b"{}", Purchase, RecursionError(), 2) == TOO_DEEP
    assert explain(b'{"x": [[]]}', Purchase, error_of(b'{"x": [[]]}', Purchase), 2) == TOO_DEEP
    assert explain(b'{"x": []}', Purchase, error_of(b'{"x": []}', Purchase), 2).reason is Reason.SCHEMA


def test_broken_json_is_told_by_the_character():
    """At which it breaks, and how."""
    assert why(b'{"amount": }') == Refused(Reason.DECODE, "broken JSON at character 11: Expecting value")


@pytest.mark.parametrize(
    ("version", "unknown"),
    [
        ("2.0", True),
        ("0", True),
        ("11.0", True),
        ("2", True),
        ("1.0", False),
        ("1", False),
        ("x2", False),
        (2, False),
        (None, False),
    ],
)
def test_another_major_version_is_told_before_any_field(version, unknown):
    """By the digits it begins with; what begins with none, or is no text, is a fault of that field."""
    found = why({"schema_version": version, "amount": 5})
    assert (found.reason is Reason.VERSION) is unknown


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (b'{"amount": NaN}', "$.amount"),
        (b'{"secret": -Infinity}', "$[...]"),
        (b'{"x": [1, {"amount": Infinity}]}', "$[...][...].amount"),
        (b"[NaN]", "$[...]"),
        (b"NaN", "$"),
        (b'{"kind": "NaN", "quantity": NaN, "amount": NaN}', "$.quantity"),
    ],
)
def test_a_number_that_is_none_is_told_by_its_path(value, path):
    """The first of them; of names that the contract does not have, and of places in lists, none is told."""
    assert why(value) == Refused(Reason.SCHEMA, f"{path}: not a finite number, which JSON cannot hold")


MONEY = "not a decimal string of at most 18 digits before the point and 8 after it"
TIME = "not RFC 3339 with an offset; a leap second (:60) is written as :59"
KINDS = "not one of engagement, policy, retainer, subscription"
STATUSES = "not one of closed, opened, resolved, updated"
BASE = {"event_id": "e", "account_id": "a", "occurred_at": "2026-01-01T00:00:00Z", "amount": "1", "currency": "EUR"}


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        (Purchase, {"amount": ...}, "$.amount: required, and missing"),
        (Purchase, {"currency": 5}, "$.currency: expected str, got int"),
        (Purchase, {"kind": "gift"}, "$.kind: not one of advice, goods, retainer, service, subscription"),
        (Ticket, {"ticket_id": "t", "kind": "question", "status": "lost"}, f"$.status: {STATUSES}"),
        (Profile, {"contract": {"id": "c", "kind": "x", "signed_on": "2026-01-01"}}, f"$.contract.kind: {KINDS}"),
        (Profile, {"contract": {"kind": "policy"}}, "$.contract.id: required, and missing"),
        (Purchase, {"event_id": "e" * 129}, "$.event_id: longer than 128 characters"),
        (Purchase, {"event_id": ""}, "$.event_id: shorter than 1 characters"),
        (Purchase, {"amount": "1" * 99}, f"$.amount: {MONEY}"),
        (Purchase, {"list_price": "1" * 99}, f"$.list_price: {MONEY}"),
        (Purchase, {"occurred_at": "2026-01-01"}, f"$.occurred_at: {TIME}"),
        (Purchase, {"schema_version": "new"}, "$.schema_version: not in the form that the contract gives"),
    ],
)
def test_a_field_that_does_not_fit_is_told_by_path_and_limit(kind, fields, text):
    """What is allowed is told and never what was there."""
    value = {name: each for name, each in {**BASE, **fields}.items() if each is not ...}
    assert why(value, kind) == Refused(Reason.SCHEMA, text)


def test_half_of_a_surrogate_pair_is_broken_json():
    """Which Python's parser takes and the contract's does not."""
    raw = b'{"category": "\\ud800"}'
    assert why(raw) == Refused(Reason.DECODE, "broken JSON: half of a surrogate pair")
