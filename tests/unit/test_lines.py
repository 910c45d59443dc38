"""One line of a file of events: what it stands for, and what is said of a line that stands for none."""

import json
from typing import Any

import pytest

from relationship.contract.messages import PROFILES, PURCHASES, TICKETS
from relationship.contract.outcome import POLICIES
from streams.wire.lines import BadLine, Line, parse_line, policy_of_line

VALUE = {"event_id": "e1", "account_id": "acc-1", "occurred_at": "2026-01-02T03:04:05Z", "amount": "1.00"}


def line(**members: Any) -> str:
    """Return a line with these members."""
    return json.dumps(members)


def parsed(text: str | bytes) -> Line:
    """Parse a line that must be good."""
    found = parse_line(text)
    assert isinstance(found, Line), found
    return found


def test_topic_and_value() -> None:
    """A line of the contract gives topic, key and CloudEvents headers from the value."""
    found = parsed(line(topic=PURCHASES, value=VALUE))
    assert (found.topic, found.key) == (PURCHASES, b"acc-1")
    assert dict(found.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_type": PURCHASES.encode(),
        "ce_source": b"clientward-cli",
        "ce_time": b"2026-01-02T03:04:05Z",
        "content-type": b"application/json",
    }
    assert found.traceparent is None


def test_cloud_event() -> None:
    """A CloudEvent's type is the topic and its data the value; its own attributes and its trace are kept."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    found = parsed(
        line(specversion="1.0", id="ce-9", source="/shop", type=PURCHASES, data=VALUE, traceparent=trace, extra=1)
    )
    headers = dict(found.headers)
    assert (found.topic, found.key) == (PURCHASES, b"acc-1")
    assert (headers["ce_id"], headers["ce_source"]) == (b"ce-9", b"/shop")
    assert headers["traceparent"] == trace.encode()
    assert found.traceparent == trace


@pytest.mark.parametrize(
    "value",
    [
        b'{"account_id":"a","amount": 1.10,  "amount":1e400}',
        b'{ "account_id" : "\\u0061" , "x":[1, 2,{"y" :null}] }',
        '{"account_id":"账户 👩‍🚀","nul":"\\u0000"}'.encode(),
    ],
)
def test_value_is_passed_on_byte_for_byte(value: bytes) -> None:
    """Whatever the value says, repeated keys and odd numbers included, is for the stream to judge."""
    assert parsed(b'{"topic":"%s","value":%s}' % (TICKETS.encode(), value)).value == value


def test_tombstone_needs_a_key() -> None:
    """A profile is taken back by a null value, with the account's id as the line's key."""
    found = parsed(line(topic=PROFILES, key="acc-1", value=None))
    assert (found.key, found.value) == (b"acc-1", None)
    assert isinstance(parse_line(line(topic=PROFILES, value=None)), BadLine)


def test_key_of_the_line_wins() -> None:
    """A key that is not the account's can be sent, to see it refused."""
    assert parsed(line(topic=PURCHASES, key="other", value=VALUE)).key == b"other"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nope", "not JSON"),
        ("", "not JSON"),
        ("[]", "not an event"),
        ('{"topic": 1}', "not an event"),
        ("{}", 'neither {"topic", "value"} nor a CloudEvent'),
        (line(topic=PURCHASES), 'neither {"topic", "value"}'),
        (line(topic="crm.other.v1", value=VALUE), "'crm.other.v1' is no topic of the intake"),
        (line(topic=PURCHASES, value={"event_id": "e1"}), "no account_id"),
        (line(topic=PURCHASES, value={"account_id": 7}), "no account_id"),
        (line(topic=PURCHASES, value=[1]), "not an event"),
        (b"\xff\xfe", "not JSON"),
        (b'{"topic":"\xff"}', "not "),
    ],
)
def test_bad_lines_are_told(text: str | bytes, told: str) -> None:
    """What is no event is told in one line and stops nothing."""
    found = parse_line(text)
    assert isinstance(found, BadLine)
    assert told in found.text
    assert "\n" not in found.text


def test_deep_value_is_no_crash() -> None:
    """A value nested beyond what the parser follows is a bad line."""
    deep = "[" * 100_000 + "]" * 100_000
    found = parse_line(f'{{"topic":"{PURCHASES}","value":{{"account_id":"a","x":{deep}}}}}')
    assert found == BadLine("nested too deep")


