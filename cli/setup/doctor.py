"""`clientward doctor`: what is wrong with this deployment, and what to do about it."""

import asyncio
from typing import Annotated, Final

import typer
from rich.text import Text

from cli.errors import FAILED
from cli.options import JsonLines, print_json
from cli.output import printable
from cli.terminal import console
from streams.config.load import load_settings
from streams.config.settings import Settings
from streams.health.finding import Finding
from views.operations.doctor import findings

STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}

Watch = Annotated[
    float | None,
    typer.Option("--watch", metavar="SECONDS", min=1, help="Look again, and tell what has changed, until Ctrl-C."),
]


Part = Annotated[
    str,
    typer.Option(metavar="PART", help="Whose login this is, as `clientward security kafka-acls` lists them."),
]


def doctor(watch: Watch = None, part: Part = "worker", as_json: JsonLines = False) -> None:
    """Try Kafka and Redis: write, read, and compare with what should be. Exit code 1 if a check fails.

    For a worker it writes a record to a topic of its own and a field beside each partition's keys, which it takes away
    again; for another --part it looks at the servers and at the rights of its login.
    """
    settings = load_settings()
    if watch is not None:
        asyncio.run(_watch(settings, part, watch, as_json=as_json))
    failed = asyncio.run(_examine(settings, part, as_json=as_json))
    raise typer.Exit(FAILED if failed else 0)


async def _examine(settings: Settings, part: str, *, as_json: bool) -> bool:
    failed = False
    async for finding in findings(settings, part):
        _print(finding, as_json=as_json)
        failed = failed or finding.level == "fail"
    return failed


async def _watch(settings: Settings, part: str, seconds: float, *, as_json: bool) -> None:
    """Look again and again: all at first, then what is at another level than it was, or has come."""
    before: set[tuple[str, str]] | None = None
    while True:
        found = [finding async for finding in findings(settings, part)]
        for finding in changed(found, before):
            _print(finding, as_json=as_json)
        before = {(each.check, each.level) for each in found}
        await asyncio.sleep(seconds)


def changed(found: list[Finding], before: set[tuple[str, str]] | None) -> list[Finding]:
    """Return the findings of a look that the look before had at no such level; None: there was none before."""
    return [each for each in found if before is None or (each.check, each.level) not in before]


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print_json(finding)
        return
    line = Text.assemble(
        (f"{finding.level:<4}", STYLES[finding.level]), f"  {finding.check:<11}  {printable(finding.text)}"
    )
    console().print(line, soft_wrap=True)
    if finding.advice:
        console().print(f"{'':<19}{printable(finding.advice)}", soft_wrap=True)
