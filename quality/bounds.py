"""How well anybody could rank the same customers: learners with all facts, and the spread of chance.

The learners see what the loyalty measure sees and much more (money, weekdays, the first basket, every week's count), are
trained on other customers of the very same months (five folds), and so have an advantage over a formula fixed before.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from quality.cdnow import Customer, Split
from quality.models import WEEK, Array, decayed, facts_of

FOLDS: Final = 5
DRAWS: Final = 300  # of the bootstrap
HALF_LIVES: Final = (14.0, 30.0, 60.0, 120.0, 240.0)  # days


def _area(positive: Array, codes: Array, weights: Array) -> float:
    """Return the AUC of customers each of whom counts as often as its weight; `codes` are scores as ranks from 0."""
    above = np.bincount(codes, weights * positive)
    below = np.bincount(codes, weights * ~positive)
    return float(np.sum(above * (np.cumsum(below) - below / 2)) / (np.sum(above) * np.sum(below)))


def _codes(score: Array) -> Array:
    return np.unique(score, return_inverse=True)[1]


def auc(positive: Array, score: Array) -> float:
    """Return the chance (0-1) that one of the positives is ranked above one of the others; a tie is half of one."""
    return _area(positive, _codes(score), np.ones(len(positive)))


def spread(positive: Array, score: Array, than: Array | None = None, seed: int = 7) -> list[float]:
    """Return the bootstrap's 95 % interval of an AUC, or of how much it is above that of another score."""
    rng, found, size = np.random.default_rng(seed), [], len(positive)
    codes, others = _codes(score), None if than is None else _codes(than)
    for _ in range(DRAWS):
        weights = np.bincount(rng.integers(0, size, size), minlength=size)
        other = 0.0 if others is None else _area(positive, others, weights)
        found.append(_area(positive, codes, weights) - other)
    return [round(float(value), 4) for value in np.percentile(found, [2.5, 97.5])]


def _gaps(days: list[date]) -> list[float]:
    steps = np.diff([day.toordinal() for day in days])
    return [float(np.mean(steps)), float(np.std(steps)), float(steps[-1])] if len(steps) else [-1.0, -1.0, -1.0]


def features(customers: list[Customer], split: Split) -> Array:
    """Return all that is known of each customer at the cut, one row each."""
    facts, rows = facts_of(customers, split), []
    for each in customers:
        days, first, last = sorted({bought.day for bought in each.known}), each.known[0], each.known[-1]
        weeks = np.bincount([int((split.cut - bought.day).days // WEEK) for bought in each.known], minlength=39)
        baskets = [first.units, float(first.dollars), last.units, float(last.dollars), float(last.day.weekday())]
        rows.append([*_gaps(days), *baskets, float(len({(day.year, day.month) for day in days})), *weeks])
    counts = np.column_stack([*facts[:-1], facts.age - facts.recency, facts.dollars / facts.rows])
    masses = np.column_stack([decayed(customers, split, half_life) for half_life in HALF_LIVES])
    return np.column_stack([counts, masses, np.array(rows)])


def learners() -> dict[str, Callable[[], Any]]:
    """Return the makers of the learners tried."""
    return {
        "gradient-boosted trees": lambda: HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.03, max_leaf_nodes=8, min_samples_leaf=60, l2_regularization=5, random_state=0
        ),
        "extremely random trees": lambda: ExtraTreesClassifier(
            150, min_samples_leaf=25, max_features=0.4, random_state=0
        ),
        "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=400)),
    }


def learned(table: Array, positive: Array) -> dict[str, Array]:
    """Return the learners' scores of customers whom they were not trained on, and the mean of their ranks."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    found = {}
    for name, make in learners().items():
        seen = np.log1p(np.maximum(table, -0.5)) if name == "logistic regression" else table
        found[name] = cross_val_predict(make(), seen, positive, cv=folds, method="predict_proba")[:, 1]
    found["all of them together"] = sum(rankdata(scores) for scores in found.values())
    return found
