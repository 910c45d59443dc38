"""`clientward export`: states and reclassifications as Parquet files for analysis. Needs pyarrow: `clientward[analysis]`."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.mistakes import DONE, FAILED, MistakeError
from cli.output import printable, say
from streams.config.load import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from streams.config.settings import Settings

FIRST: Final = b'"transition_seq":1,'  # as the worker writes it
INSTALL: Final = "Parquet needs pyarrow, which is not installed: pip install 'clientward[analysis]'"

export_app = typer.Typer(no_args_is_help=True, help="Write what the topics hold as Parquet files, for analysis.")
File = Annotated[Path, typer.Argument(metavar="FILE.parquet", dir_okay=False, help="Where to; replaced when whole.")]


@export_app.command("states")
def export_states(file: File) -> int:
    """Write every account's current state, one row an account."""
    from cli.parquet import STATES, written  # noqa: PLC0415 - after `require`

    require()
    rows = asyncio.run(written(file, STATES, _states(load_settings())))
    return _tell(file, rows, "states")


@export_app.command("reclassifications")
def export_reclassifications(file: File) -> int:
    """Write every reclassification of the accounts that have a state, one row a decision, each once.

    An account that was erased, or merged into another, has none: its old decisions are not written.
    """
    from cli.parquet import RECLASSIFICATIONS, written  # noqa: PLC0415 - after `require`

    require()
    rows = asyncio.run(written(file, RECLASSIFICATIONS, _reclassifications(load_settings())))
    return _tell(file, rows, "reclassifications")


def require() -> None:
    """Raise MistakeError where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise MistakeError(INSTALL, FAILED)


def _tell(file: Path, rows: int, what: str) -> int:
    say(printable(f"{file}: {rows:,} {what}"))
    return DONE


async def _current(settings: "Settings") -> dict[bytes, bytes]:
    """Return the last state of every account that has one."""
    from relationship.contract.outcome import STATE  # noqa: PLC0415 - not for --help
    from streams.kafka.reading import read_to_end  # noqa: PLC0415 - slow to import

    last: dict[bytes, bytes] = {}
    async for record in read_to_end(settings, STATE):
        if record.value is None:
            last.pop(record.key, None)
        else:
            last[record.key] = record.value
    return last


async def _states(settings: "Settings") -> "AsyncIterator[bytes]":
    for _, value in sorted((await _current(settings)).items()):
        yield value


async def _reclassifications(settings: "Settings") -> "AsyncIterator[bytes]":
    from relationship.contract.outcome import RECLASSIFIED  # noqa: PLC0415 - not for --help
    from streams.kafka.reading import read_to_end  # noqa: PLC0415 - slow to import

    present, begun, seen = set(await _current(settings)), await _beginnings(settings), set[bytes]()
    async for record in read_to_end(settings, RECLASSIFIED):
        identity = _id_of(record)
        erased = record.key in begun and record.offset < begun[record.key][1]
        if record.key in present and not erased and identity not in seen:
            seen.add(identity)
            yield record.value


async def _beginnings(settings: "Settings") -> dict[bytes, tuple[bytes, int]]:
    """Return the id and offset of each account's first decision: the last that counts as number one.

    Who comes again after an erasure counts from one anew; what was decided before is not there any more.
    """
    from relationship.contract.outcome import RECLASSIFIED  # noqa: PLC0415 - not for --help
    from streams.kafka.reading import read_to_end  # noqa: PLC0415 - slow to import

    found: dict[bytes, tuple[bytes, int]] = {}
    async for record in read_to_end(settings, RECLASSIFIED):
        if FIRST in record.value and found.get(record.key, (b"",))[0] != _id_of(record):
            found[record.key] = (_id_of(record), record.offset)
    return found


def _id_of(record: "Any") -> bytes:
    return bytes(dict(record.headers).get("ce_id", b""))
