"""Which test runs which line: one run of the quick tests, measured."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from coverage import Coverage

from quality.mutation.targets import Mutant

TESTS: Final = ("tests/unit", "tests/property", "packages/store/tests/unit")
IMPORT: Final = ""  # coverage's context outside of any test


class Reach(NamedTuple):
    """What the measured run found.

    Attributes:
        seconds: how long each test took, by its node id.
        lines: the tests that run a line, by file (relative to the checkout) and line; `IMPORT` where it runs at import.
    """

    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[int, frozenset[str]]]

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's lines, the quickest first; of what runs at import, all that could tell."""
        by_line = self.lines.get(mutant.path, {})
        running = {test for line in span(mutant) for test in by_line.get(line, ())}
        if not mutant.at_import and IMPORT not in running:
            return self._ordered(running)
        near = {test for tests in by_line.values() for test in tests} - {IMPORT}
        return [*self._ordered(near), *self._ordered(set(self.seconds) - near)]

    def slowest(self, tests: list[str]) -> float:
        """Return how many seconds the slowest of some tests took."""
        return max((self.seconds[test] for test in tests), default=0.0)

    def _ordered(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds[test], test))


def span(mutant: Mutant) -> range:
    """Return the lines of a mutant's statement."""
    first, last = mutant.lines
    return range(first, last + 1)


class Recorder:
    """A plugin of pytest that tells coverage which test is running, and notes how long each took."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Name the test that runs."""
        self._coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a part of a test took."""
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def measure(paths: list[Path], options: list[str]) -> Reach:
    """Run the quick tests over these files. Raises RuntimeError where a test fails without any mistake."""
    coverage = Coverage(data_file=None, include=[path.as_posix() for path in paths], config_file=False)
    recorder = Recorder(coverage)
    coverage.start()
    code = pytest.main([*options, *TESTS], plugins=[recorder])
    coverage.stop()
    if code or recorder.failed:
        raise RuntimeError(f"the tests fail as they are ({code}): {', '.join(recorder.failed) or 'none was run'}")
    data: Any = coverage.get_data()
    root = Path.cwd()
    lines = {
        Path(file).relative_to(root).as_posix(): {
            line: frozenset(contexts) for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    return Reach(dict(recorder.seconds), lines)