FORMS = [
    '{"topic": "%s", "value": %s}',
    '{"topic":"%s","value":%s}',
    '{"topic": "%s", "value":%s }',
    ' {"topic": "%s", "value": %s}',
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "value",
    [
        VALUE,
        {"account_id": "a"},
        {"account_id": "a", "event_id": 7, "occurred_at": "t"},
        {"account_id": "a", "event_id": "e", "occurred_at": None},
        {"account_id": "a", "event_id": "", "occurred_at": "t"},
        {"account_id": "", "event_id": "e", "occurred_at": "t"},
        {"account_id": 5, "event_id": "e", "occurred_at": "t"},
        {"account_id": "ü", "event_id": "é", "occurred_at": "t"},
        {"account_id": "\ud800", "event_id": "e", "occurred_at": "t"},
        [1],
        None,
        {"value": {"account_id": "x"}, **VALUE},
    ],
)
def test_a_line_as_we_write_it_is_read_as_any_other_is(form: str, value: Any) -> None:
    """The quick way for bytes of our own form, and the long one for a text of the same characters, come to the same."""
    text = form % (PURCHASES, json.dumps(value))
    assert parse_line(text.encode()) == parse_line(text)
    assert parse_line(text.encode() + b"\n") == parse_line(text)


def test_the_quick_way_is_for_nothing_behind_the_value() -> None:
    """A key behind it counts, as it does before it."""
    text = f'{{"topic":"{PURCHASES}","value":{json.dumps(VALUE)},"key":"k"}}'
    assert parsed(text.encode()).key == b"k"


@pytest.mark.parametrize(
    ("envelope", "value", "expected"),
    [
        ({}, {}, {"ce_source": b"clientward-cli"}),
        ({"id": "i"}, {"event_id": "e"}, {"ce_id": b"i", "ce_source": b"clientward-cli"}),
        ({"id": ""}, {"event_id": "e"}, {"ce_id": b"e", "ce_source": b"clientward-cli"}),
        ({"time": "t"}, {"occurred_at": "o"}, {"ce_time": b"t", "ce_source": b"clientward-cli"}),
        ({}, {"occurred_at": 5, "event_id": ["e"]}, {"ce_source": b"clientward-cli"}),
        ({"source": "/s"}, {}, {"ce_source": b"/s"}),
        ({"traceparent": "00"}, {}, {"ce_source": b"clientward-cli", "traceparent": b"00"}),
    ],
)
def test_each_attribute_is_the_lines_own_before_the_values(envelope: Any, value: Any, expected: Any) -> None:
    """What neither says is left out; what is no text is none."""
    found = parsed(line(topic=TICKETS, value={"account_id": "a", **value}, **envelope))
    fixed = {"ce_specversion": b"1.0", "ce_type": TICKETS.encode(), "content-type": b"application/json"}
    assert dict(found.headers) == fixed | expected
    assert [found.headers[0][0], found.headers[-1][0]] == ["ce_specversion", "content-type"]


def test_a_topic_takes_precedence_over_a_type() -> None:
    """Then the value counts, and not the data."""
    told = {"type": TICKETS, "data": {"account_id": "t"}, "value": {"account_id": "v"}}
    assert parsed(line(topic=PURCHASES, **told)).key == b"v"
    assert (parsed(line(**told)).topic, parsed(line(**told)).key) == (TICKETS, b"t")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (line(topic=POLICIES, value={"a": 1}), b'{"a": 1}'),
        (line(type=POLICIES, data={"a": 1}), b'{"a": 1}'),
        (line(topic=POLICIES, data={"a": 1}), None),
        (line(topic=POLICIES), None),
        (line(topic=PURCHASES, value={"about": POLICIES}), None),
        (line(topic=PURCHASES, value=VALUE), None),
        (POLICIES, None),
        (line(type=POLICIES, value={"a": 1}), None),
        (line(topic=POLICIES, value=None), b"null"),
    ],
)
def test_a_line_that_publishes_a_policy_is_known_by_its_topic(text: str, value: bytes | None) -> None:
    """Or by a CloudEvent's type; that another line speaks of the topic makes it none, and neither does nonsense."""
    assert policy_of_line(text.encode()) == value
