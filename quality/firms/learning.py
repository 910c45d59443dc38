"""With labels: `clientward policy learn` on so many labelled accounts of a firm, and the regression on the very same.

The labelled accounts are others than those that are judged, of the same kinds. Which of a firm's accounts are labelled is
chance, so it is drawn several times, and the median told.
"""

from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from cli.main import run
from quality.firms.files import write_events, write_labels
from quality.firms.folding import Heard
from simulator.chance import dice

LABELS: Final = 100
DRAWS: Final = 5
Measured = dict[str, Any]


def drawn(accounts: Sequence[Heard], firm: str, draw: int, labels: int = LABELS) -> list[Heard]:
    """Return the labelled accounts of one draw: those of which anything was heard, each as likely as another."""
    known = [each for each in accounts if each.messages]
    return dice("labels", firm, draw).sample(known, min(labels, len(known)))


def learned(labelled: Sequence[Heard], base: str) -> str:
    """Return the policy's text that `clientward policy learn` makes of labelled accounts; `base` where it makes none."""
    with TemporaryDirectory() as folder:
        history, labels, before, after = (Path(folder) / name for name in ("h.jsonl", "l.csv", "base.toml", "out.toml"))
        write_events(labelled, history)
        write_labels(labelled, labels)
        before.write_text(base, encoding="utf-8")
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            code = run(["policy", "learn", str(history), str(labels), "--base", str(before), "--out", str(after)])
        return base if code or not after.exists() else after.read_text(encoding="utf-8")


def with_labels(
    firm: str,
    teachers: Sequence[Heard],
    base: str,
    judged: Callable[[str], float],
    regressed: Callable[[Sequence[Heard]], float],
    draws: int,
) -> Measured:
    """Return the F1 of both with labels, draw by draw, and their medians.

    `judged` returns the F1 of a policy's text on the accounts judged, `regressed` that of the regression trained on some.
    """
    ours, theirs, unchanged = [], [], 0
    for draw in range(draws):
        labelled = drawn(teachers, firm, draw)
        text = learned(labelled, base)
        unchanged += text == base
        ours.append(judged(text))
        theirs.append(regressed(labelled))
    return {
        "labels": LABELS,
        "learned": [round(each, 4) for each in ours],
        "regression": [round(each, 4) for each in theirs],
        "learned_f1": round(median(ours), 4),
        "regression_f1": round(median(theirs), 4),
        "unchanged": unchanged,
    }
