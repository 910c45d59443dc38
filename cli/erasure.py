"""`clientward erasure verify`: where an account is still to be found after its erasure, and until when."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.mistakes import DONE, FAILED
from cli.output import console, printable, printable_json, say
from streams.config.load import load_settings

if TYPE_CHECKING:
    from streams.config.settings import Settings
    from streams.health.traces import ErasureTrace

erasure_app = typer.Typer(no_args_is_help=True, help="Erasure: whether an account has left every store and topic.")


@erasure_app.callback()
def erasure() -> None:
    """Erasure: whether an account has left every store and topic."""


@erasure_app.command("verify")
def verify(
    account: Annotated[str, typer.Argument(metavar="ID", help="The account's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a place.")] = False,
) -> int:
    """Look for an account in Redis and in every topic, whole: it reads everything that they hold.

    A line a place that holds something of it, with how much and until when. Exit code 1 where something of it is live: no
    erasure came, or it came again after one.
    """
    found = asyncio.run(_look(load_settings(), account))
    for trace in found:
        say(_json(trace)) if as_json else _print(trace)
    if not as_json:
        console().print(printable(_sum(account, found)), soft_wrap=True)
    return FAILED if any(trace.until is None for trace in found) else DONE


async def _look(settings: "Settings", account: str) -> "list[ErasureTrace]":
    from streams.health.traces import traces  # noqa: PLC0415 - slow to import

    return [trace async for trace in traces(settings, account)]


def _print(trace: "ErasureTrace") -> None:
    from rich.text import Text  # noqa: PLC0415 - not for --help

    head = ("leaves", "yellow") if trace.until else ("live  ", "bold red")
    until = f" until {trace.until:%Y-%m-%d} at the latest" if trace.until else ""
    console().print(Text.assemble(head, f"  {trace.place}: {trace.found}{until}; {trace.text}"), soft_wrap=True)


def _sum(account: str, found: "list[ErasureTrace]") -> str:
    if not found:
        return f"nothing of {account} is found in any store or topic"
    live = [trace.place for trace in found if trace.until is None]
    if live:
        return f"{account} is still in {', '.join(dict.fromkeys(live))}"
    last = max(trace.until for trace in found if trace.until)
    return f"{account} is in no store, and leaves the last topic by {last:%Y-%m-%d}"


def _json(trace: "ErasureTrace") -> str:
    import msgspec  # noqa: PLC0415 - not for --help

    return printable_json(msgspec.json.encode(trace._asdict()).decode())
