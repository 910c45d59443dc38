"""The demo's frame: what is watched, as lines that fit a terminal of any size. Nothing is drawn here.

From the top: the step with its progress, rates, statuses as bars, who became a client and why, one account's story. What
does not fit is left out from the bottom; a reason is never cut where the terminal has the lines for it.
"""

from collections import Counter
from statistics import quantiles
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from cli.demo.watched import Watched
from cli.output import printable
from cli.terminal import STATUS_STYLES

if TYPE_CHECKING:  # they import the servers, and the first frame must not wait for them
    from views.base.decisions import Decision

STATUSES: Final = ("customer", "candidate", "client", "lapsed")  # everyone began as a prospect
SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINS: Final = 10  # a second
EIGHTHS: Final = " ▏▎▍▌▋▊▉"
LATENCIES: Final = 500  # the newest, of which the percentiles are told
STORY_SHARE: Final = 3  # of the lines, one in three may be the story's
INDENT: Final = 2
SCORE_CELLS: Final = 5  # of a bar of 100 points
RULES: Final = Console(width=1_000)  # `Text.wrap` asks for one, and takes nothing from it

INTRODUCTION: Final = (
    "Some thousand accounts of every trade have bought, asked and met for two years. Nobody says which of them are "
    "clients. Clientward reads their events from Kafka, keeps each account in Redis, and says on the event when one "
    "becomes a client: advised, known, kept."
)


def frame(watched: Watched, width: int, height: int, now: float, began: float) -> list[Text]:
    """Return at most `height` lines of at most `width` cells. `now` and `began` are seconds of the same clock."""
    top = [_title(watched, width, now, began), *_progress(watched, width)]
    if watched.tally is None:
        body = [Text(), *wrapped(Text(INTRODUCTION), width), Text(), *_steps(watched, now)]
    else:
        body = _body(watched, width, height - len(top))
    return [_cut(each, width) for each in [*top, *body][:height]]


def _body(watched: Watched, width: int, height: int) -> list[Text]:
    flow = _flow(watched, width)
    bars = _statuses(watched, width)
    story = _story(watched, width, height // STORY_SHARE)
    entries = [_crossing(each, width) for each in watched.crossings]
    newest = len(entries[0]) if entries else 0
    if height - len(flow) - len(bars) <= newest:  # the reason goes before the bars
        bars = []
    left = height - len(flow) - len(bars)
    room = left - 2 - newest  # for the story, beside the newest crossing and two headings
    told = [_heading(f"One account: {printable(watched.followed or '')}", width), *story[: max(0, room)]]
    told = told if story and room > 1 else []
    crossed = [_heading(f"Into client: {watched.crossed:,} so far", width)]
    for entry in entries:
        if len(crossed) + len(entry) > left - len(told) and len(crossed) > 1:
            break
        crossed += entry
    crossed += [Text()] * max(0, left - len(told) - len(crossed))  # the story stands still at the foot
    return [*flow, *bars, *crossed[: max(0, left - len(told))], *told]


def _title(watched: Watched, width: int, now: float, began: float) -> Text:
    clock = f"{now - began:5.1f} s"
    spin = SPINNER[int(now * SPINS) % len(SPINNER)]
    text = Text(f"{spin} {watched.steps[-1].text if watched.steps else ''}", style="bold")
    text.truncate(max(0, width - len(clock) - 1), overflow="ellipsis", pad=True)
    return text.append(f" {clock}", style="dim")


def _progress(watched: Watched, width: int) -> list[Text]:
    if not watched.of:
        return [Text("─" * width, style="dim")]
    words = f" {watched.done:,} of {watched.of:,} events"
    room = max(0, width - len(words))
    return [Text.assemble((bar(watched.done / watched.of, room), "green"), (words, "dim"))]


def _steps(watched: Watched, now: float) -> list[Text]:
    begins = [each.began for each in watched.steps]
    seconds = [end - began for began, end in zip(begins, [*begins[1:], now], strict=False)]
    return [
        Text.assemble((f"{took:5.1f} s  ", "dim"), step.text) for step, took in zip(watched.steps, seconds, strict=True)
    ]


def _flow(watched: Watched, width: int) -> list[Text]:
    tally, seen = watched.tally, watched.seen
    events, decisions = watched.rates()
    parts = [f"{events:,.0f} events/s", f"{decisions:,.0f} decisions/s"]
    if seen is not None:
        parts += [f"lag {seen.lag:,}", f"repeats {seen.repeats:,}", f"refused {seen.refused:,}"]
    parts.append(f"decisions {len(tally.ids) if tally else 0:,}")
    latencies = tally.latencies[-LATENCIES:] if tally else []
    if len(latencies) > 1:
        cuts = quantiles(latencies, n=100)
        parts.append(f"publish → decision p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms")
    return [*wrapped(Text(" · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)), width), Text()]


def _statuses(watched: Watched, width: int) -> list[Text]:
    counts = Counter(watched.tally.statuses.values() if watched.tally else ())
    most = max([counts[status] for status in STATUSES] + [1])
    rows = []
    for status in STATUSES:
        style = STATUS_STYLES.get(status, "")
        room = max(0, width - 18)
        rows.append(
            Text.assemble(
                (f"{status:<9} ", style), (f"{counts[status]:>6,} ", ""), (bar(counts[status] / most, room), style)
            )
        )
    return [*rows, Text()]


def _crossing(decision: "Decision", width: int) -> list[Text]:
    text = Text.assemble(
        (f"{decision.effective_at[:10]} ", "dim"),
        (printable(decision.account_id), "bold"),
        f" {decision.from_} → ",
        ("client", STATUS_STYLES["client"]),
        f" {decision.score:.0f}  ",
        printable(decision.why),
    )
    return wrapped(text, width, INDENT)


def story_lines(watched: Watched, width: int) -> list[Text]:
    """Return the story of the account that is followed, whole; nothing where none is."""
    if watched.followed is None:
        return []
    rows = [line for text in _chapters(watched) for line in wrapped(text, width, INDENT)]
    return [Text(f"One account, {printable(watched.followed)}, as it came to be a client", style="bold"), *rows]


def _story(watched: Watched, width: int, lines: int) -> list[Text]:
    """Return the story's lines: each reclassification in full where so many lines do, else cut to one each."""
    chapters = _chapters(watched)
    whole = [line for text in chapters for line in wrapped(text, width, INDENT)]
    return whole if len(whole) <= lines else chapters


def _chapters(watched: Watched) -> list[Text]:
    return [
        Text.assemble(
            (f"{each.effective_at[:10]} ", "dim"),
            (f"{each.to:<9} ", STATUS_STYLES.get(each.to, "")),
            (f"{bar(each.score / 100, SCORE_CELLS)} {each.score:>3.0f}  ", "dim"),
            printable(each.why),
        )
        for each in watched.story
    ]


def _heading(text: str, width: int) -> Text:
    heading = Text(f"── {text} ", style="dim")
    return heading.append("─" * max(0, width - heading.cell_len))


def bar(share: float, width: int) -> str:
    """Return a bar that fills a share (0 to 1) of a width in cells, padded to it."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(width)


def wrapped(text: Text, width: int, indent: int = 0) -> list[Text]:
    """Return a text in lines of a width, all but the first indented."""
    first, *rest = text.wrap(RULES, max(1, width - indent))
    return [first, *(Text(" " * indent) + line for line in rest)]


def _cut(text: Text, width: int) -> Text:
    cut = text.copy()
    cut.truncate(width, overflow="ellipsis")
    return cut
