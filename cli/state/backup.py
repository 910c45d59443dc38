"""`clientward backup`: the workers' table in a file, taken while they run."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from actions import backups
from actions.backups import Backup
from cli.errors import DONE
from cli.options import OneJson, print_json
from cli.output import print_error, print_line, printable
from cli.terminal import line_progress
from streams.config.load import load_settings


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to; replaced when whole.")],
    as_json: OneJson = False,
) -> int:
    """Write the workers' table with its positions to a file, while they run.

    Of each partition it has what one step left: accounts, positions, timers, what was still to be sent. The file holds
    account ids and their histories: only its owner may read it, and it is to be kept as Redis is.
    """
    with line_progress("reading Redis", "partitions") as on_progress:
        found = asyncio.run(backups.backup(load_settings(), file, on_progress))
    if as_json:
        print_json(found)
        return DONE
    print_line(sentence(found))
    print_error("it holds account ids and their histories: keep it as you keep Redis")
    return DONE


def sentence(found: Backup) -> str:
    """Return what a backup holds, for a person."""
    return printable(
        f"{found.file}: {found.accounts:,} accounts in {found.partitions} partitions of group {found.group}, "
        f"{found.unsent:,} records of the outbox, as of {found.made_at}"
    )
