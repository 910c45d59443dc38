"""What the workers say of themselves at /metrics: how long decisions take, and which figures they are at."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout
from prometheus_client.parser import text_string_to_metric_families

ASK_SECONDS: Final = 2.0
MOST_BYTES: Final = 4_000_000  # of an answer; a worker's is some 30 kB
LATENCY: Final = "clientward_decision_latency_seconds_bucket"


class Told(NamedTuple):
    """What the workers that answered have told, added up.

    Attributes:
        buckets: decisions by the upper bound of their latency in seconds, cumulative, as Prometheus has it.
        silent: the addresses that did not answer.
    """

    buckets: Mapping[float, float]
    silent: Sequence[str]


async def ask_workers(urls: Sequence[str]) -> Told:
    """Return what the workers at these addresses tell."""
    buckets, silent = Counter[float](), list[str]()
    async with ClientSession(timeout=ClientTimeout(total=ASK_SECONDS)) as session:
        for url in urls:
            try:
                async with session.get(url, allow_redirects=False) as answer:
                    text = (await answer.content.read(MOST_BYTES)).decode()
                buckets.update(_latencies(text))
            except (ClientError, TimeoutError, ValueError):
                silent.append(url)
    return Told(buckets, silent)


def _latencies(text: str) -> dict[float, float]:
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return {float(each.labels["le"]): each.value for each in samples if each.name == LATENCY}


def quantile(now: Mapping[float, float], then: Mapping[float, float], share: float) -> float | None:
    """Return the latency in seconds below which a share of the decisions between two looks were; None of none.

    Within a bucket the decisions count as evenly spread, as Prometheus' `histogram_quantile` has it.
    """
    counts = [(bound, max(0.0, now[bound] - then.get(bound, 0.0))) for bound in sorted(now)]
    if not counts or counts[-1][1] <= 0:
        return None
    wanted, low, below = counts[-1][1] * share, 0.0, 0.0
    for bound, count in counts:
        if count >= wanted:
            return low if math.isinf(bound) else low + (bound - low) * (wanted - below) / max(count - below, 1e-9)
        low, below = bound, count
    return low
