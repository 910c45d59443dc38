"""Keeps the decisions in a data warehouse: Parquet by day, or a Delta table, each decision once.

    python warehouse.py FOLDER [--delta] [--once]            # pip install pyarrow, and deltalake for --delta

Parquet: `FOLDER/decided_on=2026-11-24/part-….parquet`, as DuckDB, Spark, BigQuery and others read it. A file is written
beside its place, and moved there when it is whole and on the disk; Kafka's position is committed after that. What a crash
repeats is known by its id: `FOLDER/.index.sqlite` has the id of every row, and what a file holds that it does not know,
since a crash came between the two, it learns at the next start. It may be deleted: it is made anew from the files.

Delta: the same rows in a table of https://delta.io, merged by id, each batch one transaction.

Run it by a timer with `--once`: every run makes a file for each day that it has decisions of, and few large files are read
faster than many small ones. When an account is erased its rows are taken out, of the files and of all versions of the table.
An account that was merged into another keeps the decisions that were made of it.
"""

import json
import os
import sqlite3
import sys
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from calling import run

from clientward_client import Decision, Gone, subscribe

AT_ONCE = 1000
DAY = "decided_on"
TIME = pa.timestamp("us", tz="UTC")
PART = {"name": pa.string(), "value": pa.float64(), "weight": pa.float64(), "contribution": pa.float64()}
DIMENSION = pa.struct([*PART.items(), ("evidence", pa.list_(pa.string()))])
SEGMENT = ("industry", "party", "scope", "market", "standing")
OF_TEXT = ("event_id", "account_id", "from", "to", "direction", "why", "what_next", *SEGMENT, "play", "policy_id")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in (*OF_TEXT, "policy_version", "caused_by", "supersedes")),
        *((name, pa.float64()) for name in ("score", "confidence")),
        *((name, TIME) for name in ("effective_at", "decided_at")),
        ("transition_seq", pa.int64()),
        ("dimensions", pa.list_(DIMENSION)),
        (DAY, pa.string()),
    ]
)


def row_of(decision: Decision) -> dict[str, Any]:
    """Return a decision as a row: its parts are columns, and the dimensions a list."""
    return {
        **msgspec.to_builtins(decision, builtin_types=(datetime,)),
        **msgspec.to_builtins(decision.segment),
        "play": decision.play.name,
        "policy_id": decision.policy.id,
        "policy_version": decision.policy.version,
        DAY: decision.decided_at.astimezone(UTC).date().isoformat(),
    }


