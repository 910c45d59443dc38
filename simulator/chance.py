"""Seeded chance: every draw of the simulator comes from a generator made here, so the same seed gives the same bytes.

Each account has generators of its own, named by seed and number: an account is the same whoever else is played.
"""

from bisect import bisect
from itertools import accumulate
from math import exp
from random import Random
from typing import NamedTuple


class Odds(NamedTuple):
    """Names and the cumulated share (0-1) up to and with each of them."""

    names: tuple[str, ...]
    upto: tuple[float, ...]


def odds(**weights: float) -> Odds:
    """Return the odds of the names in proportion to their weights (any unit, more than 0 in all)."""
    total = sum(weights.values())
    return Odds(tuple(weights), tuple(share / total for share in accumulate(weights.values())))


def even(*names: str) -> Odds:
    """Return even odds of the names."""
    return odds(**dict.fromkeys(names, 1.0))


def dice(*name: object) -> Random:
    """Return the generator of this name; not for secrets."""
    return Random("/".join(map(str, name)))  # noqa: S311 - a simulation has to be repeatable


def pick(rng: Random, chances: Odds) -> str:
    """Draw one name."""
    return chances.names[min(bisect(chances.upto, rng.random()), len(chances.names) - 1)]


def around(rng: Random, middle: float, spread: float) -> float:
    """Draw a positive number whose median is `middle`; `spread` is the log-normal sigma, 0 for exactly the middle."""
    return middle * exp(rng.gauss(0.0, spread)) if spread else middle


def between(rng: Random, bounds: tuple[float, float]) -> float:
    """Draw evenly between two bounds."""
    low, high = bounds
    return low + (high - low) * rng.random()
