"""The tables of a large base: written into SQLite by the product's own writer, and copied from there into PostgreSQL.

To write a million accounts takes many minutes. `BENCH_READMODEL_BASE=FILE` keeps them there for the next run.
"""

import os
import shutil
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, select

from benchmarks.console.records import Base, Made
from benchmarks.report import say
from readmodel.database import ReadModel
from readmodel.following import BATCH
from readmodel.tables import metadata
from readmodel.writing.positions import Place
from readmodel.writing.upkeep import note_ends
from readmodel.writing.writer import TOPICS, Writer

KEPT: Final = "BENCH_READMODEL_BASE"
ROWS: Final = 5_000  # read at once when they are copied
PROGRESS_SECONDS: Final = 60.0


def written(file: Path, count: int) -> dict[str, float]:
    """Write the base into a file, or copy it from where it was kept; return records a second of the writer, and bytes."""
    kept = os.environ.get(KEPT)
    if kept and Path(kept).exists():
        shutil.copyfile(kept, file)
        return {"bytes": file.stat().st_size / count}
    model = ReadModel.open(file)
    rate = _fill(model, count)
    model.close()
    if kept:
        shutil.copyfile(file, kept)
    return {"rate": rate, "bytes": file.stat().st_size / count}


def wrote(url: str, count: int) -> dict[str, float]:
    """Write the first accounts of the base into a database; return records a second of the writer."""
    model = ReadModel.open(url)
    rate = _fill(model, count)
    model.close()
    return {"rate": rate}


def copied(file: Path, url: str, count: int) -> dict[str, float]:
    """Copy the rows of a file into PostgreSQL; return bytes an account."""
    source, target = ReadModel.open(file), ReadModel.open(url)
    for table in metadata.sorted_tables:
        _copy(source, target, table)
    with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")  # as its own vacuum does within a minute
        size = int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    source.close()
    target.close()
    return {"bytes": size / count}


def _copy(source: ReadModel, target: ReadModel, table: Table) -> None:
    dialect = target.engine.dialect
    processors: list[Any] = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    connection = target.engine.raw_connection()
    cursor: Any = connection.cursor()
    cursor.execute(f"DELETE FROM {quote(table.name)}")  # noqa: S608 - our own table's name
    with cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as into:
        for row in _rows(source, table):
            into.write_row([value if to is None else to(value) for to, value in zip(processors, row, strict=True)])
    if any(column.identity is not None for column in table.columns):
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {quote(table.name)}))"  # noqa: S608
        )
    connection.commit()
    connection.close()


def _rows(source: ReadModel, table: Table) -> Iterator[Any]:
    with source.reading() as connection:
        yield from connection.execution_options(yield_per=ROWS).execute(select(table))


def _fill(model: ReadModel, count: int) -> float:
    """Write the base; return records a second of the writer alone."""
    base, writer = Base(), Writer(model)
    writer.begin_anew({Place(topic, 0): 0 for topic in TOPICS}, why="new", now_ms=0, cluster="none")
    records = chain.from_iterable(base.account(number) for number in range(count))
    seconds, wrote, told = 0.0, 0, time.perf_counter()
    while batch := list(islice(records, BATCH)):
        started = time.perf_counter()
        writer.write(batch, _reached(batch))
        seconds += time.perf_counter() - started
        wrote += len(batch)
        if time.perf_counter() - told > PROGRESS_SECONDS:
            told = time.perf_counter()
            say(f"wrote {wrote:,} records")
    note_ends(model, {}, 0)
    model.clear_log()
    return wrote / seconds


def _reached(batch: list[Made]) -> dict[Place, int]:
    return {Place(each.topic, 0): each.offset + 1 for each in batch}
