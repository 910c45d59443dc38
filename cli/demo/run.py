"""A whole run of the demo: servers, workers, the play, the decisions as they come, and the summary."""

import asyncio
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final, NamedTuple

from cli.demo.console import start_console
from cli.demo.play import LIVE_DAYS, Tally, acts, play, publish_history
from cli.demo.showing import Showing
from cli.demo.stage import Stage, stage
from cli.demo.summary import summary
from cli.output import print_error
from cli.terminal import console
from simulator.scoring import score
from simulator.simulation import Simulation, simulate, simulate_events
from streams.config.settings import Settings

ACCOUNTS: Final = 3_000
PARTITIONS: Final = 12  # the contract's default


class Played(NamedTuple):
    """A play that is over, and the servers of it that still run."""

    running: Stage
    simulation: Simulation
    history: int
    tally: Tally


def play_it(
    servers: ExitStack, events: int | None, seed: int, workers: int, seconds: float, showing: Showing
) -> Played:
    """Start everything under `servers`, and play. Raises EmbeddedError, TopicsError, ServerError."""
    simulation = _simulation(events, seed)
    history, live = acts(list(simulation.events()), simulation.end)

    def before(settings: Settings) -> None:
        showing.step(f"{len(simulation.accounts):,} accounts: publishing {len(history):,} events of two years…")
        asyncio.run(publish_history(settings, history, showing.stored))
        showing.step(f"starting {workers} worker{'s' if workers > 1 else ''}…")

    running = servers.enter_context(stage(workers, PARTITIONS, before))
    showing.step(f"folding; then the last {LIVE_DAYS} days, {len(live):,} events, live in {seconds:.0f} s")
    tally = asyncio.run(play(running, len(history), live, seconds, showing.decided, showing.update))
    return Played(running, simulation, len(history), tally)


def conclude(played: Played, *, keep: bool) -> None:
    """Print what came of it; where the servers are to be kept, until Ctrl-C."""
    running, simulation, history, tally = played
    scored = score(simulation.accounts, simulation.end, tally.statuses, tally.first_client)
    console().print(summary(tally, running.seen(), scored, history))
    if keep:
        _keep(running)


def _simulation(events: int | None, seed: int) -> Simulation:
    end = datetime.now(UTC).replace(microsecond=0)
    return simulate(ACCOUNTS, end, seed) if events is None else simulate_events(events, end, seed)


def _keep(running: Stage) -> None:
    """Say where to look, and stay until Ctrl-C."""
    settings, page = running.settings, start_console(running)
    for text in (
        "",
        "Everything is still up.",
        "" if page is None else f"The console: {page.url}  log in once, within ten minutes, by the code {page.code}",
        "In another terminal:",
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
    print_error("a worker has ended; see the lines above")
