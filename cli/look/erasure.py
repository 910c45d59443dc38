"""`clientward erasure verify`: where an account is still to be found after its erasure, and until when."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from cli.errors import DONE, FAILED
from cli.options import print_json
from cli.output import printable
from cli.terminal import console
from streams.config.load import load_settings
from streams.health.traces import ErasureTrace
from views.accounts.erasure import ErasureReport, erasure_report

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
    report = asyncio.run(erasure_report(load_settings(), account))
    for trace in report.traces:
        print_json(trace) if as_json else _print(trace)
    if not as_json:
        console().print(printable(_sum(report)), soft_wrap=True)
    return FAILED if report.live else DONE


def _print(trace: ErasureTrace) -> None:
    head = ("leaves", "yellow") if trace.until else ("live  ", "bold red")
    until = f" until {trace.until:%Y-%m-%d} at the latest" if trace.until else ""
    console().print(Text.assemble(head, f"  {trace.place}: {trace.found}{until}; {trace.text}"), soft_wrap=True)


def _sum(report: ErasureReport) -> str:
    if report.live:
        return f"{report.account_id} is still in {', '.join(report.live)}"
    if report.gone_by is None:
        return f"nothing of {report.account_id} is found in any store or topic"
    return f"{report.account_id} is in no store, and leaves the last topic by {report.gone_by:%Y-%m-%d}"
