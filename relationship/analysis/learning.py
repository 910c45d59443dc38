"""Learning from labels, the part that needs no library: examples, their classification, and its cost.

An example is the reading of one labelled account at its label's time. It is classified without its past: the border is the
middle of the band between `client_up` and `client_down`, and the gate is the one for staying a client. A year of each
mistake costs what the policy's `[costs]` say for the account's industry.

All four thresholds are moved by one shift: `[costs]` price the border of client alone, so the bands and their distance stay.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from math import inf
from typing import Final, NamedTuple

from relationship.classify.transitions import GATE_SLACK, eased, read
from relationship.contract import enums
from relationship.contract.names import DIMENSIONS
from relationship.policy.compiled import Policy
from relationship.policy.edit import Edit
from relationship.state.account import Account

BORDERS: Final = ("candidate_up", "candidate_down", "client_up", "client_down")
PER_WEIGHT: Final = 10  # examples of the rarer class for each weight: Peduzzi et al., J Clin Epidemiol 49 (1996)
ENOUGH: Final = PER_WEIGHT * len(DIMENSIONS)
LEAST: Final = 10  # accounts of each class: with fewer, one fold of five has one or none, and none can be held out
VERSION_MOST: Final = 32  # characters of a version
ROUNDING: Final = 1e-6  # of sums of costs
LEARNED: Final = "-learned-"

Weights = Sequence[float]


class Example(NamedTuple):
    """One label with the reading at its time.

    `open`: gate and tenure allow it to be a client; `eased`: points that an agreement in force takes off the bar.
    """

    account_id: str
    client: bool
    values: tuple[float, ...]
    industry: int | None
    open: bool
    eased: float = 0.0


class Standing(NamedTuple):
    """An example scored: its points less its trade's shift, and the cost of classifying it wrongly."""

    points: float
    client: bool
    open: bool
    price: float


class Mistakes(NamedTuple):
    """Counts of clients: predicted, actual, and both (`correct`); `cost` is that of a year of all mistakes."""

    correct: int = 0
    predicted: int = 0
    actual: int = 0
    cost: float = 0.0

    def plus(self, other: "Mistakes") -> "Mistakes":
        """Return the sum of both."""
        correct, predicted, actual, cost = other
        return Mistakes(self.correct + correct, self.predicted + predicted, self.actual + actual, self.cost + cost)


def example_of(account_id: str, account: Account, policy: Policy, *, client: bool) -> Example:
    """Return an account as an example."""
    reading = read(account, policy)
    known = account.first is not None and account.t - account.first >= policy.stays_us["tenure"]
    is_open = known and reading.gate(GATE_SLACK)
    values = tuple(reading.values)
    return Example(account_id, client, values, account.industry, is_open, eased(account, policy) / 100)


def base_weights(policy: Policy) -> tuple[float, ...]:
    """Return the weights of the dimensions, in their order."""
    return tuple(policy.source.dimensions[d].weight for d in DIMENSIONS)


def factors(industry: int | None, policy: Policy) -> tuple[float, ...]:
    """Return an industry's factors on the weights, and those of the firm: what its events cannot say weighs less."""
    own = policy.source.industries[enums.INDUSTRIES[-1 if industry is None else industry]].weights
    covered = policy.firm.coverage
    return tuple(own.get(d, 1.0) * covered.get(d, 1.0) for d in DIMENSIONS)


def shift(industry: int | None, policy: Policy) -> float:
    """Return the points by which an industry's prior and costs, and the firm's bar, move the thresholds."""
    return policy.trade(industry).client_up / 100 - policy.source.thresholds.client_up


def features(example: Example, policy: Policy) -> list[float]:
    """Return what the weights are fitted on: the values, with the industry's factors and shift applied.

    A score reaches its border where sum(w x factor x (value - border)) >= 0, so in these features the border is nearly the
    same in every trade; the remaining effect of the factors is that of the base's weights.
    """
    scale, moved = factors(example.industry, policy), (shift(example.industry, policy) - example.eased) / 100
    base = base_weights(policy)
    size = sum(w * s for w, s in zip(base, scale, strict=True)) / sum(base)
    return [s * (value - moved) / size for s, value in zip(scale, example.values, strict=True)]


def standing(example: Example, weights: Weights, policy: Policy) -> Standing:
    """Return an example scored by some weights."""
    shares = [w * s for w, s in zip(weights, factors(example.industry, policy), strict=True)]
    score = 100 * sum(s * value for s, value in zip(shares, example.values, strict=True)) / (sum(shares) or 1.0)
    false_client, missed_client = policy.costs(example.industry)
    price = missed_client if example.client else false_client
    return Standing(score - shift(example.industry, policy) + example.eased, example.client, example.open, price)


def middle(policy: Policy) -> float:
    """Return the middle of the band between entering and leaving `client`, in points."""
    return (policy.source.thresholds.client_up + policy.source.thresholds.client_down) / 2


def mistakes(standings: Iterable[Standing], border: float) -> Mistakes:
    """Return the mistakes where the border of client is so many points."""
    total = Mistakes()
    for each in standings:
        predicted = each.open and each.points >= border
        cost = each.price if predicted != each.client else 0.0
        total = total.plus(Mistakes(predicted and each.client, predicted, each.client, cost))
    return total


def best_border(standings: Sequence[Standing], policy: Policy) -> float:
    """Return the border of least cost: the base's where none costs less, else the middle of the widest interval of points.

    All four thresholds, moved along with it, are within 0-100.
    """
    t, at = policy.source.thresholds, middle(policy)
    since, high = at - t.candidate_down, at + 100 - t.client_up
    ordered = sorted((each.points, each.client, each.price) for each in standings if each.open)
    cost = sum(price for _, client, price in ordered if not client)
    best = (inf, 0.0, at)
    for points, client, price in [*ordered, (inf, True, 0.0)]:
        until = max(since, min(points, high))
        if until > since:
            best = min(best, (round(cost, 9), since - until, (since + until) / 2))
        since = until
        cost += price if client else -price
    never_open = sum(each.price for each in standings if each.client and not each.open)
    return at if mistakes(standings, at).cost <= best[0] + never_open + ROUNDING else best[2]


def scaled(coefficients: Weights, policy: Policy) -> tuple[float, ...]:
    """Return coefficients as weights with the base's sum, to a tenth; the base's where none is above zero."""
    base, total = base_weights(policy), sum(coefficients)
    if total <= 0.0:
        return base
    return tuple(round(float(each / total * sum(base)), 1) for each in coefficients)


def edits(weights: Weights, border: float, policy: Policy) -> list[Edit]:
    """Return the changes to the base's text: weights, thresholds, and the version; none where no number differs."""
    moved, t = round(border - middle(policy), 1), policy.source.thresholds
    if not moved and tuple(weights) == base_weights(policy):
        return []
    changed = [Edit(("thresholds", name), str(round(getattr(t, name) + moved, 4))) for name in BORDERS]
    changed += [Edit(("dimensions", d, "weight"), str(float(w))) for d, w in zip(DIMENSIONS, weights, strict=True)]
    return [Edit(("version",), f'"{version_of(policy.version, changed)}"'), *changed]


def version_of(before: str, changed: Iterable[Edit]) -> str:
    """Return the base's version with a suffix by which learned policies of other numbers differ."""
    digest = blake2b("".join(each.value + " " for each in changed).encode(), digest_size=3).hexdigest()
    suffix = LEARNED + digest
    return before.partition(LEARNED)[0][: VERSION_MOST - len(suffix)] + suffix
