"""Queries made ready to be read: with the line of each row and the cells that its fields came from, in order of time.

What a query yields is converted to what the contract's fields take, so that a plain column will do where a function of
`functions` was not called. Cells come along where the query lets them through: then a refusal names line, column and cell.
"""

from typing import Final, NamedTuple

from importing.errors import ImportingError
from importing.mapping.mapping import TOLD, TOPICS, Query
from importing.mapping.pairs import OWN_IDS, cell_sql, fields_of, kind_of
from importing.mapping.syntax import Syntax, read_syntax
from importing.reading.bench import Bench, first_line, literal, quoted

#: A column that only one kind of message has, for queries that do not say what they yield.
TELLING: Final = (
    ("reason", "column", TOLD),
    ("amount", "", "purchases"),
    ("ticket_id", "", "tickets"),
    ("duration_minutes", "", "meetings"),
    ("meeting_id", "", "meetings"),
)
PROFILED: Final = frozenset({"industry", "party", "scope", "market", "contract", "account_manager", "goals"})
#: By what messages are put in order: their time; or their line, of an account and a time the first.
IN_TIME: Final = "epoch_us(TRY_CAST(occurred_at AS TIMESTAMPTZ))"
IN_FILE_ORDER: Final = "min(_line) OVER (PARTITION BY _file, account_id, occurred_at)"
OWN: Final = frozenset({"_line", "_file", "_at", "_copy"})


class Prepared(NamedTuple):
    """A query ready to be read.

    Attributes:
        to: what it yields, a key of TOPICS or `told`.
        sql: the query; it yields `_file`, `_line`, `_at`, `_copy`, then the fields, then a cell for each field, in order
            of `_at` (µs, or a line) and account.
        fields: the fields, in order.
        columns: the file's columns that each field came from.
        syntax: what the query is made of.
        named: whether it yields an `event_id` of its own.
        lined: whether each of its rows tells the line that it came from.
    """

    to: str
    sql: str
    fields: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    syntax: Syntax
    named: bool
    lined: bool = True


def prepare(
    bench: Bench, query: Query, what: str, constants: dict[str, str], *, in_file_order: bool = False
) -> Prepared:
    """Return a query ready to be read; `what` names it for a person. Raises ImportingError."""
    syntax = read_syntax(bench, query.sql, what)
    sql, types = _with_lines(bench, query.sql, syntax, what)
    to = query.to or _told_by(types, what)
    if to == TOLD:
        return _told(sql, types, syntax, what)
    fields = fields_of(to)
    names = [name for name in types if name not in OWN and not name.startswith("_cell_")]
    for name in (*names, *(each.rpartition(".")[2] for each in constants)):
        if name not in fields and name in names:
            raise ImportingError(f"{what}: no field {name!r} in {to}; there are: {', '.join(fields)}")
    set_here = {name: value for name, value in constants.items() if name in fields}
    given = {*names, *set_here}
    if missing := [n for n, f in fields.items() if f.required and n not in given and n not in OWN_IDS]:
        raise ImportingError(f"{what}: yields no {', '.join(missing)}, which {to} need: add AS {missing[0]}, or --set")
    listed = [f"{_converted(to, name, types[name])} AS {quoted(name)}" for name in names if name not in set_here]
    listed += [f"{_constant(to, name, value)} AS {quoted(name)}" for name, value in set_here.items()]
    order = [name for name in names if name not in set_here] + list(set_here)
    cells = [quoted(f"_cell_{name}") if f"_cell_{name}" in types else "NULL" for name in order]
    named = "event_id" in order
    copy = "1" if named else _copies(order, types)
    head = f"{'_file' if '_file' in types else 'NULL'} AS _file, {'_line' if '_line' in types else 'NULL'} AS _line"
    inner = (
        f"SELECT {head}, {', '.join(listed)}, {', '.join(f'{c} AS _c{n}' for n, c in enumerate(cells))} FROM ({sql})"
    )
    fielded = ", ".join(map(quoted, order))
    outer = (
        f"SELECT _file, _line, {IN_FILE_ORDER if in_file_order else IN_TIME} AS _at, {copy} AS _copy, {fielded}, "
        f"{', '.join(f'_c{n}' for n in range(len(order)))} FROM ({inner}) "
        f"ORDER BY {'_file, ' if in_file_order else ''}_at NULLS FIRST, account_id, _file, _line"
    )
    lined = "_line" in types and not syntax.grouped
    return Prepared(to, outer, tuple(order), syntax.fields, syntax, named, lined)


