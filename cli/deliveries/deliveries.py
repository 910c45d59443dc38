"""`clientward deliveries`: how each endpoint does, and what can be done about it."""

import asyncio
import getpass
import os
from typing import Annotated

import typer

from actions import deliveries as act
from cli.deliveries.deliver import File
from cli.options import JsonLines, parse_time, print_json
from cli.output import columns, print_error, print_line, printable
from streams.config.load import load_settings
from views.operations.deliveries import EndpointStatus, dead_messages
from views.operations.deliveries import deliveries as look

deliveries_app = typer.Typer(no_args_is_help=True, help="See how deliveries do, and help an endpoint that fails.")
Name = Annotated[str, typer.Argument(help="The endpoint's name.", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who does it; it goes into the audit. [you]")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="For which reason; it goes into the audit.")]
#: What the audit says where somebody gave no reason.
NO_REASON = "at the command line"


@deliveries_app.command("status")
def status(file: File, as_json: JsonLines = False) -> None:
    """Show each endpoint: its state and since when, how far it is behind, what was given up, why the last request failed."""
    found = asyncio.run(look(load_settings(), file))
    if as_json:
        for each in found.endpoints:
            print_json(each)
        return
    head = ("endpoint", "host", "state", "since", "delivered", "behind", "waiting", "dead", "last failure")
    rows = [
        (
            each.name,
            each.host,
            each.state,
            each.since or "-",
            f"{each.delivered:,}",
            "-" if each.behind is None else f"{each.behind:,}",
            f"{each.waiting:,}",
            f"{each.dead:,}",
            printable(_trouble(each)),
        )
        for each in found.endpoints
    ]
    for line in columns(head, rows):
        print_line(line)
    if not found.is_running:
        print_error("no process delivers now: run `clientward deliver`")


def _trouble(each: EndpointStatus) -> str:
    if each.paused is not None:
        return f"{each.paused_by}: {each.paused}" if each.paused_by else each.paused
    return f"{each.last_failure_at} {each.why}" if each.last_failure_at else "-"


@deliveries_app.command("dead")
def dead(file: File, name: Name, as_json: JsonLines = False) -> None:
    """List what was given up of an endpoint, with the reason."""
    found = asyncio.run(dead_messages(load_settings(), file, name))
    for each in found:
        if as_json:
            print_json(each)
        else:
            print_line(printable(f"{each.given_up_at} {each.event_id} {each.account_id} {each.attempts}x: {each.why}"))


@deliveries_app.command("redrive")
def redrive(
    file: File,
    name: Name,
    event_id: Annotated[list[str] | None, typer.Option("--id", help="Only this one; may be given again.")] = None,
    by: By = "",
    why: Why = NO_REASON,
) -> None:
    """Try again what was given up, all of it or some."""
    count = asyncio.run(act.redrive(load_settings(), file, name, event_id or [], by=_who(by), why=why))
    print_line(f"{count:,} will be tried again")


@deliveries_app.command("pause")
def pause(file: File, name: Name, by: By = "", why: Why = NO_REASON) -> None:
    """Let an endpoint wait; what comes meanwhile waits in Kafka."""
    asyncio.run(act.pause(load_settings(), file, name, by=_who(by), why=why))
    print_line("paused")


@deliveries_app.command("resume")
def resume(file: File, name: Name, by: By = "", why: Why = NO_REASON) -> None:
    """Let a paused endpoint go on."""
    asyncio.run(act.resume(load_settings(), file, name, by=_who(by), why=why))
    print_line("goes on")


@deliveries_app.command("replay")
def replay(
    file: File,
    name: Name,
    since: Annotated[str, typer.Option("--since", help="A time with an offset, as 2026-01-31T00:00:00Z.")],
    by: By = "",
    why: Why = NO_REASON,
) -> None:
    """Let an endpoint begin again with the decisions since a time, under the same ids."""
    asyncio.run(act.replay(load_settings(), file, name, parse_time(since, "--since"), by=_who(by), why=why))
    print_line("will be replayed")


def _who(by: str) -> str:
    """Return who does something: as told, or else who this process belongs to."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"
