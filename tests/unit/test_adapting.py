"""Adapters without Kafka: bytes as rows, rows as messages, and updates and deletions as corrections."""

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from aiokafka import ConsumerRecord

from adapting.changes import combine, plain
from adapting.decoding import decode
from adapting.errors import AdapterError, Unreadable
from adapting.file import login_of, read_adapter
from adapting.mapping import Mapper, Row
from adapting.publishing import records_of
from adapting.registry import Registry, Schema
from importing.mapping.mapping import read_mapping
from importing.reading.bench import open_bench
from relationship.contract.messages import COMMANDS, PURCHASES
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from relationship.state.record import decode as record_of
from streams.wire.codecs import Codec, Limits

EXAMPLES = Path(__file__).parents[2] / "examples" / "adapters"
AT_MS = 1_777_629_600_000  # 2026-05-01T10:00:00Z
SQL = """-- words tickets.kind: Q = question
-- to: tickets
SELECT value ->> '$.who' AS account_id, timestamp AS occurred_at, 'opened' AS status,
    word('tickets.kind', value ->> '$.kind') AS kind, number(value ->> '$.csat') AS csat,
    CAST("offset" % 7 AS INTEGER) / CAST(value ->> '$.n' AS INTEGER) * 0 AS sentiment
FROM records WHERE key <> 'skip'"""

ACROSS = """-- to: tickets
SELECT min(value) AS account_id, min(timestamp) AS occurred_at, 'opened' AS status, 'question' AS kind
FROM records GROUP BY key"""


def record(value: Any, offset: int = 0, key: bytes = b"k") -> Any:
    """Return a record of a foreign topic; what is no bytes is JSON."""
    raw = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return ConsumerRecord("desk", 3, offset, AT_MS, 0, key, raw, None, 1, 1, (("h", b"x"),))


def rows(*values: Any) -> list[Row]:
    """Return values as rows, each a record of its own."""
    return [Row(each, each.value) for each in (record(value, n) for n, value in enumerate(values))]


@pytest.fixture
def mapper() -> Iterator[Mapper]:
    """A mapping of tickets that a query can fail on."""
    with open_bench() as bench:
        yield Mapper(bench, read_mapping("t.sql", SQL), named=False)


def good(number: int) -> dict[str, Any]:
    """Return a value that maps."""
    return {"who": f"a{number}", "kind": "Q", "csat": "4", "n": 1}


def test_a_row_at_fault_spoils_no_other_and_has_its_own_reason(mapper: Mapper) -> None:
    """A cell that is no number, a word that is not known, an empty account and an SQL error: each alone is refused."""
    bad = {7: {"csat": "many"}, 20: {"kind": "??"}, 33: {"who": None}, 50: {"n": "x"}, 51: {"n": ""}}
    found = mapper.map(rows(*({**good(n), **bad.get(n, {})} for n in range(64))))
    assert {n for n, each in enumerate(found) if isinstance(each, str)} == set(bad)
    assert [each[0].message.account_id for each in found if isinstance(each, list)] == [
        f"a{n}" for n in range(64) if n not in bad
    ]
    assert "account_id" in str(found[33])
    assert "number" in str(found[7])
    assert "word" in str(found[20])


def test_ids_repeat_whatever_the_batch(mapper: Mapper) -> None:
    """Without an id of its own a message has one of its place and content: equal values stay as many as they are."""
    every = rows(*[good(1)] * 5)
    whole = [each[0].message.event_id for each in mapper.map(every) if isinstance(each, list)]
    parts = [found[0].message.event_id for row in every for found in mapper.map([row]) if isinstance(found, list)]
    assert whole == parts
    assert len(set(whole)) == 5
    assert all(id_.startswith(f"desk:3:{n}:") for n, id_ in enumerate(whole))


