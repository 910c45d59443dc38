"""`clientward base`: how many accounts have which status, by industry or by segment."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer

from cli.options import OneJson, print_json
from cli.output import columns, print_line
from relationship.contract.enums import STATUSES
from streams.config.load import load_settings
from views.base.statuses import BaseCounts, base_counts


def base(
    segments: Annotated[bool, typer.Option("--segments", help="By segment instead of by industry.")] = False,
    as_json: OneJson = False,
) -> None:
    """Count the accounts by status and industry, from the topic of states; --json has the segments too."""
    found = asyncio.run(base_counts(load_settings()))
    if as_json:
        print_json(found)
        return
    for line in _by_segment(found) if segments else _by_industry(found):
        print_line(line)


def _by_industry(found: BaseCounts) -> Iterator[str]:
    rows = [("all", found.statuses), *found.industries.items()]
    cells = [(name, *(f"{counts[s]:,}" for s in STATUSES), f"{sum(counts.values()):,}") for name, counts in rows]
    yield from columns(("industry", *STATUSES, "accounts"), cells)


def _by_segment(found: BaseCounts) -> Iterator[str]:
    head = ("industry", "party", "scope", "market", "standing", "status", "accounts")
    rows = []
    for each in found.segments:
        who = each.segment
        parts = (who.industry, who.party or "-", who.scope, who.market or "-", who.standing)
        rows.append((*parts, each.status, f"{each.accounts:,}"))
    yield from columns(head, rows)