def _with_lines(bench: Bench, sql: str, syntax: Syntax, what: str) -> tuple[str, dict[str, str]]:
    """Return the query with lines and cells, or with as much of them as it lets through, and its columns' types."""
    raw = sql.encode()
    for grouped in [True] if syntax.grouped else [False, True]:
        for cells in (True, False):
            added = _added(syntax, grouped=grouped, cells=cells)
            tried = (raw[: syntax.place] + added.encode() + raw[syntax.place :]).decode() if syntax.place >= 0 else sql
            try:
                return tried, _types(bench, tried)
            except Exception:  # noqa: BLE001, S112 - the next attempt asks for less
                continue
    try:
        return sql, _types(bench, sql)
    except Exception as error:
        raise ImportingError(f"{what}: {first_line(error)}") from error


def _added(syntax: Syntax, *, grouped: bool, cells: bool) -> str:
    parts = [] if "_line" in syntax.fields else ["min(_line) AS _line" if grouped else "_line"]
    if "_file" not in syntax.fields:
        parts.append("min(_file) AS _file" if grouped else "_file")
    for field, columns in syntax.fields.items() if cells else ():
        if columns and not field.startswith("_"):
            cell = ", ".join(f"CAST({quoted(each)} AS VARCHAR)" for each in columns)
            cell = cell if len(columns) == 1 else f"concat_ws(' ', {cell})"
            parts.append(f"{f'min({cell})' if grouped else cell} AS {quoted(f'_cell_{field}')}")
    return "".join(f"{part}, " for part in parts)


def _types(bench: Bench, sql: str) -> dict[str, str]:
    described = bench.con.cursor().execute(f"DESCRIBE {sql}").fetchall()
    return {name: kind for name, kind, *_ in described}


def _told_by(types: dict[str, str], what: str) -> str:
    for name, besides, to in TELLING:
        if name in types and (not besides or besides in types):
            return to
    if PROFILED & types.keys():
        return "profiles"
    raise ImportingError(f"{what}: nobody can tell what it yields: write -- to: {' or '.join(TOPICS)} above it")


def _told(sql: str, types: dict[str, str], syntax: Syntax, what: str) -> Prepared:
    if "reason" not in types:
        raise ImportingError(f"{what}: what is told needs a reason: add AS reason")
    names = [name if name in types else "NULL" for name in ("_file", "_line", "reason", "column")]
    listed = ", ".join(name if name == "NULL" else quoted(name) for name in names)
    return Prepared(TOLD, f"SELECT {listed} FROM ({sql}) ORDER BY ALL", (), {}, syntax, named=True)


def _converted(to: str, name: str, kind: str) -> str:
    """Return the SQL that makes of a query's column what a field takes."""
    cell, wanted = quoted(name), kind_of(to, name)
    exact = kind.startswith(("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"))
    if wanted == "money" and exact:
        return cell
    if wanted == "truth" and kind == "BOOLEAN":
        return cell
    if wanted == "number" and kind != "VARCHAR":
        return f"CAST({cell} AS DOUBLE)"
    if wanted == "number":
        return f"CAST(number({cell}) AS DOUBLE)"
    if wanted == "other":
        return cell
    text = cell if kind == "VARCHAR" else f"CAST({cell} AS VARCHAR)"
    return text if wanted == "text" else cell_sql(to, name, text)


def _constant(to: str, name: str, value: str) -> str:
    wanted = kind_of(to, name)
    text = literal(value)
    if wanted == "number":
        return f"CAST(number({text}) AS DOUBLE)"
    return text if wanted == "text" else cell_sql(to, name, text)


def _copies(order: list[str], types: dict[str, str]) -> str:
    """Return the SQL that counts equal rows of a file, so that two of them stay two."""
    del types
    return f"row_number() OVER (PARTITION BY _file, {', '.join(map(quoted, order))} ORDER BY _line)"
