"""Whether a firm still records as it did when its policy was calibrated. Pure; the bounds are those of the workers' alerts.

deploy/prometheus/rules.yml says the same of the workers' counters; here it is said of messages that somebody has counted.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from relationship.contract.names import OPTIONAL
from relationship.policy.compiled import Policy

# Messages of a type below which a share is chance.
LEAST: Final = 500
# A field moved where it is filled in less than half, or more than twice, of the share that it was; hundredths are no change.
HALF, TWICE = 0.5, 2.0
FELL, ROSE = 0.02, 0.1  # of the messages, by which it has to differ besides

#: "unknown": the policy was calibrated on no share of it; "few": too few messages to tell.
Verdict = Literal["same", "fell", "rose", "unknown", "few"]


class Drift(NamedTuple):
    """One figure: what it was when the policy was calibrated, and what it is now; None where there is none."""

    type: str
    field: str
    then: float | None
    now: float | None
    verdict: Verdict


def fields_drift(policy: Policy, messages: Mapping[str, int], filled: Mapping[tuple[str, str], int]) -> list[Drift]:
    """Return each optional field of the types that were looked at, or that the policy knows a share of.

    Args:
        policy: the one in force.
        messages: how many messages of each type were looked at.
        filled: how many of them had the field, by (type, field).
    """
    found = []
    for of, fields in OPTIONAL.items():
        for field in fields:
            then, seen = policy.firm.filled.get(f"{of}_{field}"), messages.get(of, 0)
            if seen or then is not None:
                now = filled.get((of, field), 0) / seen if seen else None
                found.append(Drift(of, field, then, now, _verdict(then, now, seen)))
    return found


def density_drift(policy: Policy, purchases: int, contacts: int) -> Drift:
    """Return meetings and tickets for one purchase; where no purchases come there is no such figure."""
    then, now = policy.firm.density or None, contacts / purchases if purchases else None
    if then is None:
        verdict: Verdict = "unknown"
    elif now is None or purchases < LEAST:
        verdict = "few"
    else:
        verdict = "fell" if now < HALF * then else "rose" if now > TWICE * then else "same"
    return Drift("purchase", "density", then, now, verdict)


def _verdict(then: float | None, now: float | None, seen: int) -> Verdict:
    if then is None:
        return "unknown"
    if now is None or seen < LEAST:
        return "few"
    return "fell" if now < HALF * then - FELL else "rose" if now > TWICE * then + ROSE else "same"
