"""`make mutation`: draw mistakes, run the quick tests on each, and say how many were noticed and which were not."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

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


def _told(survivors: Sequence[Mutant]) -> None:
    """Print what was not noticed."""
    for mutant in sorted(survivors):
        sys.stdout.write(f"  not noticed: {mutant}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations, and return the exit code: 1 where fewer than the bar were noticed."""
    options, started = _options(arguments), time.monotonic()
    paths = files(options.only) if options.only else files()
    chosen, total = sample(paths, options.sample or None, options.seed)
    sys.stdout.write(f"{len(chosen)} of {total} mutants in {len(paths)} files, seed {options.seed}\n")
    flags = trial.prepare()
    found = trial.in_child(lambda: reach.measure(paths, [flag for flag in flags if flag != "-x"]))
    sys.stdout.write(f"{len(found.seconds)} tests, {sum(found.seconds.values()):.0f} s\n")
    trials = [trial.Trial(mutant, found.tests(mutant)) for mutant in chosen]
    survivors = [each.mutant for each in trials if not each.tests]
    kinds = Counter(mutant.rule for mutant in chosen)
    missed = Counter(mutant.rule for mutant in survivors)
    for each, is_noticed in trial.noticed([each for each in trials if each.tests], flags, options.jobs):
        if not is_noticed:
            survivors.append(each.mutant)
            missed[each.mutant.rule] += 1
    _told(survivors)
    for rule, count in sorted(kinds.items()):
        sys.stdout.write(f"  {rule:<11} {count - missed[rule]:>4} of {count:>4} noticed\n")
    killed = len(chosen) - len(survivors)
    share = killed / len(chosen) if chosen else 1.0
    sys.stdout.write(f"{killed} of {len(chosen)} noticed: {share:.1%}, in {time.monotonic() - started:.0f} s\n")
    return 0 if share >= options.bar else 1


if __name__ == "__main__":
    sys.exit(main())
