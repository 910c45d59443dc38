"""docs/bad-day.md, from what was seen."""

from faults.bad_day.diary import Chapter, Diary
from faults.bad_day.rules import FASTER

HEAD = """# A bad day, rehearsed

For whoever will have one. `make bad-day` plays it on real servers: Kafka, Redis, two workers, the console with a
person at it, and a Prometheus with the alarms of `deploy/prometheus`; 300 customers send 40 events a second all the
while. What follows is one run, word for word, of {day}; `python -m faults.bad_day --write` writes it. It took
{minutes:.0f} minutes.

The alarms' clock runs {faster} times as fast: windows, durations and thresholds in seconds are divided by that (an
alarm that comes after ten minutes comes after thirty seconds), counts and shares are not. *Now* is the console's
page, which asks the doctor every half minute; an alarm first *is true* and then, once it has been for its duration,
*fires*. Each alarm has its section in the [runbook](runbook.md).
"""


def written(diary: Diary, minutes: float) -> str:
    """Return the page."""
    head = HEAD.format(day=f"{diary.began:%Y-%m-%d, %H:%M} UTC", minutes=minutes, faster=FASTER)
    return "\n".join([head, *(_chapter(each) for each in diary.chapters)])


def _chapter(chapter: Chapter) -> str:
    rows = [f"| {line.seconds:.0f} s | {line.who} | {_cell(line.text)} |" for line in chapter.lines]
    return "\n".join([f"## {chapter.title}", "| after | | |", "|---:|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
