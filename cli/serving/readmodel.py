"""`clientward readmodel`: the tables behind the console: followed by a process of its own, made anew, looked at."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, CommandError
from cli.options import OneJson, print_json
from cli.output import columns, print_error, print_line, printable
from streams.config.load import load_settings
from streams.health.server_errors import server_errors

if TYPE_CHECKING:
    from readmodel.answers import Standing
    from readmodel.database import ReadModel

readmodel_app = typer.Typer(no_args_is_help=True)
HEAD = ("topic", "read", "behind", "newest")


@readmodel_app.callback()
def readmodel() -> None:
    """Keep the console's tables: follow the topics into them, make them anew, see how far they are.

    The console follows by itself. A process of its own is for several consoles on one PostgreSQL.
    """


@readmodel_app.command()
def follow(
    once: Annotated[bool, typer.Option("--once", help="End when everything is read that is there.")] = False,
) -> None:
    """Follow the output topics into the tables, until told to stop (Ctrl-C or SIGTERM)."""
    settings = load_settings()
    with _opened() as model:
        from readmodel.following import follow as following  # noqa: PLC0415 - its libraries are an extra's

        print_error(printable(f"following into {model.url}"))
        with server_errors(settings):
            asyncio.run(following(settings, model, say=lambda line: print_error(printable(line)), once=once))


@readmodel_app.command()
def rebuild() -> None:
    """Empty the tables: whoever follows reads the topics from their beginning again."""
    settings = load_settings()
    with _opened() as model:
        from readmodel.following import rebuild as begin_anew  # noqa: PLC0415 - its libraries are an extra's

        with server_errors(settings):
            asyncio.run(begin_anew(settings, model))
        print_error(
            printable(f"{model.url} is empty; the console, or `clientward readmodel follow`, reads the topics anew")
        )


@readmodel_app.command()
def status(as_json: OneJson = False) -> None:
    """Show how far the tables are behind the topics, as the follower last knew."""
    with _opened() as model:
        from readmodel.queries.standing import standing  # noqa: PLC0415 - its libraries are an extra's

        found = standing(model)
    if as_json:
        print_json(found)
        return
    for line in _lines(found):
        print_line(line)


def _lines(found: "Standing") -> Iterator[str]:
    if found.built_at is None:
        yield "nothing is read yet: `clientward console` or `clientward readmodel follow` does"
        return
    yield f"begun {found.built_at:%Y-%m-%d %H:%M:%SZ} ({printable(found.why)}); " + (
        "whole" if found.caught_up else "not whole yet"
    )
    if found.asked_at is not None:
        yield f"the follower last asked Kafka {found.asked_at:%Y-%m-%d %H:%M:%SZ}"
    rows = [
        (
            each.topic,
            f"{each.records:,}",
            f"{each.behind:,}",
            f"{each.newest_at:%Y-%m-%d %H:%M:%SZ}" if each.newest_at else "-",
        )
        for each in found.topics
    ]
    yield from columns(HEAD, rows)


@contextmanager
def _opened() -> "Iterator[ReadModel]":
    """Give the database of the settings."""
    try:
        from readmodel.database import ReadModel as Opened  # noqa: PLC0415 - its libraries are an extra's
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: install clientward[console]", FAILED) from None
    model = Opened.of(load_settings())
    try:
        yield model
    finally:
        model.close()
