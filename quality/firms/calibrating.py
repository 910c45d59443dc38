"""The product's own calibration, where it is there: from a firm's events, without labels, to a policy's text.

`relationship.analysis.calibration` offers `calibrated(messages, base)`: pairs of topic and message in any order, and the
text of the policy to start from; it returns the text of the firm's own.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from quality.firms.folding import Heard
from relationship.contract import messages as m

MODULE: Final = "relationship.analysis.calibration"
Calibrate = Callable[[Iterable[tuple[str, m.Message]], str], str]


def calibrator() -> Calibrate | None:
    """Return the product's calibration, or None where this version has none."""
    if find_spec(MODULE) is None:
        return None
    return cast("Calibrate", import_module(MODULE).calibrated)


def calibrated(accounts: Iterable[Heard], base: str) -> str:
    """Return the text of the policy calibrated on what a firm recorded. Raises LookupError where this version has none."""
    calibrate = calibrator()
    if calibrate is None:
        raise LookupError(f"this version has no {MODULE}: measure without --calibrate")
    # Interleaved as they would come from the topics.
    messages = sorted((each for account in accounts for each in account.messages), key=lambda each: each[1].occurred_at)
    return calibrate(messages, base)
