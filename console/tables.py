"""Rows as files: CSV that a spreadsheet may open and JSON lines, written as they go, and Parquet."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response, StreamingResponse

# What a spreadsheet takes for a formula; an apostrophe before it makes text of it (OWASP, CSV injection).
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: Rows of a file at most: what a topic of some years holds, and a spreadsheet opens.
MOST: Final = 100_000


async def _csv(head: Sequence[str], rows: AsyncIterable[Iterable[Any]]) -> AsyncIterator[str]:
    yield _line(head)
    async for row in rows:
        yield _line(row)


def _line(row: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_cell(each) for each in row])
    return line.getvalue()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet runs; a number is one, below zero too."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def csv_file(name: str, head: Sequence[str], rows: AsyncIterable[Iterable[Any]]) -> StreamingResponse:
    """Return rows as a CSV file."""
    return _file(f"{name}.csv", "text/csv; charset=utf-8", _csv(head, rows))


def jsonl_file(name: str, rows: AsyncIterable[Any]) -> StreamingResponse:
    """Return rows as a file of JSON lines."""

    async def lines() -> AsyncIterator[bytes]:
        async for row in rows:
            yield msgspec.json.encode(row) + b"\n"

    return _file(f"{name}.jsonl", "application/jsonl; charset=utf-8", lines())


def parquet_file(name: str, content: bytes) -> Response:
    """Return a Parquet file, which is made whole: its end says where its parts are."""
    return Response(
        content,
        media_type="application/vnd.apache.parquet",
        headers={"content-disposition": f'attachment; filename="{name}.parquet"'},
    )


def _file(name: str, kind: str, content: AsyncIterator[Any]) -> StreamingResponse:
    return StreamingResponse(
        content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'}
    )
