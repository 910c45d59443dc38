"""The table of the mission: after a run of these tests alone, every row of the page with its tests and how they went."""

from collections import Counter

import pytest
from rows import NOT_BUILT, ROWS

HERE = "tests/mission/"
WENT: dict[str, Counter[str]] = {row.key: Counter() for row in ROWS}


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "row(*keys): the rows of the mission's page that a test shows to work")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Count how the tests of each row went; a broken fixture counts as a failure."""
    report = yield
    if report.when == "call" or report.failed:
        for mark in item.iter_markers("row"):
            for key in mark.args:
                WENT[key][report.outcome] += 1
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table where nothing but the mission was asked for."""
    if not config.args or not all(HERE in f"{argument}/" for argument in config.args):
        return
    width = max(len(row.key) for row in ROWS)
    terminalreporter.section("the mission, row by row")
    for row in ROWS:
        words = NOT_BUILT.get(row.key, row.quote)
        terminalreporter.write_line(f"{row.key:<{width}}  {_went(row.key):<16} {words}")
    works = sum(_went(row.key).endswith("pass") for row in ROWS)
    terminalreporter.write_line(f"{works} of {len(ROWS)} rows work, {len(NOT_BUILT)} are not built")


def _went(key: str) -> str:
    """Return a row's tests and whether they pass, in two words."""
    if key in NOT_BUILT:
        return "not built"
    went = WENT[key]
    total = went.total()
    return "not run" if not total else f"{total:>3} tests  " + ("pass" if went["passed"] == total else "FAIL")
