"""What the demo says at its end: events, decisions, how right they were, how fast they came."""

from collections.abc import Sequence
from statistics import quantiles
from typing import Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import STARTED
from cli.demo.play import Tally
from cli.demo.stage import Seen
from cli.terminal import STATUS_STYLES
from simulator.scoring import Rate, Score

PERCENT: Final = 100
STATUSES: Final = ("prospect", "customer", "candidate", "client", "lapsed")


def summary(tally: Tally, seen: Seen, scored: Score, history: int) -> Group:
    """Return the summary. `history` events were there before the workers."""
    return Group(Text(), _flow(tally, seen, history), Text(), _truth(scored), Text(), _rates(scored))


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE, pad_edge=False)


def _flow(tally: Tally, seen: Seen, history: int) -> Table:
    table = _table("What happened")
    table.show_header = False
    table.add_column("", style="dim", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("", style="dim")
    table.add_row("events sent", f"{tally.events:,}", "two years of event time")
    table.add_row("applied", f"{seen.applied:,}", "referral credits included")
    table.add_row("repeats", f"{seen.repeats:,}", "recognised, counted once")
    table.add_row("refused", f"{seen.refused:,}", "in the dead-letter topic, with reasons")
    table.add_row("decisions", f"{sum(tally.decisions.values()):,}", "told once by id")
    for kind, count in tally.decisions.most_common():
        table.add_row(f"  {kind}", f"{count:,}", "")
    rate = history / max(tally.history_seconds, 1e-9)
    table.add_row("events/s", f"{rate:,.0f}", f"{history:,} of history in {tally.history_seconds:.1f} s")
    table.add_row("publish → decision", latency(tally.latencies), "in the live weeks, at a subscriber")
    if tally.first_decision is not None:
        table.add_row("first decision", f"{tally.first_decision - STARTED:.1f} s", "after the command was started")
    return table


def latency(latencies: Sequence[float]) -> str:
    """Return the median and the 99th percentile of latencies (seconds), in milliseconds."""
    if len(latencies) < 2:  # noqa: PLR2004 - quantiles need two
        return "none measured"
    cuts = quantiles(latencies, n=PERCENT)
    return f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"


def _truth(scored: Score) -> Table:
    table = _table("Truth (rows) and what was told (columns)")
    table.add_column("", style="dim")
    for status in STATUSES:
        table.add_column(status, justify="right", style=STATUS_STYLES.get(status, ""))
    for truth in (status for status in STATUSES if any(true == status for true, _ in scored.confusion)):
        counts = [scored.confusion.get((truth, decided), 0) for decided in STATUSES]
        table.add_row(truth, *(f"{count:,}" if count else "·" for count in counts))
    return table


def _rates(scored: Score) -> Text:
    text = Text(f"clients  {_rate(scored.clients)}\nlapsed   {_rate(scored.lapsed)}")
    if scored.delay_days is not None:
        text.append(f"\na true turn to client was told after {scored.delay_days:.0f} days (median)")
    return text


def _rate(rate: Rate) -> str:
    precision = "—" if rate.precision is None else f"{rate.precision:.3f}"
    recall = "—" if rate.recall is None else f"{rate.recall:.3f}"
    return f"precision {precision}, recall {recall} (of {rate.true:,} in truth, {rate.told:,} told)"
