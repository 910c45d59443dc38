"""`clientward deliveries`: how each endpoint does, and what can be done about it."""

import asyncio
from typing import Annotated

import typer

from actions import deliveries as act
from cli.deliveries.deliver import File
from cli.options import JsonLines, parse_time, print_json
from cli.output import columns, print_line, printable
from streams.config.load import load_settings
from views.operations.deliveries import dead_messages, endpoints

deliveries_app = typer.Typer(no_args_is_help=True, help="See how deliveries do, and help an endpoint that fails.")
Name = Annotated[str, typer.Argument(help="The endpoint's name.", show_default=False)]


@deliveries_app.command("status")
def status(file: File, as_json: JsonLines = False) -> None:
    """Show each endpoint: what was delivered, what waits, what was given up, and why the last request failed."""
    found = asyncio.run(endpoints(load_settings(), file))
    if as_json:
        for each in found:
            print_json(each)
        return
    head = ("endpoint", "host", "delivered", "waiting", "dead", "state", "last failure")
    rows = [
        (
            each.name,
            each.host,
            f"{each.delivered:,}",
            f"{each.waiting:,}",
            f"{each.dead:,}",
            "paused"
            if each.paused
            else "failing"
            if each.failures_in_a_row
            else "behind"
            if each.is_behind
            else "well",
            each.paused or (f"{each.last_failure_at} {each.why}" if each.last_failure_at else "-"),
        )
        for each in found
    ]
    for line in columns(head, rows):
        print_line(line)


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
) -> None:
    """Try again what was given up, all of it or some."""
    count = asyncio.run(act.redrive(load_settings(), file, name, event_id or []))
    print_line(f"{count:,} will be tried again")


@deliveries_app.command("pause")
def pause(file: File, name: Name) -> None:
    """Let an endpoint wait; what comes meanwhile waits in Kafka."""
    asyncio.run(act.pause(load_settings(), file, name))
    print_line("paused")


@deliveries_app.command("resume")
def resume(file: File, name: Name) -> None:
    """Let a paused endpoint go on."""
    asyncio.run(act.resume(load_settings(), file, name))
    print_line("goes on")


@deliveries_app.command("replay")
def replay(
    file: File,
    name: Name,
    since: Annotated[str, typer.Option("--since", help="A time with an offset, as 2026-01-31T00:00:00Z.")],
) -> None:
    """Let an endpoint begin again with the decisions since a time, under the same ids."""
    asyncio.run(act.replay(load_settings(), file, name, parse_time(since, "--since")))
    print_line("will be replayed")
