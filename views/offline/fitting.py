"""Fitting weights and the border of client to examples. Needs NumPy, SciPy and scikit-learn: `clientward[learn]`.

The weights are a logistic regression's coefficients, none below zero, drawn towards the base's weights:

    mean log-loss(w . x + b) + strength x |the part of w that is not in the base's proportions|^2,    w >= 0

It is convex, so SciPy's L-BFGS-B, which takes the bounds as they are, finds the least there is; scikit-learn's
LogisticRegression knows no bounds, and refitting without its negative ones need not end there. How steep it is, labels
alone tell: a great `strength` leaves the base's proportions as they are, at any steepness. It is chosen by scikit-learn's
cross-validation: the greatest whose log-loss on held-out accounts is within one standard error of the least. Folds
keep the share of clients and never part an account's labels. The border of least cost is that of the held-out scores.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from relationship.analysis.learning import (
    Example,
    Mistakes,
    base_weights,
    best_border,
    features,
    middle,
    mistakes,
    scaled,
    standing,
)
from relationship.policy.compiled import Policy

FOLDS: Final = 5
STRENGTHS: Final = tuple(10.0**power for power in range(0, -6, -1))  # the greatest first
STEEPEST: Final = 1e4  # a coefficient at most: where the classes part wholly there is no steepest one
RESAMPLES: Final = 2_000  # of the accounts, for an interval; more move its ends by less than a hundredth of its width
PRECISE: Final = {"ftol": 1e-10, "gtol": 1e-6, "maxiter": 500}
Array = Any  # NumPy's arrays; the product's type checker has no NumPy


class Learned(NamedTuple):
    """What was learned: weights, the border of client in points, and how strongly the base's weights drew."""

    weights: tuple[float, ...]
    border: float
    strength: float


class Facts(NamedTuple):
    """The examples as arrays: `x` a row each, `y` whether it is a client, `groups` the account."""

    x: Array
    y: Array
    groups: Array
    base: Array


def facts_of(examples: Sequence[Example], policy: Policy) -> Facts:
    """Return the arrays of examples."""
    ids = {account_id: i for i, account_id in enumerate(dict.fromkeys(each.account_id for each in examples))}
    base = np.array(base_weights(policy))
    return Facts(
        np.array([features(each, policy) for each in examples]),
        np.array([each.client for each in examples], float),
        np.array([ids[each.account_id] for each in examples]),
        base / base.sum(),
    )


def fit(facts: Facts, strength: float) -> tuple[Array, float]:
    """Return the coefficients, none below zero, and the intercept of least penalised loss.

    It sets out from the base's own proportions at their best steepness: a great strength leaves a narrow valley there.
    """
    s, b = _minimum(
        Facts((facts.x @ facts.base)[:, None], facts.y, facts.groups, np.ones(1)), np.array([1.0, 0.0]), 0.0
    )
    found = _minimum(facts, np.array([*(s * facts.base), b]), strength)
    return found[:-1], float(found[-1])


def _minimum(facts: Facts, start: Array, strength: float) -> Array:
    x, y, base = facts.x, facts.y, facts.base / np.linalg.norm(facts.base)

    def loss(p: Array) -> tuple[float, Array]:
        w, z = p[:-1], x @ p[:-1] + p[-1]
        wrong, away = (expit(z) - y) / len(y), w - (w @ base) * base
        value = np.mean(np.logaddexp(0.0, z) - y * z) + strength * away @ away
        return float(value), np.append(x.T @ wrong + 2 * strength * away, wrong.sum())

    bounds = [(0.0, STEEPEST)] * (len(start) - 1) + [(None, None)]
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=PRECISE).x


def folds(facts: Facts, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield the rows to fit on and those held out, fold by fold."""
    return iter(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(facts.x, facts.y, facts.groups))


def _rows(facts: Facts, rows: Array) -> Facts:
    return Facts(facts.x[rows], facts.y[rows], facts.groups[rows], facts.base)


def _loss_of(facts: Facts, parts: Sequence[tuple[Array, Array]], strength: float) -> tuple[float, float]:
    """Return the mean log-loss on the held-out rows, and its standard error over the folds."""
    losses = []
    for fitted, held in parts:
        w, b = fit(_rows(facts, fitted), strength)
        losses.append(log_loss(facts.y[held], expit(facts.x[held] @ w + b), labels=[0, 1]))
    return float(np.mean(losses)), float(np.std(losses, ddof=1) / sqrt(len(losses)))


def learn(examples: Sequence[Example], policy: Policy, seed: int) -> Learned:
    """Return what the examples teach."""
    facts = facts_of(examples, policy)
    parts = list(folds(facts, seed))
    tried = [(strength, *_loss_of(facts, parts, strength)) for strength in STRENGTHS]
    _, least, error = min(tried, key=lambda each: each[1])
    strength = next(strength for strength, loss, _ in tried if loss <= least + error)
    out = []
    for fitted, held in parts:
        weights = scaled(fit(_rows(facts, fitted), strength)[0], policy)
        out += [standing(examples[i], weights, policy) for i in held]
    return Learned(scaled(fit(facts, strength)[0], policy), best_border(out, policy), strength)


class HeldOut(NamedTuple):
    """What the base and what is learned cost on accounts that it was not learned from.

    `gains`: by account, how much less what is learned costs: the cost of a year of each label's mistake, summed.
    """

    before: Mistakes
    after: Mistakes
    gains: tuple[float, ...]

    def interval(self, seed: int) -> tuple[float, float]:
        """Return what 95 % of the sums of gains lie between, with the accounts drawn anew (the percentile bootstrap)."""
        gains = np.array(self.gains)
        sums = np.random.default_rng(seed).choice(gains, size=(RESAMPLES, len(gains))).sum(axis=1)
        low, high = np.percentile(sums, [2.5, 97.5])
        return float(low), float(high)


def held_out(examples: Sequence[Example], policy: Policy, seed: int) -> HeldOut:
    """Return the mistakes of the base and of what is learned, each on accounts that it was not learned from.

    Everything that is learned, its strength and border too, is learned anew without each fold.
    """
    before = after = Mistakes()
    base, gains = base_weights(policy), defaultdict[str, float](float)
    for fitted, held in folds(facts_of(examples, policy), seed):
        learned = learn([examples[i] for i in fitted], policy, seed)
        for each in (examples[i] for i in held):
            one = mistakes([standing(each, base, policy)], middle(policy))
            other = mistakes([standing(each, learned.weights, policy)], learned.border)
            before, after = before.plus(one), after.plus(other)
            gains[each.account_id] += one.cost - other.cost
    return HeldOut(before, after, tuple(gains.values()))
