"""Measuring on real purchases: the loyalty dimension beside every other way of ranking the same customers."""

from typing import Any, Final

import numpy as np

from quality.bounds import auc, features, learned, spread
from quality.cdnow import MANY, TEST, TUNING, Customer, Split, folded, load, readings, shared_file
from quality.measuring import Result, Say
from quality.models import Array, others
from relationship.policy.compiled import Policy

LOYALTY: Final = "loyalty (D6)"
LEARNED: Final = "learned: "
Scores = dict[str, dict[str, Array]]


def purchases(policy: Policy, say: Say, *, quick: bool) -> Result | None:
    """Measure the ranking of buyers on CDNOW; None where the purchases are not there. `quick`: nothing is learned."""
    path = shared_file()
    if not path.exists():
        say(f"CDNOW skipped: {path.name} is not there; CLIENTWARD_SHARED names the folder whose data/ has it")
        return None
    history = load(path)
    say("CDNOW, folding")
    customers = folded(history, TEST, policy)
    positives = answers(customers)
    scores = _scores(customers, positives, policy, say, quick=quick)
    once = np.array([len({bought.day for bought in each.known}) == 1 for each in customers])
    say("CDNOW, areas" + ("" if quick else " and their spread"))
    rows = [_row(name, scores, positives, once, quick=quick) for name in scores["any"]]
    tuning = None if quick else _areas(folded(history, TUNING, policy), policy)
    return {**_facts(customers, positives, once, TEST), "on_tuning_split": tuning, "rows": rows}


def answers(customers: list[Customer]) -> dict[str, Array]:
    """Return who bought after the cut, at all (`any`) and three times or more (`many`)."""
    later = np.array([each.later for each in customers])
    return {"any": later >= 1, "many": later >= MANY}


def _scores(customers: list[Customer], positives: dict[str, Array], policy: Policy, say: Say, *, quick: bool) -> Scores:
    ours = {name: np.array(scores) for name, scores in readings(customers, policy).items()}
    fixed = ours | others(customers, TEST)
    found = {question: dict(fixed) for question in positives}
    if not quick:
        table = features(customers, TEST)
        for question, positive in positives.items():
            say(f"CDNOW, learners ({question})")
            found[question] |= {LEARNED + name: scores for name, scores in learned(table, positive).items()}
    return found


def _row(name: str, scores: Scores, positives: dict[str, Array], once: Array, *, quick: bool) -> Result:
    """Return one method's areas: of all, of those who had bought on one day only, and of the others."""
    row: dict[str, Any] = {"name": name}
    for question, positive in positives.items():
        score = scores[question][name]
        row[question] = round(auc(positive, score), 4)
        row[f"{question}_once"] = round(auc(positive[once], score[once]), 4)
        row[f"{question}_oftener"] = round(auc(positive[~once], score[~once]), 4)
        if not quick:
            row[f"{question}_95"] = spread(positive, score)
            row[f"{question}_loyalty_ahead_95"] = spread(positive, scores[question][LOYALTY], score)
    return row


def _areas(customers: list[Customer], policy: Policy) -> Result:
    score, positives = np.array(readings(customers, policy)[LOYALTY]), answers(customers)
    return {question: round(auc(positive, score), 4) for question, positive in positives.items()}


def _facts(customers: list[Customer], positives: dict[str, Array], once: Array, split: Split) -> Result:
    return {
        "customers": len(customers),
        "cut": split.cut.isoformat(),
        "until": split.until.isoformat(),
        "bought_any": round(float(np.mean(positives["any"])), 4),
        "bought_many": round(float(np.mean(positives["many"])), 4),
        "bought_on_one_day_before": round(float(np.mean(once)), 4),
        "of_any_bought_on_one_day_before": round(float(np.mean(once[positives["any"]])), 4),
        "of_many_bought_on_one_day_before": round(float(np.mean(once[positives["many"]])), 4),
    }
