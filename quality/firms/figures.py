"""The figures of one firm: who is told to be a client at the end, how soon, how steadily, and how sure.

*Right* is an account told to be a client that is one, or told to be none that is none. The calibration error is that of
`confidence` as the chance of being right: accounts in ten bins of equal width, the distance between what was said and what
came true, weighted by accounts (Naeini, Cooper and Hauskrecht, 2015).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final

from quality.courses import END
from quality.firms.folding import Told
from quality.tally import tally
from simulator.firms import GROUPS
from simulator.scoring import CLIENT

Figures = dict[str, Any]
BINS: Final = 10


def f1(found: int, of_told: int, of_true: int) -> float:
    """Return the harmonic mean of precision and recall; 0 where nobody was found."""
    return 2 * found / (of_told + of_true) if found else 0.0


def is_client(each: Told) -> bool:
    """Tell whether an account truly is a client at the end."""
    return each.course.truth.status_at(END) == CLIENT


def is_right(each: Told) -> bool:
    """Tell whether an account was told to be on the side of the border of client where it is."""
    return (each.status == CLIENT) == is_client(each)


def reliability(said: Sequence[tuple[float, bool]]) -> list[Figures]:
    """Return the reliability diagram of (confidence, right): bins with accounts, mean confidence and the share right."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in said:
        bins[min(BINS - 1, int(confidence * BINS))].append((confidence, right))
    return [
        {
            "accounts": len(each),
            "confidence": round(sum(confidence for confidence, _ in each) / len(each), 4),
            "right": round(sum(right for _, right in each) / len(each), 4),
        }
        for each in bins
        if each
    ]


def calibration_error(bins: Iterable[Figures]) -> float:
    """Return the expected calibration error (0-1) of a reliability diagram."""
    bins = list(bins)
    total = sum(each["accounts"] for each in bins)
    return sum(each["accounts"] * abs(each["confidence"] - each["right"]) for each in bins) / total if total else 0.0


def f1_of(accounts: Sequence[Told]) -> float:
    """Return the F1 of clients at the end."""
    clients = [is_client(each) for each in accounts]
    said = [each.status == CLIENT for each in accounts]
    return f1(sum(map(bool.__and__, clients, said)), sum(said), sum(clients))


def usual(accounts: Iterable[Told]) -> list[Told]:
    """Return the accounts whose kind has neither a slow rhythm nor an end: what a firm has most of."""
    hard = GROUPS["slow"] | GROUPS["ended"]
    return [each for each in accounts if each.course.truth.persona not in hard]


def figures(accounts: Sequence[Told]) -> Figures:
    """Return all figures of a firm, ready for JSON."""
    counted = tally((each.course for each in accounts), END).summary()
    clients, told_clients = [is_client(each) for each in accounts], [each.status == CLIENT for each in accounts]
    found = sum(map(bool.__and__, clients, told_clients))
    bins = reliability([(each.confidence, is_right(each)) for each in accounts])
    return {
        "accounts": len(accounts),
        "clients": sum(clients),
        "told": sum(told_clients),
        "found": found,
        "precision": round(found / sum(told_clients), 4) if any(told_clients) else None,
        "recall": round(found / sum(clients), 4) if any(clients) else None,
        "f1": round(f1_of(accounts), 4),
        "f1_usual": round(f1_of(usual(accounts)), 4),
        "delay_days": counted["delay_median_days"],
        "turns": counted["turns"],
        "turns_never_told": counted["turns_never_told"],
        "flaps_per_year": counted["flaps_per_year"],
        "account_years": counted["account_years"],
        "ece": round(calibration_error(bins), 4),
        "confidence_median": round(median(each.confidence for each in accounts), 3),
        "reliability": bins,
    }


def by_group(accounts: Sequence[Told]) -> dict[str, Figures]:
    """Return by group of kinds how many accounts are wrong, and of them the clients missed and the others told clients."""
    found = {}
    for group, kinds in GROUPS.items():
        there = [each for each in accounts if each.course.truth.persona in kinds]
        clients = sum(map(is_client, there))
        wrong = [each for each in there if not is_right(each)]
        missed = sum(map(is_client, wrong))
        found[group] = {
            "accounts": len(there), "clients": clients, "missed": missed, "false": len(wrong) - missed
        }  # fmt: skip
    return found


def misses(accounts: Iterable[Told]) -> list[Figures]:
    """Return every account that stands on the wrong side at the end: what it is, what was told, and how sure."""
    return [
        {
            "account": each.course.truth.account_id,
            "kind": each.course.truth.persona,
            "industry": each.course.truth.industry,
            "true": each.course.truth.status_at(END),
            "told": each.status,
            "score": round(each.score, 1),
            "confidence": round(each.confidence, 3),
        }
        for each in accounts
        if not is_right(each)
    ]


def by_kind(accounts: Sequence[Told]) -> list[Figures]:
    """Return for each kind of account how many there are, are truly clients, are told to be, and are misjudged."""
    groups: dict[str, list[Told]] = {}
    for each in accounts:
        groups.setdefault(each.course.truth.persona, []).append(each)
    return [
        {
            "kind": kind,
            "accounts": len(group),
            "clients": sum(map(is_client, group)),
            "told": sum(each.status == CLIENT for each in group),
            "wrong": sum(not is_right(each) for each in group),
            "delay_days": tally((each.course for each in group), END).summary()["delay_median_days"],
            "flaps": tally((each.course for each in group), END).flaps,
            "standings": dict(Counter(each.status for each in group).most_common()),
        }
        for kind, group in groups.items()
    ]