class Sink(Protocol):
    """Where rows are kept."""

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, each id once; return when they are on the disk."""

    def erase(self, accounts: Iterable[str]) -> None:
        """Take accounts out."""


class Files:
    """Parquet files by day, and an index of their ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.index = sqlite3.connect(folder / ".index.sqlite", isolation_level=None)
        self.index.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;"
            "CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY);"
            "CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY, account TEXT, file TEXT) WITHOUT ROWID;"
            "CREATE INDEX IF NOT EXISTS accounts ON ids (account);"
        )
        self._learn()

    def _learn(self) -> None:
        """Delete drafts that a crash left, and take in what files hold that the index does not know."""
        for draft in self.folder.glob(f"{DAY}=*/.*.draft"):
            draft.unlink()
        known = {name for (name,) in self.index.execute("SELECT name FROM files")}
        for file in sorted(self.folder.glob(f"{DAY}=*/*.parquet")):
            name = str(file.relative_to(self.folder))
            if name not in known:
                columns = pq.read_table(file, columns=["event_id", "account_id"], partitioning=None).to_pydict()
                self._note(name, zip(columns["event_id"], columns["account_id"], strict=True))

    def _note(self, name: str, pairs: Iterable[tuple[str, str]]) -> None:
        with self.index:
            self.index.execute("BEGIN")
            self.index.executemany("INSERT OR REPLACE INTO ids VALUES (?, ?, ?)", [(*pair, name) for pair in pairs])
            self.index.execute("INSERT OR IGNORE INTO files VALUES (?)", (name,))

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, each id once; return when they are on the disk."""
        ids = json.dumps([row["event_id"] for row in rows])
        known = self.index.execute("SELECT id FROM ids WHERE id IN (SELECT value FROM json_each(?))", (ids,))
        seen = {identity for (identity,) in known}
        by_day: dict[str, dict[str, dict[str, Any]]] = {}
        for row in rows:
            if row["event_id"] not in seen:
                by_day.setdefault(row[DAY], {})[row["event_id"]] = row
        for day, new in by_day.items():
            name = f"{DAY}={day}/part-{uuid.uuid4().hex}.parquet"
            self._write(name, pa.Table.from_pylist([*new.values()], SCHEMA))
            self._note(name, ((row["event_id"], row["account_id"]) for row in new.values()))

    def _write(self, name: str, table: pa.Table) -> None:
        """Write a file, whole or not at all; the day is in its folder's name, and not among its columns."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        draft = file.with_name(f".{file.name}.draft")
        with draft.open("wb") as out:
            pq.write_table(table.drop_columns([DAY]), out, compression="zstd")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
        _sync(file.parent)
        _sync(self.folder)

    def erase(self, accounts: Iterable[str]) -> None:
        """Take accounts out: each file that has rows of one is written anew in its place, or deleted with its last row."""
        gone = [*accounts]
        of_gone = "SELECT DISTINCT file FROM ids WHERE account IN (SELECT value FROM json_each(?))"
        touched = self.index.execute(of_gone, (json.dumps(gone),)).fetchall()
        for (name,) in touched:
            file = self.folder / name
            if not file.exists():
                continue  # a crash came between its deletion and the index
            table = pq.read_table(file, partitioning=None)
            left = table.filter(pc.invert(pc.is_in(table["account_id"], pa.array(gone, pa.string()))))
            if left.num_rows:
                self._write(name, left.append_column(DAY, pa.nulls(left.num_rows, pa.string())))
            else:
                file.unlink()
        self.index.execute("DELETE FROM ids WHERE account IN (SELECT value FROM json_each(?))", (json.dumps(gone),))
        self.index.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class DeltaTable:
    """A Delta table."""

    def __init__(self, folder: Path) -> None:
        import deltalake  # noqa: PLC0415 - only --delta wants it

        # The log keeps no version longer than it must: an erasure would leave the account's id in those before it.
        keep = {"delta.logRetentionDuration": "interval 0 days"}
        self.table = deltalake.DeltaTable.create(
            str(folder), SCHEMA, mode="ignore", partition_by=[DAY], configuration=keep
        )

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, each id once; return when they are on the disk."""
        unique = {row["event_id"]: row for row in rows}
        source = pa.Table.from_pylist([*unique.values()], SCHEMA)
        same = f"t.{DAY} = s.{DAY} AND t.event_id = s.event_id"
        self.table.merge(source, same, source_alias="s", target_alias="t").when_not_matched_insert_all().execute()

    def erase(self, accounts: Iterable[str]) -> None:
        """Take accounts out, and delete the files and the log of earlier versions, which still have them."""
        names = ",".join("'" + each.replace("'", "''") + "'" for each in accounts)
        self.table.delete(f"account_id IN ({names})")
        self.table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
        self.table.create_checkpoint()
        self.table.cleanup_metadata()


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def store(batch: Iterable[Decision | Gone], sink: Sink) -> None:
    """Store a batch: what was decided of an account before its erasure is not stored at all."""
    rows: dict[str, list[dict[str, Any]]] = {}
    erased: dict[str, None] = {}
    for each in batch:
        if isinstance(each, Decision):
            rows.setdefault(each.account_id, []).append(row_of(each))
        elif each.reason == "erased":
            rows.pop(each.account_id, None)
            erased[each.account_id] = None
    if erased:
        sink.erase(erased)
    if rows:
        sink.add([row for of_account in rows.values() for row in of_account])


async def main(folder: Path, *, delta: bool, once: bool) -> None:
    """Follow the decisions."""
    sink: Sink = DeltaTable(folder) if delta else Files(folder)
    async with subscribe("warehouse", erasures=True, once=once).stop_on_signals() as messages:
        async for batch in messages.batches(AT_ONCE):
            store(batch, sink)


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), delta="--delta" in sys.argv, once="--once" in sys.argv))
