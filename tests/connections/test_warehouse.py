"""The warehouse: each decision once, through kills, in Parquet and in a Delta table, read back with DuckDB."""

import asyncio
from datetime import timedelta
from typing import Any

import deltalake
import duckdb
import pyarrow.parquet as pq
import pytest
from connecting import WITHIN_SECONDS, Bench
from decisions_support import START, chain, decision

from clientward_client import Decision


def days_of(count: int) -> list[Decision]:
    """Return decisions of so many accounts over three days."""
    return [decision(f"a{n}", event_id=f"rc-{n}", decided_at=START + timedelta(days=n % 3)) for n in range(count)]


def asked(bench: Bench, question: str) -> list[tuple[Any, ...]]:
    """Ask DuckDB about the Parquet files, as `w`."""
    files = f"read_parquet('{bench.folder}/w/*/*.parquet', hive_partitioning = true)"
    with duckdb.connect() as connection:
        return connection.execute(f"WITH w AS (FROM {files}) {question}").fetchall()


def in_delta(bench: Bench, question: str) -> list[tuple[Any, ...]]:
    """Ask DuckDB about the Delta table, as `w`."""
    w = deltalake.DeltaTable(str(bench.folder / "w")).to_pyarrow_table()
    with duckdb.connect() as connection:
        return connection.register("w", w).execute(question).fetchall()


async def until_there(bench: Bench, pattern: str) -> None:
    """Return when a file is there."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not [*(bench.folder / "w").glob(pattern)]:  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.005)


async def killed_at(bench: Bench, pattern: str, *arguments: str) -> None:
    """Start the warehouse and kill it when a file is there, before its position can be."""
    process = await bench.start("warehouse", "w", *arguments)
    try:
        await until_there(bench, pattern)
    finally:
        process.kill()
        await process.wait()


async def test_each_decision_is_there_once_by_its_day(bench: Bench) -> None:
    """Written by day, killed after a file and before its position, repeated by Kafka: each id is there once."""
    wanted = days_of(600)
    await bench.topics.decide(*wanted, *wanted[:50])
    await killed_at(bench, "*/*.parquet")
    ((before,),) = asked(bench, "SELECT count(*) FROM w")
    assert before > await bench.topics.committed("warehouse"), "so that the restart has something to do twice"
    await bench.done("warehouse", "w")
    assert asked(bench, "SELECT count(*), count(DISTINCT event_id) FROM w") == [(600, 600)]
    days = asked(bench, "SELECT decided_on::VARCHAR, count(*) FROM w GROUP BY ALL ORDER BY ALL")
    assert days == [("2026-01-01", 200), ("2026-01-02", 200), ("2026-01-03", 200)]
    found = asked(
        bench,
        """SELECT account_id, "from", "to", score, policy_id, dimensions[1].name, supersedes
        FROM w WHERE event_id = 'rc-4' AND decided_at = '2026-01-02 00:00:00+00'""",
    )
    assert found == [("a4", "prospect", "customer", 12.5, "p", "trust", None)]
    await bench.topics.decide(*wanted[:10], days_of(601)[-1])
    await bench.begin_anew("warehouse")
    await bench.done("warehouse", "w")
    assert asked(bench, "SELECT count(*), count(DISTINCT event_id) FROM w") == [(601, 601)]


async def test_an_index_that_was_lost_is_made_anew(bench: Bench) -> None:
    """A file that no index knows, since a crash came between the two or somebody deleted it, is learned at the start."""
    await bench.topics.decide(*days_of(20))
    await bench.done("warehouse", "w")
    for file in (bench.folder / "w").glob(".index.sqlite*"):
        file.unlink()
    draft = bench.folder / "w" / "decided_on=2026-01-01" / ".part-0.parquet.draft"
    draft.write_bytes(b"half of one")
    await bench.topics.decide(days_of(21)[-1])
    await bench.begin_anew("warehouse")
    await bench.done("warehouse", "w")
    assert asked(bench, "SELECT count(*), count(DISTINCT event_id) FROM w") == [(21, 21)]
    assert not draft.exists()


@pytest.mark.parametrize("kind", ["parquet", "delta"])
async def test_whom_we_erase_leaves_no_byte(bench: Bench, kind: str) -> None:
    """Its rows go from every file and version, others' stay, and what came with its end in one batch is never there."""
    arguments, ask = (["--delta"], in_delta) if kind == "delta" else ([], asked)
    await bench.topics.decide(*chain("gone-for-good", "prospect", "customer", "client"), *days_of(30))
    await bench.done("warehouse", "w", *arguments)
    assert ask(bench, "SELECT count(*) FROM w WHERE account_id = 'gone-for-good'") == [(2,)]
    await bench.topics.decide(decision("gone-for-good", "client", "lapsed"), decision("other"))
    await bench.topics.state("gone-for-good", None, "erase-1")
    await bench.topics.state("a1", None, "merge-2")
    await bench.done("warehouse", "w", *arguments)
    assert ask(bench, "SELECT count(*), count(DISTINCT event_id) FROM w") == [(31, 31)]
    assert ask(bench, "SELECT count(*) FROM w WHERE account_id = 'gone-for-good'") == [(0,)]
    files = [file for file in (bench.folder / "w").rglob("*") if file.is_file()]
    assert files
    assert [file.name for file in files if b"gone-for-good" in file.read_bytes()] == []
    data = [file for file in files if file.suffix == ".parquet" and "checkpoint" not in file.name]
    assert not any("gone-for-good" in pq.read_table(each, partitioning=None)["account_id"].to_pylist() for each in data)


async def test_a_delta_table_has_each_decision_once(bench: Bench) -> None:
    """Killed after a transaction and before its position, and repeated by Kafka: each id is there once, by its day."""
    wanted = days_of(300)
    await bench.topics.decide(*wanted)
    await killed_at(bench, "_delta_log/00000000000000000001.json", "--delta")
    ((before,),) = in_delta(bench, "SELECT count(*) FROM w")
    assert before > await bench.topics.committed("warehouse"), "so that the restart has something to do twice"
    await bench.done("warehouse", "w", "--delta")
    assert in_delta(bench, "SELECT count(*), count(DISTINCT event_id) FROM w") == [(300, 300)]
    assert deltalake.DeltaTable(str(bench.folder / "w")).metadata().partition_columns == ["decided_on"]
