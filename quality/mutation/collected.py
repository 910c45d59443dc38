"""The quick tests, imported and collected once: what runs some of them is a fork of the process that has collected all.

So a trial costs the tests that it runs, and no start of Python, no import and no collection.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import pytest
from coverage import Coverage

TESTS: Final = ("tests/unit", "tests/property", "packages/store/tests/unit")

Lines = dict[str, dict[int, list[str]]]
R = TypeVar("R")


class Items:
    """The tests collected. `at_import` has the lines that ran while their modules were imported, by file."""

    def __init__(self, items: Sequence[pytest.Item], at_import: dict[str, list[int]]) -> None:
        self._by_id = {item.nodeid: item for item in items}
        self.at_import = at_import

    def files(self) -> list[str]:
        """Return the tests' files."""
        return list(dict.fromkeys(file_of(test) for test in self._by_id))

    def run(self, tests: Sequence[str], *, seconds: float) -> str:
        """Run tests until one fails, each for so many seconds at most, and return its name, or ""."""
        items = [self._by_id[test] for test in tests]
        for item in items:
            item.add_marker(pytest.mark.timeout(seconds), append=False)
        return "".join(_run(items, Recorder(), is_over=lambda recorder: bool(recorder.failed)).failed[:1])

    def measure(self, file: str, paths: Sequence[Path]) -> tuple[dict[str, float], Lines, list[str]]:
        """Run a file's tests; return what each took, in seconds, which of them run a line of the paths, and which fail."""
        coverage = measuring(paths)
        recorder = Recorder(coverage)
        coverage.start()
        _run([item for test, item in self._by_id.items() if file_of(test) == file], recorder)
        coverage.stop()
        return dict(recorder.seconds), lines_of(coverage), recorder.failed


def file_of(test: str) -> str:
    """Return the file of a test's node id."""
    return test.partition("::")[0]


def measuring(paths: Sequence[Path]) -> Coverage:
    """Return what notes the lines of some files that run."""
    return Coverage(data_file=None, include=[path.as_posix() for path in paths], config_file=False)


def lines_of(coverage: Coverage) -> Lines:
    """Return the contexts of every line that ran, by file (relative to the checkout) and line."""
    data: Any = coverage.get_data()
    root = Path.cwd()
    return {Path(file).relative_to(root).as_posix(): data.contexts_by_lineno(file) for file in data.measured_files()}


def collect(options: list[str], paths: Sequence[Path], use: Callable[[Items], R]) -> R:
    """Collect the quick tests, and return what is made of them. Raises RuntimeError where one cannot be imported."""
    coverage = measuring(paths)
    plugin = _Plugin(coverage, use)
    coverage.start()
    code = pytest.main([*options, *TESTS], plugins=[plugin])
    if not plugin.answers:
        raise RuntimeError(f"mutation: the tests cannot be collected: pytest ends with {code}; run `make test`")
    (answer,) = plugin.answers
    return answer


class _Plugin(Generic[R]):
    """Makes use of the tests in the place of running them."""

    def __init__(self, coverage: Coverage, use: Callable[[Items], R]) -> None:
        self._coverage, self._use = coverage, use
        self.answers: list[R] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Use the tests."""
        self._coverage.stop()
        if not session.testsfailed:
            at_import = {path: list(lines) for path, lines in lines_of(self._coverage).items()}
            self.answers.append(self._use(Items(session.items, at_import)))
        return True


class Recorder:
    """A plugin of pytest that tells coverage which test is running, and notes how long each took and which failed."""

    def __init__(self, coverage: Coverage | None = None) -> None:
        self._coverage = coverage
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Name the test that runs."""
        if self._coverage is not None:
            self._coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a part of a test took, and whether it failed."""
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def _run(
    items: Sequence[pytest.Item], recorder: Recorder, is_over: Callable[[Recorder], bool] = lambda _: False
) -> Recorder:
    """Run tests in order until it is over, as pytest's own loop does."""
    for item, following in zip_longest(items, items[1:]):
        if item is items[0]:
            item.config.pluginmanager.register(recorder)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if is_over(recorder):
            break
    return recorder
