"""What others make of the same purchases: counts, recency, RFM ranks, and the two "buy till you die" models.

BG/NBD: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005). MBG/NBD: Batislam,
Denizel and Filiztekin, Empirical validation and comparison of models for customer base analysis, IJRM 24 (2007). Both
are fitted by maximum likelihood and rank by the purchases expected in the time to come.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1
from scipy.stats import rankdata

from quality.cdnow import Customer, Split

Array = Any  # numpy's arrays; the product's type checker has no numpy
WEEK: Final = 7.0  # days


class Facts(NamedTuple):
    """One value for each customer. `days` are days with a purchase, `recency` and `age` days before the cut."""

    rows: Array
    days: Array
    recency: Array
    age: Array
    units: Array
    dollars: Array
    later: Array


def facts_of(customers: list[Customer], split: Split) -> Facts:
    """Return the facts that the models look at."""
    return Facts(
        np.array([len(each.known) for each in customers], float),
        np.array([len({bought.day for bought in each.known}) for each in customers], float),
        np.array([(split.cut - each.known[-1].day).days for each in customers], float),
        np.array([(split.cut - each.known[0].day).days for each in customers], float),
        np.array([sum(bought.units for bought in each.known) for each in customers]),
        np.array([sum(float(bought.dollars) for bought in each.known) for each in customers]),
        np.array([each.later for each in customers]),
    )


def decayed(customers: list[Customer], split: Split, half_life: float) -> Array:
    """Return the purchases of each customer, decayed to the cut with a half-life of so many days."""
    return np.array([sum(2 ** (-(split.cut - b.day).days / half_life) for b in each.known) for each in customers])


class Fitted(NamedTuple):
    """A fitted model's four parameters. `modified` is MBG/NBD: one may leave before the first repeat."""

    r: float
    alpha: float
    a: float
    b: float
    modified: bool

    def expected(self, x: Array, last: Array, age: Array, ahead: float) -> Array:
        """Return the purchases expected in `ahead` weeks, given `x` repeats, the `last` one and the `age` in weeks."""
        r, alpha, a, b, modified = self
        more = 1.0 if modified else 0.0
        series = hyp2f1(r + x, b + x + more, a + b + x + more - 1, ahead / (alpha + age + ahead))
        shrunk = ((alpha + age) / (alpha + age + ahead)) ** (r + x)
        gone = a / (b + x if modified else np.maximum(b + x - 1, b)) * ((alpha + age) / (alpha + last)) ** (r + x)
        return (a + b + x + more - 1) / (a - 1) * (1 - series * shrunk) / (1 + (gone if modified else gone * (x > 0)))


def _log_likelihood(parameters: Array, x: Array, last: Array, age: Array, modified: bool) -> float:
    r, alpha, a, b = np.exp(parameters)
    more = 1.0 if modified else 0.0
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stay = gammaln(a + b) + gammaln(b + x + more) - gammaln(b) - gammaln(a + b + x + more)
    alive = -(r + x) * np.log(alpha + age)
    left = np.log(a) - np.log(b + x if modified else b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last)
    either = np.logaddexp(alive, left) if modified else np.where(x > 0, np.logaddexp(alive, left), alive)
    return float(np.sum(rate + stay + either))


def fit(facts: Facts, *, modified: bool) -> Fitted:
    """Return the model of greatest likelihood."""
    x, last, age = in_weeks(facts)

    def loss(parameters: Array) -> float:
        return -_log_likelihood(parameters, x, last, age, modified) / len(x)

    found = minimize(loss, np.zeros(4), method="Nelder-Mead", options={"maxiter": 1_500, "xatol": 1e-4, "fatol": 1e-8})
    r, alpha, a, b = np.exp(found.x)
    return Fitted(float(r), float(alpha), float(a), float(b), modified)


def in_weeks(facts: Facts) -> tuple[Array, Array, Array]:
    """Return repeats (days with a purchase after the first), and the weeks from the first to the last and to the cut."""
    return facts.days - 1, (facts.age - facts.recency) / WEEK, facts.age / WEEK


def others(customers: list[Customer], split: Split) -> dict[str, Array]:
    """Return every other method's score of each customer."""
    facts = facts_of(customers, split)
    ranks = rankdata(facts.days) + rankdata(-facts.recency) + rankdata(facts.dollars)
    found = {
        "frequency (purchases)": facts.rows,
        "frequency (days with a purchase)": facts.days,
        "recency": -facts.recency,
        "spend": facts.dollars,
        "sum of RFM ranks": ranks,
        "frequency decayed by recency": facts.days * np.exp2(-facts.recency / 90),
        "purchases decayed, half-life 90 days": decayed(customers, split, 90.0),
    }
    ahead = (split.until - split.cut).days / WEEK
    for name, modified in (("BG/NBD", False), ("MBG/NBD", True)):
        found[name] = fit(facts, modified=modified).expected(*in_weeks(facts), ahead)
    return found
