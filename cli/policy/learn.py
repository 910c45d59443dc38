"""`clientward policy learn`: weights and thresholds fitted to labelled accounts, as a policy to read and change."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.errors import FAILED, WRONG_USE, CommandError
from cli.options import open_events
from cli.output import columns, print_error, print_line, printable
from cli.policy.files import DEFAULT, text_of
from relationship.analysis.learning import BORDERS, ENOUGH, LEAST, PER_WEIGHT, Example, Mistakes, edits
from relationship.contract.names import DIMENSIONS
from relationship.policy.compiled import Policy, parse_policy
from relationship.policy.edit import edited
from streams.config.load import load_settings
from views.offline.examples import LabelledAccounts, UnusedLabel, examples_of, fold_history
from views.offline.labels import read_labels

NEEDED: Final = ("numpy", "scipy", "sklearn")
INSTALL: Final = "learning needs scikit-learn, which is not installed: pip install 'clientward[learn]'"


def learn_command(
    history: Annotated[
        Path, typer.Argument(metavar="HISTORY.jsonl", help="The history, as for replay; - reads stdin.")
    ],
    labels: Annotated[
        Path,
        typer.Argument(metavar="LABELS", help="CSV or JSONL of account_id,label[,at], or `simulate --truth`'s file."),
    ],
    base: Annotated[Path, typer.Option(metavar="FILE", help="The policy to begin with.")] = DEFAULT,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write instead of stdout.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the folds: the same gives the same.")] = 1,
) -> None:
    """Fit weights and thresholds to labelled accounts, and write a policy that a person can read and change.

    Needs `clientward[learn]`. Without --out the policy goes to stdout and the report to stderr.
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise CommandError(INSTALL, FAILED)
    if out is not None and out.exists() and base.exists() and out.samefile(base):
        raise CommandError(f"--out {out} is the base: give another path, so that the two can be compared", WRONG_USE)
    text = text_of(base)
    policy = parse_policy(text, str(base))
    found = gather(history, labels, policy)
    print_unused(labels, found.unused)
    report = print_line if out else print_error
    _count(found, report)
    written = _learned(text, found.examples, policy, seed, report)
    if out:
        out.write_bytes(written.encode())
        report(printable(f"wrote {out}: look it over, `clientward policy diff {base} {out}`, and backtest it"))
    else:
        typer.echo(written, nl=False)


def gather(history: Path, labels: Path, policy: Policy) -> LabelledAccounts:
    """Return the examples of a history's labelled accounts. Raises InputError, OSError."""
    known = read_labels(labels)
    with open_events(history) as lines:
        run = fold_history(lines, policy, load_settings(), lines.print_refusal)
    return examples_of(run, known, policy)


def print_unused(file: Path, unused: Iterable[UnusedLabel]) -> None:
    """Print which labels fit no account, and why."""
    for label, text in ((each.label, each.text) for each in unused):
        print_error(printable(f"{file}:{label.line}: {label.account_id}: {text}; left out"))


def _count(found: LabelledAccounts, report: Callable[[str], None]) -> None:
    """Report what there is to learn from; refuse too little of it."""
    accounts = {kind: len({e.account_id for e in found.examples if e.client == kind}) for kind in (True, False)}
    counted = Counter(each.client for each in found.examples)
    report(
        f"{len(found.examples):,} labels of {found.accounts:,} accounts: {counted[True]:,} client, "
        f"{counted[False]:,} not; {found.lapsed:,} lapsed left out, whose silence the base has seen already"
    )
    for kind, name in ((True, "client"), (False, "other than client")):
        if accounts[kind] < LEAST:
            text = f"{accounts[kind]} accounts are labelled {name}: label {LEAST} of each at least, to hold some out"
            raise CommandError(text, FAILED)
    rarer = min(accounts.values())
    if rarer < ENOUGH:
        print_error(
            f"few labels: {rarer} accounts of the rarer kind, where {ENOUGH} ({PER_WEIGHT} for each weight) are a usual "
            "least: the figures are rough, and the weights stay near the base's unless the labels speak plainly"
        )


def _learned(text: str, examples: Sequence[Example], policy: Policy, seed: int, report: Callable[[str], None]) -> str:
    """Return the learned policy's text, checked, and report what came of it; the base's where the gain may be chance."""
    from views.offline import fitting  # noqa: PLC0415 - scikit-learn is an extra, and the help must do without

    learned = fitting.learn(examples, policy, seed)
    accounts = len({each.account_id for each in examples})
    written = edited(text, edits(learned.weights, learned.border, policy), accounts)
    _print_values(policy, parse_policy(written, "learned"), learned, report)
    found = fitting.held_out(examples, policy, seed)
    _print_mistakes((found.before, found.after), len(examples), report)
    low, high = (each / len(examples) for each in found.interval(seed))
    report(f"gain, a label and year: {sum(found.gains) / len(examples):.4f}, by chance {low:.4f} to {high:.4f} (95 %)")
    if written == text:
        report("the labels ask for no change: the policy stays as it is")
    elif low <= 0:
        report(f"the gain may be chance: the policy stays as it is; more labels than {len(examples):,} may tell")
        return text
    return written


def _print_values(before: Policy, after: Policy, learned: Any, report: Callable[[str], None]) -> None:
    one, other = before.source, after.source
    rows = [("version", one.version, other.version)]
    rows += [(d, f"{one.dimensions[d].weight:g}", f"{other.dimensions[d].weight:g}") for d in DIMENSIONS]
    rows += [(name, f"{getattr(one.thresholds, name):g}", f"{getattr(other.thresholds, name):g}") for name in BORDERS]
    for line in columns((f"{before.id}", "base", "learned"), rows):
        report(line)
    report(f"drawn to the base's weights with a strength of {learned.strength:g}, of 1 (hard) to 1e-05 (hardly)")


def _print_mistakes(found: tuple[Mistakes, Mistakes], labels: int, report: Callable[[str], None]) -> None:
    rows = []
    for name, each in zip(("base", "learned"), found, strict=True):
        precision = f"{each.correct / each.predicted:.3f}" if each.predicted else "-"
        rows.append((name, precision, f"{each.correct / each.actual:.3f}", f"{each.cost / labels:.4f}"))
    for line in columns(("on held-out accounts", "precision", "recall", "cost of a label, a year"), rows):
        report(line)
