"""`clientward demo`: the main job on real Kafka and Redis, from a simulated truth, in about a minute."""

from typing import Annotated

import typer

from cli.demo.note import note


def demo(
    events: Annotated[int | None, typer.Option(min=100, help="About so many events; default: 3,000 accounts.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same accounts.")] = 7,
    workers: Annotated[int, typer.Option(min=1, max=12, help="Workers that share the partitions.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="How long the last two weeks take, live.")] = 20.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up at the end, until Ctrl-C.")] = False,
) -> None:
    """Watch customers become clients: two years of some thousand accounts, on real Kafka and real Redis, in a minute.

    Starts its own servers on loopback, plays accounts of every trade from a known truth, prints each reclassification
    as it comes, and says at the end how right and how fast they were. Touches nothing that it did not start.
    """
    note("starting Kafka and Redis…")
    from cli.demo.run import run  # noqa: PLC0415 - its servers are an extra, and the help must do without

    run(events, seed, workers, seconds, keep=keep)
