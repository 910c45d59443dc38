"""`clientward policy publish FILE`: a policy that every running worker takes over."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from actions import policies
from cli.errors import DONE, FAILED
from cli.options import parse_time
from cli.policy.check import check
from cli.policy.publications import By, print_published
from streams.config.load import load_settings


def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
    by: By,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="In force from this event time on. [in a minute]")
    ] = None,
) -> int:
    """Publish a policy: every worker folds events from that time on by it, and earlier ones by the one before.

    The file is checked first. Its version must be new, and the time a minute from now or later.
    """
    policies.require_name(by)
    effective_at = None if at is None else parse_time(at, "--at")
    if check(file) != DONE:
        return FAILED
    text = file.read_text(encoding="utf-8")
    print_published(asyncio.run(policies.publish(load_settings(), text, str(file), by, effective_at)))
    return DONE
