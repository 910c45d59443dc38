"""`clientward policy learn`: weights and thresholds fitted to labelled accounts, as a policy to read and change."""

from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.mistakes import FAILED, WRONG_USE, MistakeError
from cli.output import columns, complain, printable, say

if TYPE_CHECKING:
    from cli.fitting import Learned
    from cli.labelled import Labelled
    from relationship.analysis.learning import Example, Mistakes
    from relationship.policy.compiled import Policy

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
    base: Annotated[Path, typer.Option(metavar="FILE", help="The policy to begin with.")] = Path("default"),
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write instead of stdout.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the folds: the same gives the same.")] = 1,
) -> None:
    """Fit weights and thresholds to labelled accounts, and write a policy that a person can read and change.

    Needs `clientward[learn]`. Without --out the policy goes to stdout and the report to stderr.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MistakeError(INSTALL, FAILED)
    if out is not None and out.exists() and base.exists() and out.samefile(base):
        raise MistakeError(f"--out {out} is the base: give another path, so that the two can be compared", WRONG_USE)
    from cli.labelled import gather, text_of  # noqa: PLC0415 - not for --help
    from relationship.policy.compiled import parse_policy  # noqa: PLC0415

    text = text_of(base)
    policy = parse_policy(text, str(base))
    found = gather(history, labels, policy)
    tell = say if out else complain
    _count(found, tell)
    written = _learned(text, found.examples, policy, seed, tell)
    if out:
        out.write_bytes(written.encode())
        tell(printable(f"wrote {out}: look it over, `clientward policy diff {base} {out}`, and backtest it"))
    else:
        typer.echo(written, nl=False)


def _count(found: "Labelled", tell: Callable[[str], None]) -> None:
    """Tell what there is to learn from; refuse too little of it."""
    from relationship.analysis.learning import ENOUGH, LEAST, PER_WEIGHT  # noqa: PLC0415 - not for --help

    accounts = {kind: len({e.account_id for e in found.examples if e.client == kind}) for kind in (True, False)}
    counted = Counter(each.client for each in found.examples)
    tell(
        f"{len(found.examples):,} labels of {found.accounts:,} accounts: {counted[True]:,} client, "
        f"{counted[False]:,} not; {found.lapsed:,} lapsed left out, for silence decides those and no score"
    )
    for kind, name in ((True, "client"), (False, "other than client")):
        if accounts[kind] < LEAST:
            text = f"{accounts[kind]} accounts are labelled {name}: label {LEAST} of each at least, to hold some out"
            raise MistakeError(text, FAILED)
    rarer = min(accounts.values())
    if rarer < ENOUGH:
        complain(
            f"few labels: {rarer} accounts of the rarer kind, where {ENOUGH} ({PER_WEIGHT} for each weight) are a usual "
            "least: the figures are rough, and the weights stay near the base's unless the labels speak plainly"
        )


def _learned(text: str, examples: "Sequence[Example]", policy: "Policy", seed: int, tell: Callable[[str], None]) -> str:
    """Return the learned policy's text, checked, and tell what came of it."""
    from cli.fitting import held_out, learn  # noqa: PLC0415 - slow, and an extra
    from relationship.analysis.learning import edits  # noqa: PLC0415
    from relationship.policy.compiled import parse_policy  # noqa: PLC0415
    from relationship.policy.edit import edited  # noqa: PLC0415

    learned = learn(examples, policy, seed)
    accounts = len({each.account_id for each in examples})
    written = edited(text, edits(learned.weights, learned.border, policy), accounts)
    after = parse_policy(written, "learned")
    if written == text:
        tell("the labels ask for no change: the policy stays as it is")
    _tell_values(policy, after, learned, tell)
    _tell_mistakes(held_out(examples, policy, seed), len(examples), tell)
    return written


def _tell_values(before: "Policy", after: "Policy", learned: "Learned", tell: Callable[[str], None]) -> None:
    from relationship.analysis.learning import BORDERS  # noqa: PLC0415 - not for --help
    from relationship.contract.names import DIMENSIONS  # noqa: PLC0415

    one, other = before.source, after.source
    rows = [("version", one.version, other.version)]
    rows += [(d, f"{one.dimensions[d].weight:g}", f"{other.dimensions[d].weight:g}") for d in DIMENSIONS]
    rows += [(name, f"{getattr(one.thresholds, name):g}", f"{getattr(other.thresholds, name):g}") for name in BORDERS]
    for line in columns((f"{before.id}", "base", "learned"), rows):
        tell(line)
    tell(f"drawn to the base's weights with a strength of {learned.strength:g}, of 1 (hard) to 1e-05 (hardly)")


def _tell_mistakes(found: "tuple[Mistakes, Mistakes]", labels: int, tell: Callable[[str], None]) -> None:
    rows = []
    for name, each in zip(("base", "learned"), found, strict=True):
        precision = f"{each.correct / each.predicted:.3f}" if each.predicted else "-"
        rows.append((name, precision, f"{each.correct / each.actual:.3f}", f"{each.cost / labels:.4f}"))
    for line in columns(("on held-out accounts", "precision", "recall", "cost of a label, a year"), rows):
        tell(line)
    before, after = found
    if after.cost >= before.cost:
        tell("what was learned is no cheaper on held-out accounts than the base: keep the base")
