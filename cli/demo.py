"""`clientward demo`: the main job on real Kafka and Redis, from a simulated truth, in about a minute."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import typer

from cli.output import STATUS_STYLES, complain, console, error_console, printable

if TYPE_CHECKING:
    from rich.text import Text

    from cli.demo_play import Tally
    from cli.demo_stage import Seen, Stage
    from simulator.faults import SimEvent
    from simulator.simulation import Simulation
    from streams.config.settings import Settings

ACCOUNTS: Final = 3_000
PARTITIONS: Final = 12  # the contract's default
REPORT_SECONDS: Final = 10.0  # between two lines of progress where there is no terminal to keep one up to date


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
    started = time.monotonic()
    _note("starting Kafka and Redis…", started)
    from cli.demo_play import LIVE_DAYS, acts, publish_history  # noqa: PLC0415 - slow to import
    from cli.demo_stage import stage  # noqa: PLC0415

    simulation = _simulation(events, seed)
    history, live = acts(list(simulation.events()), simulation.end)

    def before(settings: "Settings") -> None:
        _note(f"{len(simulation.accounts):,} accounts: publishing {len(history):,} events of two years…", started)
        asyncio.run(publish_history(settings, history))
        _note(f"starting {workers} worker{'s' if workers > 1 else ''}…", started)

    with stage(workers, PARTITIONS, before) as running:
        _note(f"folding; then the last {LIVE_DAYS} days, {len(live):,} events, live in {seconds:.0f} s", started)
        _run(running, simulation, len(history), live, seconds, started)
        if keep:
            _keep(running)


def _simulation(events: int | None, seed: int) -> "Simulation":
    from simulator.simulation import simulate, simulate_events  # noqa: PLC0415 - not for --help

    end = datetime.now(UTC).replace(microsecond=0)
    return simulate(ACCOUNTS, end, seed) if events is None else simulate_events(events, end, seed)


def _note(text: str, started: float) -> None:
    error_console().print(f"{time.monotonic() - started:5.1f} s  {text}", style="bold")


def _run(
    running: "Stage", simulation: "Simulation", history: int, live: "list[SimEvent]", seconds: float, started: float
) -> None:
    """Play, and print what comes of it."""
    from cli.demo_play import play  # noqa: PLC0415 - slow to import
    from cli.demo_summary import summary  # noqa: PLC0415
    from simulator.scoring import score  # noqa: PLC0415

    with Board() as board:
        tally = asyncio.run(play(running, history, live, seconds, show, board.update))
    scored = score(simulation.accounts, simulation.end, tally.told, tally.first_client)
    console().print(summary(tally, running.seen(), scored, history, started))


def show(decision: dict[str, Any]) -> None:
    """Print one reclassification as a line: as wide as the terminal, or whole where there is none."""
    terminal = console().is_terminal
    console().print(line(decision), soft_wrap=not terminal, no_wrap=True, overflow="ellipsis", crop=terminal)


def line(decision: dict[str, Any]) -> "Text":
    """Return a reclassification as account, from, to, score and why."""
    from rich.text import Text  # noqa: PLC0415 - not for --help

    return Text.assemble(
        (f"{decision['effective_at'][:10]} ", "dim"),
        f"{printable(decision['account_id']):<12} ",
        (f"{decision['from']:>9}", STATUS_STYLES.get(decision["from"], "")),
        " → ",
        (f"{decision['to']:<9}", STATUS_STYLES.get(decision["to"], "")),
        f" {decision['score']:5.1f}  ",
        (printable(decision["why"]), "dim"),
    )


class Board:
    """The live count: one line at the foot of a terminal, or a line now and then where there is none."""

    def __init__(self) -> None:
        from rich.live import Live  # noqa: PLC0415 - not for --help

        self._live = Live(console=console(), transient=True, auto_refresh=False) if sys.stdout.isatty() else None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def update(self, tally: "Tally", seen: "Seen | None") -> None:
        """Show where the play stands."""
        text = f"sent {tally.sent:,} of {tally.events:,}"
        if seen is not None:
            text += (
                f" · applied {seen.applied:,} · repeats {seen.repeats:,} · refused {seen.refused:,} · lag {seen.lag:,}"
            )
        text += f" · decisions {len(tally.ids):,} · clients {sum(s == 'client' for s in tally.told.values()):,}"
        if self._live:
            self._live.update(_bar(text), refresh=True)
        elif time.monotonic() - self._last >= REPORT_SECONDS:
            self._last = time.monotonic()
            complain(text)


def _bar(text: str) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - not for --help

    return Text(text, style="bold reverse", no_wrap=True)


def _keep(running: "Stage") -> None:
    """Say where to look, and stay until Ctrl-C."""
    settings = running.settings
    for text in (
        "",
        "Everything is still up. In another terminal:",
        f"  export CLIENTWARD_CONFIG={running.config}",
        "  clientward tail            the decisions as they come",
        "  clientward account show s7-00001",
        "  clientward dlq list        what was refused, and why",
        "  clientward send FILE.jsonl",
        "  clientward doctor",
        f"Kafka {settings.kafka_bootstrap} · Redis {running.redis.url} · "
        + " ".join(f"http://127.0.0.1:{worker.port}/metrics" for worker in running.workers),
        "Ctrl-C ends it all.",
    ):
        console().print(text, soft_wrap=True)
    try:
        while all(worker.running for worker in running.workers):
            time.sleep(1)
    except KeyboardInterrupt:
        return
    complain("a worker has ended; see the lines above")
