"""How many cases a property is tried with: a hundred or two by default, thousands with `CASES=20` or more.

`make properties` runs every property with twenty times as many, `make mutation` with a tenth.
"""

import os

from hypothesis import HealthCheck, settings

FACTOR = float(os.environ.get("CASES", "1"))


def cases(count: int) -> settings:
    """Return Hypothesis's settings for so many cases, times the factor; a busy machine makes no failure."""
    return settings(
        max_examples=max(1, round(count * FACTOR)), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
