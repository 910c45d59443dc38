"""`clientward doctor`: what is wrong with this deployment, and what to do about it."""

import asyncio
from typing import Final

import typer
from rich.text import Text

from cli.errors import FAILED
from cli.output import printable
from cli.terminal import console
from streams.config.load import load_settings
from streams.config.settings import Settings
from streams.health.finding import Finding
from views.operations.doctor import findings

STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor() -> None:
    """Check libraries, Kafka, topics, keys, the policy, Redis and clocks. Changes nothing. Exit code 1 if a check fails."""
    failed = asyncio.run(_examine(load_settings()))
    raise typer.Exit(FAILED if failed else 0)


async def _examine(settings: Settings) -> bool:
    failed = False
    async for finding in findings(settings):
        _print(finding)
        failed = failed or finding.level == "fail"
    return failed


def _print(finding: Finding) -> None:
    line = Text.assemble(
        (f"{finding.level:<4}", STYLES[finding.level]), f"  {finding.check:<11}  {printable(finding.text)}"
    )
    console().print(line, soft_wrap=True)
    if finding.advice:
        console().print(f"{'':<19}{printable(finding.advice)}", soft_wrap=True)
