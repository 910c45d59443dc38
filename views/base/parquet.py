"""From the output's messages to rows of a Parquet file. Needs pyarrow: `clientward[analysis]`.

A message's parts become columns (`segment.industry` is `industry`, `policy.id` is `policy_id`), but for the dimensions,
which are a list of structs as in the message. Times are timestamps in UTC, microseconds; few-valued texts are dictionaries.
A file is written beside its place and moved there when it is whole, so that whoever reads it never reads half of one.
"""

import io
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from relationship.contract.decisions import Reclassification, State

# Rows of one row group: some megabytes, so that neither side holds more than that at once.
ROWS: Final = 20_000
TIMES: Final = {"since", "held_until", "as_of", "effective_at", "decided_at"}
LABELS: Final = {"status", "from", "to", "direction", "industry", "party", "scope", "market", "standing", "play"}
NUMBERS: Final = {"score", "confidence"}
SEGMENT: Final = ("industry", "party", "scope", "market", "standing")


class Kind(NamedTuple):
    """What a file holds: the message's type, its columns in order, and how a message becomes a row."""

    message: type[State] | type[Reclassification]
    columns: tuple[str, ...]
    row: Callable[[Any], dict[str, Any]]


def _shared(message: State | Reclassification) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(message),
        **msgspec.to_builtins(message.segment),
        "policy_id": message.policy.id,
        "policy_version": message.policy.version,
    }


def _reclassification(message: Reclassification) -> dict[str, Any]:
    return {**_shared(message), "play": message.play.name}


STATES: Final = Kind(
    State,
    (
        *("account_id", "status", "since", "score", "confidence", *SEGMENT, "play"),
        *("policy_id", "policy_version", "transition_seq", "held_until", "as_of"),
    ),
    _shared,
)
RECLASSIFICATIONS: Final = Kind(
    Reclassification,
    (
        *("event_id", "account_id", "transition_seq", "from", "to", "direction", "effective_at", "decided_at"),
        *("score", "confidence", "dimensions", "why", "what_next", *SEGMENT, "play"),
        *("policy_id", "policy_version", "caused_by", "supersedes"),
    ),
    _reclassification,
)


def schema_of(kind: Kind) -> Any:
    """Return the columns with their types, as pyarrow has them."""
    part = {"name": pa.string(), "value": pa.float64(), "weight": pa.float64(), "contribution": pa.float64()}
    dimension = pa.struct([*part.items(), ("evidence", pa.list_(pa.string()))])
    types = {
        **dict.fromkeys(TIMES, pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(LABELS, pa.dictionary(pa.int8(), pa.string())),
        **dict.fromkeys(NUMBERS, pa.float64()),
        "transition_seq": pa.int64(),
        "dimensions": pa.list_(dimension),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in kind.columns])


async def written(file: Path, kind: Kind, values: AsyncIterator[bytes]) -> int:
    """Write messages as a file, and return how many rows it has. Raises OSError where there is no place for it."""
    schema, decode = schema_of(kind), msgspec.json.Decoder(kind.message).decode
    draft, count, rows = file.with_name(f".{file.name}.part"), 0, list[dict[str, Any]]()
    try:
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            async for value in values:
                rows.append(_row(kind, decode(value)))
                if len(rows) == ROWS:
                    writer.write_table(pa.Table.from_pylist(rows, schema))
                    count, rows = count + len(rows), []
            writer.write_table(pa.Table.from_pylist(rows, schema))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return count + len(rows)


def content(kind: Kind, messages: Iterable[Any]) -> bytes:
    """Return messages as the bytes of a file: for so many as are handed over by the network at once."""
    schema, sink, left = schema_of(kind), io.BytesIO(), iter(messages)
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        while rows := [_row(kind, each) for each in islice(left, ROWS)]:
            writer.write_table(pa.Table.from_pylist(rows, schema))
    return sink.getvalue()


def _row(kind: Kind, message: Any) -> dict[str, Any]:
    row = kind.row(message)
    return {name: _time(row[name]) if name in TIMES else row[name] for name in kind.columns}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
