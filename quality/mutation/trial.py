"""One trial: a forked process in which one mistake is made, and the tests that could notice it.

There are two ways. Most mistakes are put into the functions of a process that has collected the tests already: a trial costs
its tests. Those that have their effect at import are put into a process that has imported the libraries and nothing of the
program, and so are those that no test noticed in the first way: there, whole files of tests are run. What takes too long, or
too much memory, has been noticed too.
"""

import importlib
import os
import resource
import signal
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import mkdtemp
from types import CodeType, ModuleType
from typing import Final, NamedTuple

import pytest

from quality.mutation.collected import Items, file_of
from quality.mutation.patching import put_in
from quality.mutation.reach import Reach
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
CPU_SECONDS: Final = 120  # of one trial, beside four times what its tests were measured to take
MEMORY_BYTES: Final = 8 << 30  # of address space: a mistake that fills a list for ever ends here
SECONDS_A_TEST: Final = 20  # of the wall clock, in a trial: a test that hangs has noticed the mistake
TIMES_MEASURED: Final = 10  # what its slowest test was measured to take, and more: being slow is no noticing
FIRST: Final = 8  # files of tests that are tried before a mutant's others: most mistakes are noticed by the likeliest


def prepare() -> list[str]:
    """Import the libraries, and return the options of pytest that every run here has, the measured one too."""
    for name in LIBRARIES:
        importlib.import_module(name)
    os.environ["CASES"] = "0.1"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = mkdtemp(prefix="mutation-")
    return ["-q", "-p", "no:cacheprovider", "--hypothesis-seed=1"]


class Tried(NamedTuple):
    """What the first way came to: the test that failed, or ""; `is_sure` where the second way could say nothing else."""

    failed: str
    is_sure: bool


def try_in_place(mutant: Mutant, items: Items, reach: Reach) -> Tried:
    """Run the tests that reach a mistake which is put into this process, a fork that has imported all.

    Of a mistake that has its effect when modules are imported too, a test that fails here is the one to try first, and
    proves nothing yet: what was made at import is right, and may differ from what is made now for that reason alone.
    """
    if not put_in(mutant):
        return Tried("", is_sure=False)
    tests = reach.tests(mutant)
    seconds = [reach.seconds[test] for test in tests]
    limit(sum(seconds))
    failed = items.run(tests, seconds=SECONDS_A_TEST + TIMES_MEASURED * max(seconds, default=0.0))
    return Tried(failed, is_sure=bool(failed) and not reach.is_at_import(mutant))


def is_noticed_when_imported(mutant: Mutant, options: list[str], reach: Reach, likely: str) -> bool:
    """Tell whether a test notices a mistake in a module that is imported with it; run in a fork without the program.

    Every test of every file runs that could tell, those of the file of a `likely` test first.
    """
    files = list(dict.fromkeys([*filter(None, [file_of(likely)]), *reach.files(mutant)]))
    seconds = [taken for test, taken in reach.seconds.items() if file_of(test) in files]
    limit(sum(seconds))
    sys.meta_path.insert(0, Finder(mutant, mutated(mutant)))
    a_test = SECONDS_A_TEST + TIMES_MEASURED * max(seconds, default=0.0)
    first = 1 if likely else FIRST
    parts = filter(None, (files[:first], files[first : first + FIRST], files[first + FIRST :]))
    return any(pytest.main([*options, "-x", "-o", f"timeout={a_test:.0f}", *part]) for part in parts)


def limit(measured: float) -> None:
    """Let what runs away be ended by the system, whatever its tests were measured to take, in seconds."""
    seconds = CPU_SECONDS + 4 * round(measured)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
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
