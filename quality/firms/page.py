"""The part of `docs/quality.md` on firms that nobody has seen, and its aims, from the results alone."""

from collections import Counter
from collections.abc import Iterable
from statistics import fmean
from typing import Any, Final

from quality.firms.figures import BINS, calibration_error
from quality.firms.reported import ROWS
from quality.firms.tried import Table, tried

Result = dict[str, Any]
MOST_DELAY: Final = 25.0  # days, at the firm of every field
MOST_FLAPS: Final = 0.03  # in an account-year, there too
MOST_ERROR: Final = 0.05  # of the confidence, over all firms

HEAD = """
## At firms that nobody has seen

{kinds} kinds of account that nothing was tuned on, {per_kind} accounts of each (seed {seed}), each with a life of its
own over one to six years, recorded in {firms} ways that nothing was tuned on either: which fields are ever filled in, how
much of the contact is logged, as what kind, and which feeds there are. The label is what the account is up to
(`simulator/firms`), the same at every firm. No label is shown to the classifier.
{how}

The *rival* is a logistic regression on what anybody would count of an account, trained on {tuning_kinds} other kinds of
account (seed {teacher_seed}), every one with its label, recorded by the very same firm. The *limit* is the same regression
trained on other accounts of the same kinds, which no firm has labels of. *Usual kinds* leave out those with a slow rhythm
(by season, quarter or year, or waiting under an agreement) and those whose relationship has ended: a third of all kinds.
"""
CALIBRATED = "The policy is calibrated on the firm's own events, as `clientward policy calibrate` does."
SHIPPED = "The policy is the shipped one, calibrated on nothing."
SURE = """
### Confidence

`confidence` says how likely the account is on the right side of the border of client. Over all {firms} firms, {accounts:,}
accounts; the expected calibration error is {error:.3f} (ten bins of equal width).
"""
LABELS = """
### With 100 labels

`clientward policy learn` on 100 labelled accounts of the firm, beside the regression on the very same ones; the median of
{draws} draws, F1 of clients at the end on accounts that were not labelled.
"""
WRONG = """
### Every miss

Accounts on the wrong side of the border of client at the end, of {per_kind} of each kind, at the firms of the table above;
each one is in [quality/misses.csv](../quality/misses.csv), with what was told of it.
"""


def _pooled(rows: Iterable[Result]) -> list[Result]:
    """Return the reliability diagram over all firms."""
    bins: dict[int, Counter[str]] = {}
    for each in (each for row in rows for each in row["ours"]["reliability"]):
        kept = bins.setdefault(min(BINS - 1, int(each["confidence"] * BINS)), Counter())
        kept["accounts"] += each["accounts"]
        kept["confidence"] += each["accounts"] * each["confidence"]
        kept["right"] += each["accounts"] * each["right"]
    return [
        {"accounts": (of := each["accounts"]), "confidence": each["confidence"] / of, "right": each["right"] / of}
        for _, each in sorted(bins.items())
    ]


def firm_aims(found: Result) -> list[tuple[str, str, str, bool, str]]:
    """Return name, what is asked, what was measured, whether it is reached, and what holds where nobody could reach it."""
    rows, aimed = {row["firm"]: row for row in found["rows"]}, []
    for firm, least in ROWS.items():
        if firm not in rows:
            continue
        ours, limit = rows[firm]["ours"]["f1"], rows[firm]["limit"]["f1"]
        instead = f"nor does the limit, with {limit:.3f}" if limit < least else ""
        aimed.append((f"F1, firm: {firm}", f">= {least:.2f}", f"{ours:.3f}", ours >= least, instead))
    full = rows["every field"]["ours"]
    delay, flaps = full["delay_days"], full["flaps_per_year"]
    aimed.append((
        "median delay, firm: every field", f"<= {MOST_DELAY:.0f} days", "never" if delay is None else f"{delay:.1f}",
        delay is not None and delay <= MOST_DELAY, "",
    ))  # fmt: skip
    aimed.append((
        "flaps in an account-year, firm: every field", f"<= {MOST_FLAPS}", f"{flaps:.3f}", flaps <= MOST_FLAPS, "",
    ))  # fmt: skip
    error = calibration_error(_pooled(found["rows"]))
    aimed.append(("calibration error of confidence", f"<= {MOST_ERROR}", f"{error:.3f}", error <= MOST_ERROR, ""))
    for firm, row in rows.items():
        if row.get("labels"):
            ours, theirs = row["labels"]["learned_f1"], row["labels"]["regression_f1"]
            aimed.append((
                f"F1 with 100 labels, firm: {firm}", f">= {theirs:.3f}", f"{ours:.3f}", ours >= theirs, ""
            ))  # fmt: skip
    return aimed


