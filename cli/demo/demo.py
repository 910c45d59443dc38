"""`clientward demo`: the main job on real Kafka and Redis, from a simulated truth, in about a minute."""

from contextlib import ExitStack
from typing import Annotated

import typer

from cli.demo.lines import Lines
from cli.demo.screen import Screen
from cli.terminal import console


def demo(
    events: Annotated[int | None, typer.Option(min=100, help="About so many events; default: 3,000 accounts.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same accounts.")] = 7,
    workers: Annotated[int, typer.Option(min=1, max=12, help="Workers that share the partitions.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="How long the last two weeks take, live.")] = 20.0,
    plain: Annotated[
        bool, typer.Option("--plain", help="One line a reclassification on a terminal too, as in a pipe.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up at the end, until Ctrl-C.")] = False,
) -> None:
    """Watch customers become clients: two years of some thousand accounts, on real Kafka and real Redis, in a minute.

    Starts its own servers on loopback, plays accounts of every trade from a known truth, shows who becomes a client and
    why as it comes, and says at the end how right and how fast that was. Touches nothing that it did not start.
    """
    is_frame = console().is_terminal and not console().is_dumb_terminal and not plain
    showing = Screen() if is_frame else Lines()
    with ExitStack() as servers:
        with showing.shown():
            showing.step("starting Kafka and Redis…")
            from cli.demo.run import conclude, play_it  # noqa: PLC0415 - its servers are an extra, and the help does without

            played = play_it(servers, events, seed, workers, seconds, showing)
        conclude(played, keep=keep)
