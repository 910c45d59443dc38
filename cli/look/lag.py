"""`clientward lag`: how far the workers are behind, in records and in seconds."""

import asyncio

from cli.options import OneJson, print_json
from cli.output import columns, print_error, print_line
from streams.config.load import load_settings
from views.operations.lag import Lag
from views.operations.lag import lag as lag_of


def lag(as_json: OneJson = False) -> None:
    """Show how many records wait in each topic, and for how long the oldest of them; then the partitions behind."""
    found = asyncio.run(lag_of(load_settings()))
    print_json(found) if as_json else _print(found)


def _print(found: Lag) -> None:
    rows = [(each.topic, f"{each.records:,}", f"{each.seconds:.1f} s") for each in found.topics]
    behind = sorted((each for each in found.partitions if each.records), key=lambda each: -each.seconds)
    rows += [(f"  {each.topic}/{each.partition}", f"{each.records:,}", f"{each.seconds:.1f} s") for each in behind]
    for line in columns(("topic", "records", "oldest"), rows):
        print_line(line)
    print_line(_sentence(found, len(behind)))
    if found.source == "group":
        print_error("Redis does not answer: by the group's committed offsets, which follow within a second")


def _sentence(found: Lag, behind: int) -> str:
    if not behind:
        return f"nothing waits in the {len(found.partitions)} partitions of group {found.group}"
    return (
        f"{found.records:,} records wait in {behind} of {len(found.partitions)} partitions of group {found.group}, "
        f"the oldest for {found.seconds:.1f} s"
    )
