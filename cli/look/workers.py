"""`clientward workers`: who works, and on which partitions."""

import asyncio
from collections.abc import Iterable
from itertools import groupby

from cli.options import OneJson, print_json
from cli.output import columns, print_line, printable
from streams.config.load import load_settings
from views.operations.workers import Workers
from views.operations.workers import workers as workers_of


def workers(as_json: OneJson = False) -> None:
    """Show the members of the workers' consumer group: where they run, and which partitions each of them has."""
    found = asyncio.run(workers_of(load_settings()))
    print_json(found) if as_json else _print(found)


def _print(found: Workers) -> None:
    rows = [(each.member_id, each.client_id, each.host, ranges(each.partitions)) for each in found.workers]
    if rows:
        for line in columns(("member", "client", "host", "partitions"), rows):
            print_line(line)
    text = f"group {found.group} is {found.state}: {len(found.workers)} workers"
    print_line(printable(f"{text}, no worker for partitions {ranges(found.unassigned)}" if found.unassigned else text))


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers in order, with runs of them as ranges: 0-3, 7; a dash where there are none."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "-"
