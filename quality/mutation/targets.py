"""Which files are mutated, what can go wrong in them, and a module compiled with one thing wrong."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from types import CodeType
from typing import Final, NamedTuple

from quality.mutation.operators import changes

# The pure parts of the program: the core, the codecs, and what of the engine and of the store needs no server.
TARGETS: Final = (
    "relationship/**/*.py",
    "streams/wire/*.py",
    "streams/engine/step.py",
    "streams/engine/merge.py",
    "streams/engine/dispatch.py",
    "streams/engine/erasure_guard.py",
    "streams/engine/timers.py",
    "streams/kafka/erasures.py",
    "packages/store/src/clientward_store/cache.py",
    "packages/store/src/clientward_store/errors.py",
    "packages/store/src/clientward_store/keys.py",
    "packages/store/src/clientward_store/scripts.py",
)


class Mutant(NamedTuple):
    """One mistake in one file; see `operators.Change`. `number` is its place among the file's."""

    path: str
    number: int
    rule: str
    lines: tuple[int, int]
    at_import: bool
    before: str
    after: str

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.path}:{self.lines[0]} #{self.number} {self.rule}: {_short(self.before)} => {_short(self.after)}"


def _short(text: str) -> str:
    """Return a text in one line of some eighty characters."""
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:60]} ... {line[-24:]}"  # noqa: PLR2004 - two of them fit a screen


def files(patterns: Iterable[str] = TARGETS) -> list[Path]:
    """Return the files to mutate, in order. Raises FileNotFoundError for a pattern that nothing fits."""
    found: list[Path] = []
    for pattern in patterns:
        fitting = sorted(Path().glob(pattern))
        if not fitting:
            raise FileNotFoundError(f"mutation: no file fits {pattern}: name it anew in quality/mutation/targets.py")
        found += fitting
    return found


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield everything that can go wrong in a file."""
    for number, each in enumerate(changes(ast.parse(path.read_text(encoding="utf-8")))):
        site = each.site
        yield Mutant(path.as_posix(), number, each.rule, site.lines, site.at_import, each.before, each.after)


def mutated(mutant: Mutant) -> CodeType:
    """Return the code of a mutant's module."""
    tree = ast.parse(Path(mutant.path).read_text(encoding="utf-8"))
    for number, each in enumerate(changes(tree)):
        if number == mutant.number:
            each.make()
            break
    return compile(ast.fix_missing_locations(tree), mutant.path, "exec")


def sample(paths: Iterable[Path], size: int | None, seed: int) -> tuple[list[Mutant], int]:
    """Return so many mutants drawn by a seed, or all of them, in the files' order; and how many there are."""
    everything = [mutant for path in paths for mutant in mutants(path)]
    if size is None or size >= len(everything):
        return everything, len(everything)
    chosen = sorted(Random(seed).sample(range(len(everything)), size))  # noqa: S311 - a draw, no secret
    return [everything[i] for i in chosen], len(everything)
