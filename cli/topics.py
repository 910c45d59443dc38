"""`clientward topics plan | apply`: the topics as they should be, against the brokers."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from cli.mistakes import FAILED
from cli.output import say
from streams.config.load import load_settings

if TYPE_CHECKING:
    from streams.kafka.topic_plan import TopicChange

topics_app = typer.Typer(no_args_is_help=True, help="Compare the topics with what they should be, and make them so.")


@topics_app.command("plan")
def plan_command() -> None:
    """Show what `apply` would change. Exit code 1 if it would refuse."""
    from streams.kafka.admin import plan_topics  # noqa: PLC0415 - slow to import

    changes = asyncio.run(plan_topics(load_settings()))
    _print(changes)
    raise typer.Exit(FAILED if _refused(changes) else 0)


@topics_app.command("apply")
def apply_command() -> None:
    """Create the topics that are missing and correct their settings.

    Never deletes a topic. Refuses to change a number of partitions, since keys would move away from their history.
    """
    from streams.kafka.admin import apply, plan_topics  # noqa: PLC0415 - slow to import

    settings = load_settings()
    changes = asyncio.run(plan_topics(settings))
    _print(changes)
    if _refused(changes):
        raise typer.Exit(FAILED)
    asyncio.run(apply(settings, changes))
    if changes:
        say(f"done: {len(changes)} changed")


def _print(changes: "Sequence[TopicChange]") -> None:
    for change in changes:
        say(str(change))
    if not changes:
        say("nothing to do: the topics are as they should be")


def _refused(changes: "Sequence[TopicChange]") -> bool:
    return any(type(change).__name__ == "Refuse" for change in changes)
