"""`clientward export`: states and reclassifications as Parquet files for analysis. Needs pyarrow: `clientward[analysis]`."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.errors import DONE, FAILED, CommandError
from cli.options import OneJson, print_json
from cli.output import print_line, printable
from streams.config.load import load_settings
from views.base.exports import reclassifications, states

INSTALL: Final = "Parquet needs pyarrow, which is not installed: pip install 'clientward[analysis]'"

export_app = typer.Typer(no_args_is_help=True, help="Write what the topics hold as Parquet files, for analysis.")
File = Annotated[Path, typer.Argument(metavar="FILE.parquet", dir_okay=False, help="Where to; replaced when whole.")]


@export_app.command("states")
def export_states(file: File, as_json: OneJson = False) -> int:
    """Write every account's current state, one row an account."""
    parquet = require()
    rows = asyncio.run(parquet.written(file, parquet.STATES, states(load_settings())))
    return _print_count(file, rows, "states", as_json=as_json)


@export_app.command("reclassifications")
def export_reclassifications(file: File, as_json: OneJson = False) -> int:
    """Write every reclassification of the accounts that have a state, one row a decision, each once.

    An account that was erased, or merged into another, has none: its old decisions are not written.
    """
    parquet = require()
    rows = asyncio.run(parquet.written(file, parquet.RECLASSIFICATIONS, reclassifications(load_settings())))
    return _print_count(file, rows, "reclassifications", as_json=as_json)


def require() -> Any:
    """Return the writer of Parquet files. Raises CommandError where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise CommandError(INSTALL, FAILED)
    from views.base import parquet  # noqa: PLC0415 - pyarrow is an extra, and the help must do without

    return parquet


def _print_count(file: Path, rows: int, what: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"file": str(file), what: rows})
    else:
        print_line(printable(f"{file}: {rows:,} {what}"))
    return DONE