def section(found: Result, table: Table) -> str:
    """Return the section of these results."""
    rows = found["rows"]
    words = {name: found[name] for name in ("kinds", "per_kind", "seed", "tuning_kinds", "teacher_seed")}
    text = HEAD.format(**words, firms=len(rows), how=CALIBRATED if found["calibrated"] else SHIPPED)
    return (
        text
        + _first(rows, table)
        + tried(firm_aims(found), fmean(row["ours"]["f1"] for row in rows if row["firm"] in ROWS), table)
        + _rest(rows, table)
        + _groups(rows, table)
        + _confidence(rows, table)
        + _labels(rows, table)
        + _wrong(found, table)
    )


def _first(rows: list[Result], table: Table) -> str:
    heads = ["firm", "aim", "**Clientward**", "usual kinds", "as shipped", "rival", "limit"]
    lines = [
        [
            row["firm"],
            ROWS[row["firm"]],
            row["ours"]["f1"],
            row["ours"]["f1_usual"],
            row["shipped"]["f1"] if "shipped" in row else None,
            row["rival"]["f1"],
            row["limit"]["f1"],
        ]
        for row in rows
        if row["firm"] in ROWS
    ]
    return "\nF1 of clients at the end:\n\n" + table(heads, lines)


def _rest(rows: list[Result], table: Table) -> str:
    measures = {
        "precision": "precision",
        "recall": "recall",
        "F1": "f1",
        "median delay, days": "delay_days",
        "turns never told": "turns_never_told",
        "flaps a year": "flaps_per_year",
        "calibration error": "ece",
    }
    heads = ("firm", "events", *measures, "rival's F1")
    lines = [
        [row["firm"], row["events"], *(row["ours"][name] for name in measures.values()), row["rival"]["f1"]]
        for row in rows
    ]
    return "\n### All firms\n\n" + table(heads, lines)


def _counted(group: Result) -> str:
    """Return how many of a group's clients were missed, and how many of its others were told to be clients."""
    clients, others = group["clients"], group["accounts"] - group["clients"]
    words = [f"{group['missed']} of {clients} missed"] if clients else []
    words += [f"{group['false']} of {others} told"] if others else []
    return ", ".join(words)


def _groups(rows: list[Result], table: Table) -> str:
    text = "\nClients missed, and others told to be clients, by what makes their kinds hard to judge:\n\n"
    groups = list(rows[0]["groups"])
    lines = [
        [row["firm"], *(_counted(row["groups"][group]) for group in groups)] for row in rows if row["firm"] in ROWS
    ]
    return text + table(["firm", *groups], lines)


def _confidence(rows: list[Result], table: Table) -> str:
    bins = _pooled(rows)
    accounts = sum(each["accounts"] for each in bins)
    text = SURE.format(firms=len(rows), accounts=accounts, error=calibration_error(bins))
    said, right = ([round(each[name], 3) for each in bins] for name in ("confidence", "right"))
    drawn = (
        '\n```mermaid\nxychart-beta\n    title "Said (line) and right (bars), by bin of confidence"\n'
        f'    x-axis {[f"{value:.2f}" for value in said]}\n    y-axis "share right" 0 --> 1\n'
        f"    bar {right}\n    line {said}\n```\n"
    ).replace("'", '"')
    lines = [[f"{each['confidence']:.3f}", each["right"], each["accounts"]] for each in bins]
    return text + drawn + "\n" + table(["said, on average", "right", "accounts"], lines)


def _labels(rows: list[Result], table: Table) -> str:
    there = [row for row in rows if row.get("labels")]
    if not there:
        return ""
    text = LABELS.format(draws=len(there[0]["labels"]["learned"])) + "\n"
    heads = ["firm", "without labels", "learned", "regression on the same"]
    return text + table(
        heads,
        [
            [row["firm"], row["ours"]["f1"], row["labels"]["learned_f1"], row["labels"]["regression_f1"]]
            for row in there
        ],
    )


def _wrong(found: Result, table: Table) -> str:
    there = [row for row in found["rows"] if row["firm"] in ROWS]
    kinds = sorted({kind for row in there for kind in row["wrong"]}, key=lambda kind: (-_all(there, kind), kind))
    lines = [[kind, *(row["wrong"].get(kind, 0) for row in there)] for kind in kinds]
    return WRONG.format(per_kind=found["per_kind"]) + "\n" + table(["kind", *(row["firm"] for row in there)], lines)


def _all(rows: Iterable[Result], kind: str) -> int:
    return sum(row["wrong"].get(kind, 0) for row in rows)
