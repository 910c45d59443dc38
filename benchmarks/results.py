"""What a measure returns: samples, the medians of their rounds, and the aims held against them."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """One run of one program in one round; `values` by name, each name with its unit in it or in the measure's columns."""

    program: str
    round: int
    values: Mapping[str, float]


class Aim(NamedTuple):
    """One aim of the issue: what was measured against what it should be, and whether it is met."""

    text: str
    value: float
    target: float
    met: bool


class Measure(NamedTuple):
    """One measure, done. `columns` are the values shown, by name, with their headings."""

    name: str
    title: str
    columns: Mapping[str, str]
    samples: Sequence[Sample]
    aims: Sequence[Aim]
    notes: Sequence[str] = ()

    def medians(self) -> dict[str, dict[str, float]]:
        """Return the median over the rounds of every value of every program, in the order of their first run."""
        return medians(self.samples)


def medians(samples: Iterable[Sample]) -> dict[str, dict[str, float]]:
    """Return the median over the rounds of every value of every program."""
    found: dict[str, dict[str, list[float]]] = {}
    for sample in samples:
        for name, value in sample.values.items():
            found.setdefault(sample.program, {}).setdefault(name, []).append(value)
    return {program: {name: median(each) for name, each in values.items()} for program, values in found.items()}


def at_least(text: str, value: float, target: float) -> Aim:
    """Return the aim that a value is no less than its target."""
    return Aim(f"{text} ≥ {target:g}", value, target, value >= target)


def at_most(text: str, value: float, target: float) -> Aim:
    """Return the aim that a value is no more than its target."""
    return Aim(f"{text} ≤ {target:g}", value, target, value <= target)


def as_json(measure: Measure) -> dict[str, Any]:
    """Return a measure as the results file holds it."""
    return {
        "title": measure.title,
        "columns": dict(measure.columns),
        "medians": measure.medians(),
        "aims": [aim._asdict() for aim in measure.aims],
        "notes": list(measure.notes),
        "rounds": [sample._asdict() for sample in measure.samples],
    }
