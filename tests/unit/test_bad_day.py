"""The rehearsal's own parts: the faster clock of its alarms, what its person reads on *Now*, and the page that it writes."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession

from console.pages.now import event
from faults.bad_day.browser import Browser, events
from faults.bad_day.diary import Diary
from faults.bad_day.page import written
from faults.bad_day.rules import faster, write_faster

RULES = Path(__file__).parents[2] / "deploy" / "prometheus"
FAILS = '<h2>What is wrong</h2><ul class="troubles">{}</ul>'
LINE = (
    '<li class="fail"><strong>Fails: write</strong> Redis &lt;is&gt; full\n<a href="/runbook#x">what to do</a>'
    '<span class="dim">since 2026-01-01 00:00:00 UTC</span></li>'
)


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("max(clientward_lag_seconds) > 300", "max(clientward_lag_seconds) > 15"),
        ("sum(increase(x_total[10m])) > 50", "sum(increase(x_total[30000ms])) > 50"),
        ("increase(x[1d] offset 10m)", "increase(x[4320000ms] offset 30000ms)"),
        ("max_over_time(sum(x)[6h:1m])", "max_over_time(sum(x)[1080000ms:3000ms])"),
        ("rate(x[10s])", "rate(x[1000ms])"),
        ("sum(x) > 0.05 * sum(y)", "sum(x) > 0.05 * sum(y)"),
    ],
)
def test_the_clock_runs_faster_and_counts_stay(expr: str, wanted: str) -> None:
    """Windows, offsets and thresholds in seconds are divided, a second at the least; counts and shares are not."""
    assert faster({"alert": "A", "expr": expr, "for": "5m"}) == {"alert": "A", "expr": wanted, "for": "15000ms"}


def test_no_window_and_no_duration_of_the_alarms_is_left_as_it_was(tmp_path: Path) -> None:
    """All rules are written, each with its own name, and every time in them is in milliseconds."""
    written_to = write_faster([RULES / "alerts.yml", RULES / "rules.yml"], tmp_path / "fast.json")
    rules = [rule for group in msgspec.json.decode(written_to.read_bytes())["groups"] for rule in group["rules"]]
    assert len(rules) > 20
    assert {rule["for"][-2:] for rule in rules if "for" in rule} == {"ms"}
    left = [rule["expr"] for rule in rules if re.search(r"(\[|offset |:)\d+[smhdw]\b", rule["expr"])]
    assert left == []


async def test_what_now_says_is_noted_when_it_comes_and_when_it_goes() -> None:
    """Read from the very events that the console sends, as text; a figure of refusals too."""

    async def sent() -> AsyncIterator[bytes]:
        figures = "<div><dt>refused</dt><dd>{}<small>/s</small></dd></div>"
        parts = [("troubles", FAILS.format(LINE)), ("figures", figures.format("9.8")), ("troubles", FAILS.format(""))]
        for name, text in parts:
            for line in event(name, text).splitlines(keepends=True):
                yield line.encode()

    diary = Diary()
    async with ClientSession() as session:
        browser = Browser(session, "http://127.0.0.1:1", diary)
        async for name, text in events(sent()):
            browser.take(name, text)
            if name == "figures":
                assert browser.says("write")
    assert not browser.says("write")
    assert browser.refused == 9.8
    assert [line.text for line in diary.chapters[0].lines] == [
        "Fails: write. Redis <is> full what to do, since 2026-01-01 00:00:00 UTC",
        "Flow: refused 9.8/s",
        "no longer: Fails: write",
    ]


def test_the_page_has_each_line_with_its_time() -> None:
    """A table a chapter; what would end a cell or begin a tag does not."""
    diary = Diary()
    diary.chapter("Redis is full")
    diary.chapters[0].began = datetime.now(UTC) - timedelta(seconds=12.4)
    diary.note("done", "a | b <c>")
    page = written(diary, 6.2)
    assert "It took 6 minutes." in page.replace("\n", " ")
    assert "## Redis is full\n| after | | |\n" in page
    assert "| 12 s | done | a \\| b &lt;c> |" in page
