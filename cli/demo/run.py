"""A whole run of the demo: servers, workers, the play, the decisions as they come, and the summary."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Final, Self

from rich.live import Live
from rich.text import Text

from cli.demo.console import start_console
from cli.demo.note import note
from cli.demo.play import LIVE_DAYS, Tally, acts, play, publish_history
from cli.demo.stage import Seen, Stage, stage
from cli.demo.summary import summary
from cli.output import print_error, printable
from cli.terminal import STATUS_STYLES, console
from simulator.faults import SimEvent
from simulator.scoring import score
from simulator.simulation import Simulation, simulate, simulate_events
from streams.config.settings import Settings
from views.base.decisions import Decision

ACCOUNTS: Final = 3_000
PARTITIONS: Final = 12  # the contract's default
REPORT_SECONDS: Final = 10.0  # between two lines of progress where there is no terminal to keep one up to date


def run(events: int | None, seed: int, workers: int, seconds: float, *, keep: bool) -> None:
    """Start everything, play, print what comes of it, and end everything. Raises EmbeddedError, TopicsError, ServerError."""
    simulation = _simulation(events, seed)
    history, live = acts(list(simulation.events()), simulation.end)

    def before(settings: Settings) -> None:
        note(f"{len(simulation.accounts):,} accounts: publishing {len(history):,} events of two years…")
        asyncio.run(publish_history(settings, history))
        note(f"starting {workers} worker{'s' if workers > 1 else ''}…")

    with stage(workers, PARTITIONS, before) as running:
        note(f"folding; then the last {LIVE_DAYS} days, {len(live):,} events, live in {seconds:.0f} s")
        _run(running, simulation, len(history), live, seconds)
        if keep:
            _keep(running)


def _simulation(events: int | None, seed: int) -> Simulation:
    end = datetime.now(UTC).replace(microsecond=0)
    return simulate(ACCOUNTS, end, seed) if events is None else simulate_events(events, end, seed)


def _run(running: Stage, simulation: Simulation, history: int, live: list[SimEvent], seconds: float) -> None:
    """Play, and print what comes of it."""
    with Board() as board:
        tally = asyncio.run(play(running, history, live, seconds, show, board.update))
    scored = score(simulation.accounts, simulation.end, tally.statuses, tally.first_client)
    console().print(summary(tally, running.seen(), scored, history))


def show(decision: Decision) -> None:
    """Print one reclassification as a line: as wide as the terminal, or whole where there is none."""
    terminal = console().is_terminal
    console().print(line(decision), soft_wrap=not terminal, no_wrap=True, overflow="ellipsis", crop=terminal)


def line(decision: Decision) -> Text:
    """Return a reclassification as account, from, to, score and why."""
    return Text.assemble(
        (f"{decision.effective_at[:10]} ", "dim"),
        f"{printable(decision.account_id):<12} ",
        (f"{decision.from_:>9}", STATUS_STYLES.get(decision.from_, "")),
        " → ",
        (f"{decision.to:<9}", STATUS_STYLES.get(decision.to, "")),
        f" {decision.score:5.1f}  ",
        (printable(decision.why), "dim"),
    )


class Board:
    """The live count: one line at the foot of a terminal, or a line now and then where there is none."""

    def __init__(self) -> None:
        self._live = Live(console=console(), transient=True, auto_refresh=False) if sys.stdout.isatty() else None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def update(self, tally: Tally, seen: Seen | None) -> None:
        """Show where the play stands."""
        text = f"sent {tally.sent:,} of {tally.events:,}"
        if seen is not None:
            text += (
                f" · applied {seen.applied:,} · repeats {seen.repeats:,} · refused {seen.refused:,} · lag {seen.lag:,}"
            )
        text += f" · decisions {len(tally.ids):,} · clients {sum(s == 'client' for s in tally.statuses.values()):,}"
        if self._live:
            self._live.update(_bar(text), refresh=True)
        elif time.monotonic() - self._last >= REPORT_SECONDS:
            self._last = time.monotonic()
            print_error(text)


def _bar(text: str) -> Text:

    return Text(text, style="bold reverse", no_wrap=True)


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
