"""The table that files are read into, in a folder that goes away: `file`, every cell text, with `_file` and `_line`."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from importing.errors import ImportingError

if TYPE_CHECKING:
    import duckdb

#: Rows handed to DuckDB at once: some 20 MB of text.
CHUNK: Final = 200_000
#: What DuckDB may hold before it writes to the folder.
MEMORY: Final = "1GB"
LONGEST_ROW: Final = 32_000_000  # bytes: a cell with a whole conversation in it

Row = Sequence[str | None]


class Bench:
    """A table of text and the connection to ask of it.

    Attributes:
        con: DuckDB's connection.
        files: the files read, as `_file` counts them from 0.
        columns: names of the columns, in order, without `_file` and `_line`.
        twice: names that several columns of the file have; the first has it, the others a number behind.
        rows: how many rows were read.
        notes: what a person should know about how the files were read, a line each.
        faults: lines that are no rows: file, line, and what is wrong.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection", folder: Path) -> None:
        self.con = con
        self.files: list[Path] = []
        self.columns: list[str] = []
        self.twice: set[str] = set()
        self.rows = 0
        self.notes: list[str] = []
        self.faults: list[tuple[int, int, str]] = []
        self._folder = folder

    def add_file(self, path: Path) -> int:
        """Count a file in, and return its number."""
        self.files.append(path)
        return len(self.files) - 1

    def name_columns(self, names: Sequence[str]) -> None:
        """Make room for columns of these names; those that another file brought stay."""
        known = {name.casefold() for name in self.columns}
        new = [name for name in names if name.casefold() not in known]
        if not self.columns:
            listed = ", ".join(f"{quoted(name)} VARCHAR" for name in new)
            self.con.execute(f"CREATE TABLE raw (_file INTEGER, _line BIGINT{', ' if new else ''}{listed})")
        else:
            for name in new:
                self.con.execute(f"ALTER TABLE raw ADD COLUMN {quoted(name)} VARCHAR")
        self.columns += new

    def add_rows(self, file: int, names: Sequence[str], rows: Iterable[tuple[int, Row]]) -> None:
        """Add rows with their lines; each has as many cells as there are names. An empty cell is NULL."""
        place = self._folder / "rows.csv"
        every = iter(rows)
        types = "{'_line': 'BIGINT'" + "".join(f", 'c{at}': 'VARCHAR'" for at in range(len(names))) + "}"
        listed = ", ".join(["_file", "_line", *map(quoted, names)])
        while True:
            with place.open("w", encoding="utf-8", newline="", errors="replace") as out:
                write = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
                count = 0
                for line, cells in islice(every, CHUNK):
                    write([line, *cells])
                    count += 1
            if not count:
                break
            self._insert(
                f"INSERT INTO raw ({listed}) SELECT {file}, * FROM read_csv(?, header=false, auto_detect=false, "
                f"delim=',', quote='\"', escape='\"', new_line='\\n', nullstr='', columns={types}, "
                f"max_line_size={LONGEST_ROW}, parallel=false)",
                [str(place)],
            )
            self.rows += count
        place.unlink(missing_ok=True)

    def add_query(self, file: int, names: Sequence[str], query: str) -> None:
        """Add what a query yields: first the line, then the columns in order."""
        listed = ", ".join(["_file", "_line", *map(quoted, names)])
        self.con.execute(f"INSERT INTO raw ({listed}) SELECT {file}, * FROM ({query})")
        self.rows = int(self.one("SELECT count(*) FROM raw"))

    def _insert(self, query: str, parameters: list[Any]) -> None:
        try:
            self.con.execute(query, parameters)
        except _duckdb().Error as error:
            raise ImportingError(
                f"rows cannot be stored in {self._folder} ({first_line(error)}): is it full? set TMPDIR"
            ) from error

    def one(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the first cell of what a query yields."""
        row = self.con.cursor().execute(query, list(parameters)).fetchone()
        return row[0] if row else None

    def stream(self, query: str, most: int = 10_000) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query; DuckDB holds no more of them than its memory allows."""
        cursor = self.con.cursor()
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(most):
                yield from rows
        except _duckdb().Error as error:
            raise ImportingError(f"a query failed: {first_line(error)}") from error


@contextmanager
def open_bench() -> Iterator[Bench]:
    """Give an empty bench; its folder and all in it goes away at the end. Raises ImportingError without DuckDB."""
    duckdb = _duckdb()
    with tempfile.TemporaryDirectory(prefix="clientward-import-", ignore_cleanup_errors=True) as folder:
        config = {"memory_limit": MEMORY, "temp_directory": folder, "allow_unsigned_extensions": "false"}
        with duckdb.connect(str(Path(folder) / "bench.duckdb"), config=config) as con:
            # No extension is fetched: an import needs no network.
            con.execute("SET autoinstall_known_extensions = false")
            con.execute("SET enable_progress_bar = false")
            con.execute("SET TimeZone = 'UTC'")
            yield Bench(con, Path(folder))


def first_line(error: Exception) -> str:
    """Return the first lines of one of DuckDB's errors as one, without what kind of error it calls itself."""
    text = str(error).strip()
    head = " ".join(text.partition("\n\n")[0].partition("\nLINE ")[0].split())
    return re.sub(r"^[\w ]+ Error: ", "", head)


def quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _duckdb() -> ModuleType:
    try:
        import duckdb  # noqa: PLC0415 - an extra's
        import numpy as np  # noqa: F401, PLC0415 - DuckDB hands cells to functions through it
    except ImportError as error:
        raise ImportingError(
            f"{error.name} is not installed, and it reads files: pip install 'clientward[import]'"
        ) from error
    return duckdb