@pytest.mark.parametrize(
    ("sql", "named", "told"),
    [
        (ACROSS, False, "across records"),
        (SQL, True, "AS event_id"),
        ("-- currency: XXY\n" + SQL, False, "XXY"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_work_on_records_is_told_at_once(sql: str, named: bool, told: str) -> None:
    """Across records, without an id that changes are told by, or with a currency that there is not: one line."""
    with open_bench() as bench, pytest.raises(AdapterError, match=told):
        Mapper(bench, read_mapping("t.sql", sql), named=named)


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff", b"[" * 100_000, b"\0\0\0\0\7\2", b"\0\0\0\0\7\2a!", b"\0\0\0\0\x08\2a", b"\0"]
)
def test_bytes_that_cannot_be_read_are_told_of_and_not_shown(value: bytes) -> None:
    """No JSON, bytes that end early or go on, a schema that is not there: a reason, in JSON and in the wire form."""
    registry = Registry("http://127.0.0.1")
    registry._known[7] = Schema(fastavro.parse_schema({"type": "string"}))
    for each in (None, registry):
        with pytest.raises(Unreadable) as told:
            decode(record(value), each, debezium=False)
        assert "\n" not in str(told.value)


def test_avro_keeps_decimals_and_times_exact() -> None:
    """Decimals come as texts and times with an offset; JSON Schema's form is JSON behind five bytes; null is nothing."""
    registry = Registry("http://127.0.0.1")
    fields = [
        {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ]
    registry._known[7] = Schema(fastavro.parse_schema({"type": "record", "name": "R", "fields": fields}))
    registry._known[9] = Schema(None)
    body = io.BytesIO()
    fastavro.schemaless_writer(body, registry._known[7].avro, {"total": Decimal("1234567890123456.7800"), "at": AT_MS})
    read = decode(record(b"\0\0\0\0\7" + body.getvalue()), registry, debezium=False)
    assert read is not None
    assert json.loads(read.after or b"") == {"total": "1234567890123456.7800", "at": "2026-05-01T10:00:00Z"}
    read = decode(record(b'\0\0\0\0\x09{"a": 1.50}'), registry, debezium=False)
    assert read is not None
    assert read.after == b'{"a": 1.50}'
    assert decode(record(None), registry, debezium=False) is None


def order(status: str, total: str = "10.00", customer: str = "acme") -> dict[str, Any]:
    """Return a row of the orders table."""
    return {
        "id": 1,
        "customer": customer,
        "created_at": AT_MS * 1000,
        "total": total,
        "currency": "EUR",
        "source": "site",
        "status": status,
    }


def change(op: str, before: Any, after: Any, seconds: int) -> dict[str, Any]:
    """Return a change as Debezium tells it, some seconds after the order, every second one with its schema beside it."""
    told = {"op": op, "before": before, "after": after, "source": {"ts_ms": AT_MS + seconds * 1000}, "ts_ms": 1}
    return {"schema": {}, "payload": told} if seconds % 2 else told


PAID, PAID_MORE, OPEN, OTHERS = order("paid"), order("paid", "25.50"), order("open"), order("paid", "7.00", "other")
HISTORIES = {
    "inserted": ([("c", None, PAID)], {"acme": "10.00"}),
    "read by a snapshot": ([("r", None, PAID)], {"acme": "10.00"}),
    "changed": ([("c", None, PAID), ("u", PAID, PAID_MORE)], {"acme": "25.50"}),
    "paid later": ([("c", None, OPEN), ("u", OPEN, PAID)], {"acme": "10.00"}),
    "taken back": ([("c", None, PAID), ("u", PAID, OPEN)], {}),
    "paid again": ([("c", None, PAID), ("u", PAID, OPEN), ("u", OPEN, PAID_MORE)], {"acme": "25.50"}),
    "another's": ([("c", None, PAID), ("u", PAID, OTHERS)], {"other": "7.00"}),
    "deleted": ([("c", None, PAID), ("u", PAID, PAID_MORE), ("d", PAID_MORE, None)], {}),
    "nothing changed": ([("c", None, PAID), ("u", PAID, PAID)], {"acme": "10.00"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("times", [1, 2])
def test_a_tables_changes_leave_accounts_as_the_table_is(name: str, times: int) -> None:
    """Folded by the core, each change told once or twice, the purchases that count are those of the rows there are."""
    changes, expected = HISTORIES[name]
    codec = Codec(Limits(max_record_bytes=100_000, max_depth=20, future_us=0))
    replay = Replay(Core(load_policy(), 30))
    with open_bench() as bench:
        adapter, mapping = read_adapter(EXAMPLES / "orders.toml")
        mapper = Mapper(bench, mapping, named=True)
        for number, (op, before, after) in enumerate(each for each in changes for _ in range(times)):
            offset = number // times
            decoded = decode(record(change(op, before, after, offset), offset), None, debezium=True)
            assert decoded is not None
            sides = [
                mapper.map([Row(decoded.record, side)])[0] if side else [] for side in (decoded.before, decoded.after)
            ]
            outcome = combine(decoded, *sides)
            assert isinstance(outcome, list), outcome
            sent = records_of(outcome, adapter.name, codec)
            assert isinstance(sent, list), sent
            for each in outcome:
                assert replay.fold(each.topic, each.message, AT_MS * 1000)[0] is None
    assert _amounts(replay) == expected


def _amounts(replay: Replay) -> dict[str, str]:
    found = {}
    for account, raw in replay.records.items():
        for fact in record_of(raw).facts():
            if hasattr(fact, "amount"):
                found[account] = f"{Decimal(fact.amount):.2f}"
    return found


@pytest.mark.parametrize(
    "value",
    [change("u", None, PAID, 1), change("d", None, None, 1), change("t", None, None, 2), {"op": "u"}, [], 1, {}],
)
def test_a_change_that_does_not_tell_the_row_from_before_is_refused(value: Any) -> None:
    """A correction of a row whose past is not told would guess; so would one of an envelope that is none."""
    with pytest.raises(Unreadable):
        decode(record(value), None, debezium=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "A"', "topic"),
        ('name = "a b"\ntopic = "t"\nmapping = "m.sql"', "lower-case"),
        ('name = "clientward"\ntopic = "t"\nmapping = "m.sql"', "not 'clientward'"),
        (f'name = "a"\ntopic = "{PURCHASES}"\nmapping = "m.sql"', "name the one to read"),
        ('name = "a"\ntopic = "t"\nmapping = "m.sql"\nregistry = "localhost"', "https://"),
        ('name = "a"\ntopic = "t"\nmapping = "m.sql"', "has no query"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    """What is wrong, where, and what to write instead."""
    (tmp_path / "m.sql").write_text("-- nothing\n")
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(AdapterError, match=told) as error:
        read_adapter(tmp_path / "a.toml")
    assert "\n" not in str(error.value)


def test_a_password_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The login is read from a file that is its owner's alone."""
    (tmp_path / "m.sql").write_text(SQL)
    (tmp_path / "a.toml").write_text('name = "a"\ntopic = "t"\nmapping = "m.sql"\nregistry_login_file = "login"')
    adapter, _ = read_adapter(tmp_path / "a.toml")
    (tmp_path / "login").write_text("me:secret:1\n")
    (tmp_path / "login").chmod(0o644)
    with pytest.raises(AdapterError, match="chmod 600"):
        login_of(tmp_path / "a.toml", adapter)
    (tmp_path / "login").chmod(0o600)
    assert login_of(tmp_path / "a.toml", adapter) == ("me", "secret:1")


def test_a_withdrawal_says_null() -> None:
    """On the wire a deletion is a correction whose value is there and null; it is dated by the change."""
    decoded = decode(record(change("d", PAID, None, 60)), None, debezium=True)
    assert decoded is not None
    with open_bench() as bench:
        before = Mapper(bench, read_adapter(EXAMPLES / "orders.toml")[1], named=True).map(
            [Row(decoded.record, decoded.before or b"")]
        )[0]
    (each,) = combine(decoded, before, [])
    value = plain(each.message)
    assert (each.topic, value["value"], value["corrects"], value["topic"]) == (COMMANDS, None, "order:1", PURCHASES)
    assert value["occurred_at"] == "2026-05-01T10:01:00Z"
