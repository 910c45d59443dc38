"""Which test runs which line: one run of the quick tests, a file at a time, measured.

What was measured of a file is kept in `.cache/mutation`, under a digest of that file and of all that is in the checkout but
the other quick tests, the pages and this tool: a second run, with another seed or with one more test, measures anew what can
have changed, and nothing else.
"""

import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import log10
from pathlib import Path
from typing import Final

import msgspec

from quality.mutation.collected import TESTS, Items, Lines, file_of
from quality.mutation.forks import each
from quality.mutation.targets import Mutant

KEPT: Final = Path(".cache/mutation")
LEAST_SECONDS: Final = 0.001  # less makes no difference to the order
IMPORT: Final = ""  # in the place of a test's name, for what runs at import


class Measured(msgspec.Struct):
    """What one file of tests came to: what each took, in seconds, the tests that run each line, and those that fail."""

    seconds: dict[str, float]
    lines: Lines
    failed: list[str]


class Reach:
    """What the measured run found.

    Attributes:
        seconds: how long each test took, by its node id.
    """

    def __init__(self, measured: Iterable[Measured], at_import: Mapping[str, Sequence[int]]) -> None:
        self.seconds: dict[str, float] = {}
        self._lines: dict[str, defaultdict[int, set[str]]] = {}
        for one in measured:
            self.seconds |= one.seconds
            for path, lines in one.lines.items():
                of_path = self._lines.setdefault(path, defaultdict(set))
                for line, tests in lines.items():
                    of_path[line].update(tests)
        for path, numbers in at_import.items():
            of_path = self._lines.setdefault(path, defaultdict(set))
            for line in numbers:
                of_path[line].add(IMPORT)

    def is_at_import(self, mutant: Mutant) -> bool:
        """Tell whether a mutant's lines run, or might run, before the first test does."""
        return mutant.at_import or IMPORT in self._running(mutant)

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's lines, the quickest first."""
        return self._ordered(self._running(mutant) - {IMPORT})

    def files(self, mutant: Mutant) -> list[str]:
        """Return the files of all tests that could tell, the likeliest first.

        Whole files, since what a test runs can be kept for the next one of its file, by a fixture or a cache. Of what runs
        at import it is every file: those first that run anything of the mutant's.
        """
        files = list(dict.fromkeys(map(file_of, self.tests(mutant))))
        if self.is_at_import(mutant):
            near = {test for tests in self._lines.get(mutant.path, {}).values() for test in tests} - {IMPORT}
            files += [*map(file_of, self._ordered(near)), *map(file_of, self._ordered(set(self.seconds)))]
        return list(dict.fromkeys(files))

    def _running(self, mutant: Mutant) -> set[str]:
        first, last = mutant.lines
        by_line: Mapping[int, set[str]] = self._lines.get(mutant.path, {})
        return {test for line in range(first, last + 1) for test in by_line.get(line, ())}

    def _ordered(self, tests: set[str]) -> list[str]:
        """Return tests, the quickest first; those that take about as long stand file by file, for their fixtures' sake."""
        return sorted(tests, key=lambda test: (_magnitude(self.seconds[test]), file_of(test), test))


def _magnitude(seconds: float) -> int:
    """Return which of those times a time is like that are three times each other."""
    return round(2 * log10(max(seconds, LEAST_SECONDS)))


def measure(items: Items, paths: Sequence[Path], jobs: int) -> tuple[Reach, int]:
    """Return what the quick tests reach of these files, and how many of their files had to be measured for it.

    Raises RuntimeError where a test fails without any mistake.
    """
    kept = {file: KEPT / f"{digest}.json" for file, digest in _digests(items.files(), paths).items()}
    missing = [file for file, place in kept.items() if not place.exists()]
    KEPT.mkdir(parents=True, exist_ok=True)
    for file, answer, error in each(missing, lambda file: items.measure(file, paths), jobs):
        if answer is None or answer[2]:
            failing = ", ".join(answer[2]) if answer else f"{file} ({error})"
            raise RuntimeError(f"mutation: a test fails as the code is: {failing}; mend it, and start again")
        kept[file].write_bytes(msgspec.json.encode(Measured(*answer)))
    decoder = msgspec.json.Decoder(Measured)
    return Reach((decoder.decode(place.read_bytes()) for place in kept.values()), items.at_import), len(missing)


def _digests(files: Sequence[str], paths: Sequence[Path]) -> dict[str, str]:
    """Return a digest of each file of tests, with all of the checkout that it may depend on, and the paths measured."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607 - git as whoever develops has it
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    common, out = sha256(), ("quality/mutation/", *(f"{room}/test_" for room in TESTS))
    for path in sorted(map(Path, listed)):
        if path.is_file() and path.suffix != ".md" and not path.as_posix().startswith(out):
            common.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    common.update("\n".join(map(str, paths)).encode())
    base = common.digest()
    return {file: sha256(base + Path(file).read_bytes()).hexdigest() for file in files}
