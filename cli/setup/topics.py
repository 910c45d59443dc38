"""`clientward topics plan | apply`: the topics as they should be, against the brokers."""

import asyncio

import typer

from actions.topics import apply_topics
from cli.errors import FAILED
from cli.options import OneJson, print_json
from cli.output import print_line
from streams.config.load import load_settings
from views.operations.topics import TopicPlan, topic_plan

topics_app = typer.Typer(no_args_is_help=True, help="Compare the topics with what they should be, and make them so.")


@topics_app.command("plan")
def plan_command(as_json: OneJson = False) -> None:
    """Show what `apply` would change. Exit code 1 if it would refuse."""
    plan = asyncio.run(topic_plan(load_settings()))
    print_json(plan) if as_json else _print(plan)
    raise typer.Exit(FAILED if plan.refused else 0)


@topics_app.command("apply")
def apply_command() -> None:
    """Create the topics that are missing and correct their settings.

    Never deletes a topic. Refuses to change a number of partitions, since keys would move away from their history.
    """
    settings = load_settings()
    plan = asyncio.run(topic_plan(settings))
    _print(plan)
    if plan.refused:
        raise typer.Exit(FAILED)
    changed = asyncio.run(apply_topics(settings))
    if changed:
        print_line(f"done: {changed} changed")


def _print(plan: TopicPlan) -> None:
    for each in plan.differences:
        print_line(each.text)
    if not plan.differences:
        print_line("nothing to do: the topics are as they should be")
