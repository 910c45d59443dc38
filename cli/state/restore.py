"""`clientward restore`: a backup put back into Redis, for workers to go on from."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from actions import backups
from cli.errors import DONE
from cli.options import OneJson, print_json
from cli.output import print_line
from cli.state.backup import sentence
from cli.terminal import line_progress
from streams.config.load import load_settings


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="What `clientward backup` wrote.")],
    over: Annotated[bool, typer.Option("--over", help="Take away what Redis holds of the group.")] = False,
    as_json: OneJson = False,
) -> int:
    """Put a backup back into Redis, read it again and compare; workers go on from its positions.

    The whole file is checked before anything is written. Refused: while the group has workers, for another group, number
    of partitions or Kafka cluster, where Kafka no longer has what follows the positions, and where Redis holds accounts.
    """
    with line_progress("writing Redis", "partitions") as on_progress:
        found = asyncio.run(backups.restore(load_settings(), file, over=over, on_progress=on_progress))
    if as_json:
        print_json(found)
        return DONE
    print_line(f"{sentence(found)}; read again, and the same")
    return DONE
