"""Whether a soak passed: memory that stays flat, every record accounted for, nothing left waiting. Pure."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import linear_regression, median
from typing import Final, NamedTuple

from benchmarks.soak.sampling import Sample

# The first third warms up: the cache fills, every account is seen, the allocator finds its size.
WARM_SHARE: Final = 1 / 3
PER_SECONDS: Final = 600.0
# MiB that the worker may grow in ten minutes. At 1,000 events a second that is under two bytes an event, and the smallest
# Python object has sixteen: one kept for every event, every account touched or every step would show as 3 to 10 MiB.
FLAT_MIB: Final = 1.0
MIB: Final = 2.0**20


class Line(NamedTuple):
    """A straight line through samples: its height at second 0, its slope per ten minutes, and the slope's standard error."""

    at_zero: float
    slope: float
    error: float


class Check(NamedTuple):
    """One thing that must hold, and what was seen."""

    text: str
    met: bool


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples after the warm-up."""
    begin = samples[-1].seconds * WARM_SHARE
    return [sample for sample in samples if sample.seconds >= begin]


def line(seconds: Sequence[float], values: Sequence[float]) -> Line:
    """Return the line of least squares. Raises ValueError where there are fewer than three points."""
    if len(seconds) < 3:  # noqa: PLR2004 - two points lie on any line
        raise ValueError(f"{len(seconds)} samples: too few for a line")
    slope, at_zero = linear_regression(seconds, values)
    middle = sum(seconds) / len(seconds)
    rest = sum((y - at_zero - slope * x) ** 2 for x, y in zip(seconds, values, strict=True))
    error = sqrt(rest / (len(seconds) - 2) / sum((x - middle) ** 2 for x in seconds))
    return Line(at_zero, slope * PER_SECONDS, error * PER_SECONDS)


def worker_line(samples: Sequence[Sample]) -> Line:
    """Return the line through the worker's memory after the warm-up, in MiB."""
    kept = warm(samples)
    return line([sample.seconds for sample in kept], [sample.worker_mib for sample in kept])


def figures(samples: Sequence[Sample]) -> Mapping[str, float]:
    """Return what the soak comes to after the warm-up: medians over the samples, and slopes."""
    kept = warm(samples)
    first, last = kept[0], kept[-1]
    memory = worker_line(samples)
    events = max(last.folded - first.folded, 1)
    return {
        "events_per_second": (last.folded - first.folded) / max(last.seconds - first.seconds, 1e-9),
        "worker_mib": median(sample.worker_mib for sample in kept),
        "worker_mib_per_10_min": memory.slope,
        "worker_mib_per_10_min_error": memory.error,
        "broker_mib": median(sample.broker_mib for sample in kept),
        "redis_bytes_per_event": (last.redis_mib - first.redis_mib) * MIB / events,
        "lag_events_at_most": max(sample.lag_events for sample in kept),
        "p50_ms": median(sample.p50_ms for sample in kept if sample.p50_ms is not None),
        "p99_ms": median(sample.p99_ms for sample in kept if sample.p99_ms is not None),
        "worker_cores": median(sample.worker_cpu for sample in kept),
        "broker_cores": median(sample.broker_cpu for sample in kept),
        "redis_cores": median(sample.redis_cpu for sample in kept),
    }


def checks(
    samples: Sequence[Sample], expected: Mapping[str, int], held: Mapping[str, int], answered: tuple[int, int]
) -> list[Check]:
    """Hold what was seen against what was published.

    Args:
        samples: the last of them taken when all was folded.
        expected: how many records must have which verdict.
        held: how many Redis's records say were applied and repeated, and how many are in the dead-letter topic.
        answered: decisions that came, of those that were waited for.
    """
    last, slope = samples[-1], worker_line(samples)
    seen = {"applied": last.applied, "repeat": last.repeats, "refused": last.refused}
    total = sum(expected.values())
    return [
        Check(
            f"the worker grows {slope.slope:+.2f} ± {slope.error:.2f} MiB in ten minutes, and may by {FLAT_MIB:g}",
            slope.slope <= FLAT_MIB,
        ),
        Check(
            f"{last.folded:,} of {total:,} records are accounted for, and lag is {last.lag_events}", _all(last, total)
        ),
        Check(f"by verdict, the worker says {_listed(seen)}; it must be {_listed(expected)}", seen == dict(expected)),
        Check(f"the accounts in Redis and the dead letters say {_listed(held)}", dict(held) == dict(expected)),
        Check(f"{answered[0]:,} of {answered[1]:,} probes were answered by a decision", answered[0] == answered[1]),
    ]


def _all(last: Sample, total: int) -> bool:
    return last.folded == total and last.lag_events == 0


def _listed(verdicts: Mapping[str, int]) -> str:
    return ", ".join(f"{verdicts.get(name, 0):,} {name}" for name in ("applied", "repeat", "refused"))
