"""`clientward policy rollback`: an earlier policy again."""

import asyncio
from typing import Annotated

import typer

from actions import policies
from cli.policy.publications import By, print_published
from streams.config.load import load_settings


def rollback(
    by: By,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="To this one. [the one before the last switch]")
    ] = None,
) -> None:
    """Publish an earlier policy again, as a new switch under a version of its own (`1-r1`). Nothing is deleted."""
    print_published(asyncio.run(policies.roll_back(load_settings(), by, to)))
