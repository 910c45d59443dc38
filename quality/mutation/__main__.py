"""`make mutation`: draw mistakes, run the quick tests on each, and say how many were noticed and which were not."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from quality.mutation import reach, trial
from quality.mutation.targets import Mutant, files, sample


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation ARGS=...", description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="mistakes drawn (300); 0 for all there are")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--bar", type=float, default=0.9, help="fail where a smaller share was noticed (0.9)")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time (2)")
    parser.add_argument("--only", nargs="+", metavar="PATTERN", help="files, in the place of the usual ones")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    """Print a line, at once: a run takes minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations, and return the exit code: 1 where fewer than the bar were noticed."""
    options, started = _options(arguments), time.monotonic()
    paths = files(options.only) if options.only else files()
    chosen, total = sample(paths, options.sample or None, options.seed)
    _say(f"{len(chosen)} of {total} mutants in {len(paths)} files, seed {options.seed}")
    flags = trial.prepare()
    found = trial.in_child(lambda: reach.measure(paths, flags))
    _say(f"{len(found.seconds)} tests, {sum(found.seconds.values()):.0f} s under measurement")
    survivors = []
    for mutant in _survivors(chosen, found, flags, options.jobs):
        _say(f"  not noticed: {mutant}")
        survivors.append(mutant)
    share = 1.0 - len(survivors) / len(chosen) if chosen else 1.0
    _say(_table(chosen, survivors))
    _say(f"{len(chosen) - len(survivors)} of {len(chosen)} noticed: {share:.1%}, in {time.monotonic() - started:.0f} s")
    return 0 if share >= options.bar else 1


def _survivors(chosen: Sequence[Mutant], found: reach.Reach, flags: list[str], jobs: int) -> Iterator[Mutant]:
    """Yield the mutants that no test notices: those first that no test reaches."""
    reaching = [(mutant, found.tests(mutant)) for mutant in chosen]
    trials = [trial.Trial(mutant, tests, found.slowest(tests)) for mutant, tests in reaching]
    yield from (each.mutant for each in trials if not each.tests)
    for each, is_noticed in trial.noticed([each for each in trials if each.tests], flags, jobs):
        if not is_noticed:
            yield each.mutant


def _table(chosen: Sequence[Mutant], survivors: Sequence[Mutant]) -> str:
    """Return how many of each operator's were noticed."""
    missed = Counter(mutant.rule for mutant in survivors)
    kinds = sorted(Counter(mutant.rule for mutant in chosen).items())
    return "\n".join(f"  {rule:<11} {count - missed[rule]:>4} of {count:>4} noticed" for rule, count in kinds)


if __name__ == "__main__":
    sys.exit(main())
