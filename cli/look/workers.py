"""`clientward workers`: who works, and on which partitions."""

import asyncio

from cli.options import OneJson, print_json
from cli.output import columns, print_line, printable, ranges
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
