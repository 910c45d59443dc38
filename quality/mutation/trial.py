"""One trial: a forked process in which one module has a mistake in it, and the tests that could notice it.

The process that forks has imported the libraries and nothing of the program, so a trial costs half a second and its tests.
What takes too long, or too much memory, has been noticed too.
"""

import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing import connection, get_context
from pathlib import Path
from tempfile import mkdtemp
from types import CodeType, ModuleType
from typing import Any, Final, NamedTuple

import pytest

from quality.mutation.targets import Mutant, mutated

LIBRARIES: Final = (
    "aiokafka.admin",
    "faust",
    "faust.transport.drivers.aiokafka",
    "hypothesis.strategies",
    "jsonschema",
    "msgspec",
    "prometheus_client",
    "pydantic_settings",
    "pytest_asyncio",
    "redis.asyncio",
    "rich.console",
    "structlog",
    "typer",
)
CPU_SECONDS: Final = 180  # of one trial: the whole of the quick tests take a third of it
MEMORY_BYTES: Final = 4 << 30  # of address space: a mistake that fills a list for ever ends here
SECONDS_A_TEST: Final = 20  # of the wall clock, in a trial: a test that hangs has noticed the mistake
TIMES_MEASURED: Final = 10  # what its slowest test was measured to take, and more: being slow is no noticing
FIRST: Final = 40  # tests that are tried before the others of a mutant: most mistakes are noticed by the quickest

_fork: Final = get_context("fork")


class Trial(NamedTuple):
    """A mutant and the tests to run, by their node ids, the slowest of which was measured to take so many seconds."""

    mutant: Mutant
    tests: Sequence[str]
    slowest: float = 0.0


def prepare() -> list[str]:
    """Import the libraries, and return the options of pytest that every run here has, the measured one too."""
    for name in LIBRARIES:
        importlib.import_module(name)
    os.environ["CASES"] = "0.1"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = mkdtemp(prefix="mutation-")
    return ["-q", "-p", "no:cacheprovider", "--hypothesis-seed=1"]


def noticed(trials: Sequence[Trial], options: list[str], jobs: int) -> Iterator[tuple[Trial, bool]]:
    """Yield each trial with whether a test noticed its mistake, in the order in which they end; `jobs` at a time."""
    waiting, running = list(reversed(trials)), dict[Any, tuple[Any, Trial]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            trial = waiting.pop()
            process = _fork.Process(target=_try, args=(trial, options))
            process.start()
            running[process.sentinel] = process, trial
        for sentinel in connection.wait([*running]):
            process, trial = running.pop(sentinel)
            process.join()
            yield trial, process.exitcode != 0


def in_child(call: Callable[[], Any]) -> Any:
    """Return what a call returns in a forked process, silent, which leaves nothing imported here. Raises RuntimeError."""
    ours, theirs = _fork.Pipe(duplex=False)

    def run() -> None:
        _be_silent()
        try:
            theirs.send((True, call()))
        except Exception as error:  # noqa: BLE001 - it is raised on the other side
            theirs.send((False, str(error)))

    process = _fork.Process(target=run)
    process.start()
    theirs.close()
    try:
        is_right, answer = ours.recv()
    except EOFError:
        is_right, answer = False, "the process ended without an answer"
    process.join()
    if not is_right:
        raise RuntimeError(answer)
    return answer


def _try(trial: Trial, options: list[str]) -> None:
    """Run a trial in this process, and end it with pytest's exit code."""
    _be_silent()
    _limit()
    sys.meta_path.insert(0, Finder(trial.mutant, mutated(trial.mutant)))
    limit = SECONDS_A_TEST + TIMES_MEASURED * trial.slowest
    tests, options = list(trial.tests), [*options, "-x", "-o", f"timeout={limit:.0f}"]
    for part in (tests[:FIRST], tests[FIRST:]):
        if part:
            code = pytest.main([*options, *part])
            if code == pytest.ExitCode.USAGE_ERROR:  # the mistake has changed the names of the tests
                code = pytest.main([*options, *dict.fromkeys(test.partition("::")[0] for test in part)])
            if code:
                os._exit(int(code))
    os._exit(0)


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _limit() -> None:
    """Let what runs away be ended by the system."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)


class Finder:
    """Finds one module, with other code than its file's; every other one is left to whoever finds it."""

    def __init__(self, mutant: Mutant, code: CodeType) -> None:
        path = Path(mutant.path)
        parts = path.with_suffix("").parts
        if "src" in parts:  # a distribution's modules: packages/store/src/clientward_store/keys.py
            parts = parts[parts.index("src") + 1 :]
        self._is_package = parts[-1] == "__init__"
        self._name = ".".join(parts[:-1] if self._is_package else parts)
        self._path, self._code = path.resolve(), code

    def find_spec(self, name: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        """Return the module's specification where it is the one."""
        if name != self._name:
            return None
        loader = Loader(name, str(self._path))
        loader.code = self._code
        within = [str(self._path.parent)] if self._is_package else None
        return spec_from_file_location(name, self._path, loader=loader, submodule_search_locations=within)


class Loader(SourceFileLoader):
    """Loads code that was compiled already."""

    code: CodeType

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - importlib's signature
        """Return it."""
        return self.code
