"""`clientward import purchases|tickets|meetings FILE.csv --map field=column …`: a CSV becomes lines of the contract.

The lines go to stdout, or to a file, for `replay` and `send`. A row that does not fit is named on stderr with its line
and column, and the rest goes on.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from itertools import chain
from pathlib import Path
from typing import IO, Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cli.errors import FAILED, WRONG_USE, CommandError
from cli.events.csv_rows import BadRow, Plan, UsageError, check_plan, encode_line, read_rows
from cli.output import print_error, printable

# Several pairs may stand in one option: a comma ends one where a new `field=` follows.
BETWEEN_PAIRS: Final = re.compile(r",(?=\s*\w+=)")

import_app = typer.Typer(
    no_args_is_help=True, help="Turn a CSV file into lines of the contract, for `clientward replay` and `send`."
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file; its first line names the columns.")]
PairsArgument = Annotated[list[str] | None, typer.Argument(metavar="[FIELD=COLUMN]...", help="More for --map.")]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="The column of a field; as often as needed.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field that is the same in every row.")
]
ValuesOption = Annotated[
    list[str] | None,
    typer.Option("--map-values", metavar="FIELD:FROM=TO,…", help="What to write for what stands in the column."),
]
PrefixOption = Annotated[
    str | None, typer.Option("--id-prefix", help="Start of the ids made here; give each file its own. [csv-WHAT-]")
]
ZoneOption = Annotated[str, typer.Option("--timezone", help="Zone of times that name none, such as Europe/Zurich.")]
DelimiterOption = Annotated[str, typer.Option("--delimiter", help="What separates the cells; `tab` is a tab.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Where to write instead of stdout.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 if any row did not fit.")]


def _command(what: str) -> Callable[..., None]:
    def run(
        file: FileArgument,
        pairs: PairsArgument = None,
        maps: MapOption = None,
        constants: SetOption = None,
        map_values: ValuesOption = None,
        id_prefix: PrefixOption = None,
        timezone: ZoneOption = "UTC",
        delimiter: DelimiterOption = ",",
        out: OutOption = None,
        strict: StrictOption = False,
    ) -> None:
        with _errors_in_a_line():
            columns = _pairs("--map", [*(maps or ()), *(pairs or ())])
            plan = Plan(
                what,
                columns,
                _pairs("--set", constants or ()),
                _values(map_values or ()),
                _zone(timezone),
                f"csv-{what}-" if id_prefix is None else id_prefix,
            )
            check_plan(plan)
            bad = _import(file, plan, "\t" if delimiter == "tab" else delimiter, out)
        raise typer.Exit(FAILED if strict and bad else 0)

    run.__doc__ = f"Turn a CSV of {what} into lines of the contract."
    return run


for _what in ("purchases", "tickets", "meetings"):
    import_app.command(_what)(_command(_what))


def _import(file: Path, plan: Plan, delimiter: str, out: Path | None) -> int:
    """Write the file's messages; return how many rows did not fit."""
    if len(delimiter) != 1:
        raise UsageError(f"--delimiter has to be one character or `tab`, not {delimiter!r}")
    rows = bad = 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        found = read_rows(lines, plan, delimiter)
        first = next(found, None)  # before the output is opened: a wrong column must not empty a file
        with _output(out) as sink:
            for row in chain(() if first is None else (first,), found):
                rows += 1
                if isinstance(row, BadRow):
                    bad += 1
                    print_error(printable(f"{file}: line {row.line}, column {row.column}: {row.text}"))
                else:
                    sink.write(encode_line(plan.topic, row))
    print_error(printable(f"{file}: {rows - bad} of {rows} rows became {plan.what}"))
    return bad


@contextmanager
def _output(out: Path | None) -> Iterator[IO[bytes]]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with out.open("wb") as sink:
        yield sink


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise CommandError(str(error), WRONG_USE) from error
    except UnicodeDecodeError as error:
        raise CommandError("the file is not UTF-8: save it as UTF-8, or convert it with iconv", WRONG_USE) from error


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in (part.strip() for option_text in texts for part in BETWEEN_PAIRS.split(option_text)):
        field, equals, rest = text.partition("=")
        if not (field and equals and rest):
            raise UsageError(f"{option} takes FIELD=…, such as --map account_id=customer_id, not {text!r}")
        if field in pairs:
            raise UsageError(f"{option} names {field} twice")
        pairs[field] = rest
    return pairs


def _values(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for text in texts:
        field, _, pairs = text.partition(":")
        known = values.setdefault(field, {})
        for pair in pairs.split(","):
            # The last sign: what stands in a column may hold one itself, an enum's value never does.
            before, equals, after = pair.rpartition("=")
            if not equals:
                raise UsageError(f"--map-values takes FIELD:FROM=TO,FROM=TO, such as channel:Phone=phone, not {text!r}")
            known[before] = after
    return values


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"no time zone {name!r}; give a name such as Europe/Zurich") from error
