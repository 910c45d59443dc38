"""`clientward doctor`: what is wrong with this deployment, and what to do about it."""

import asyncio
from typing import TYPE_CHECKING, Final

import typer

from cli.mistakes import FAILED
from cli.output import console, printable
from streams.config.load import load_settings

if TYPE_CHECKING:
    from streams.config.settings import Settings
    from streams.health.finding import Finding

STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor() -> None:
    """Check libraries, Kafka, topics, keys, Redis and clocks. Changes nothing. Exit code 1 if a check fails."""
    failed = asyncio.run(_examine(load_settings()))
    raise typer.Exit(FAILED if failed else 0)


async def _examine(settings: "Settings") -> bool:
    from streams.health.doctor import examine  # noqa: PLC0415 - slow to import

    failed = False
    async for finding in examine(settings):
        _print(finding)
        failed = failed or finding.level == "fail"
    return failed


def _print(finding: "Finding") -> None:
    from rich.text import Text  # noqa: PLC0415 - not for --help

    line = Text.assemble(
        (f"{finding.level:<4}", STYLES[finding.level]), f"  {finding.check:<11}  {printable(finding.text)}"
    )
    console().print(line, soft_wrap=True)
    if finding.advice:
        console().print(f"{'':<19}{printable(finding.advice)}", soft_wrap=True)
