"""`make mutation`: draw mistakes, run the quick tests on each, and say how many were noticed and which were not."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from quality.mutation import trial
from quality.mutation.collected import Items, collect
from quality.mutation.forks import each, in_child
from quality.mutation.reach import Reach, measure
from quality.mutation.targets import Mutant, files, sample

_OUT: Final = os.dup(1)  # pytest and the forks have other things for 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation ARGS=...", description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="mistakes drawn (300); 0 for all there are")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--bar", type=float, default=0.9, help="fail where a smaller share was noticed (0.9)")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time (2)")
    parser.add_argument("--only", nargs="+", metavar="PATTERN", help="files, in the place of the usual ones")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    """Print a line, at once, from whichever process: a run takes minutes."""
    os.write(_OUT, f"{line}\n".encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations, and return the exit code: 1 where fewer than the bar were noticed."""
    options, started = _options(arguments), time.monotonic()
    paths = files(options.only) if options.only else files()
    chosen, total = sample(paths, options.sample or None, options.seed)
    _say(f"{len(chosen)} of {total} mutants in {len(paths)} files, seed {options.seed}")
    flags, measured = trial.prepare(), sorted({*files(), *paths})

    def in_place(items: Items) -> tuple[Reach, dict[Mutant, str]]:
        found, count = measure(items, measured, options.jobs)
        _say(f"{len(found.seconds)} tests, {count} files of them measured, in {time.monotonic() - started:.0f} s")
        left = {}
        for mutant, tried, _ in each(chosen, lambda mutant: trial.try_in_place(mutant, items, found), options.jobs):
            failed, is_sure = tried or ("", False)
            if not is_sure:
                left[mutant] = failed
                if not failed:
                    _say(f"  not noticed in place: {mutant}")
        return found, left

    found, left = in_child(lambda: collect(flags, measured, in_place))
    _say(f"{len(left)} to be imported with their mistake, after {time.monotonic() - started:.0f} s")
    survivors = []
    by_likelihood = sorted(left, key=lambda mutant: not left[mutant])
    tried = each(
        by_likelihood,
        lambda mutant: trial.is_noticed_when_imported(mutant, flags, found, left[mutant]),
        options.jobs,
    )
    for mutant, is_noticed, _ in tried:
        if is_noticed is False:
            _say(f"  not noticed: {mutant}")
            survivors.append(mutant)
    share = 1.0 - len(survivors) / len(chosen) if chosen else 1.0
    _say(_table(chosen, survivors))
    _say(f"{len(chosen) - len(survivors)} of {len(chosen)} noticed: {share:.1%}, in {time.monotonic() - started:.0f} s")
    return 0 if share >= options.bar else 1


def _table(chosen: Sequence[Mutant], survivors: Sequence[Mutant]) -> str:
    """Return how many of each operator's were noticed."""
    missed = Counter(mutant.rule for mutant in survivors)
    kinds = sorted(Counter(mutant.rule for mutant in chosen).items())
    return "\n".join(f"  {rule:<11} {count - missed[rule]:>4} of {count:>4} noticed" for rule, count in kinds)


if __name__ == "__main__":
    sys.exit(main())
