"""How a firm fills in what it sends, counted for a worker's metrics: cheap enough for every message.

What a policy was calibrated on is in its `[firm]` part, as `filled` and `density`; where the counts go another way, the
firm records otherwise by now, and the policy should be calibrated again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any, Final, NamedTuple

from relationship.analysis.recording import TYPES
from relationship.contract import messages as m
from relationship.contract.names import OPTIONAL
from relationship.policy.compiled import Policy

_FIELDS: Final = {of: (name, OPTIONAL[name], attrgetter(*OPTIONAL[name])) for of, name in TYPES.items()}


class Filled(NamedTuple):
    """Of some messages of one type: how many have a field, and how many have it not."""

    type: str
    field: str
    yes: int
    no: int


def filling(messages: Iterable[m.Message]) -> Iterator[Filled]:
    """Yield how often each optional field is filled, of each type that there is; commands have none."""
    rows: defaultdict[type, list[Any]] = defaultdict(list)
    for message in messages:
        kind = type(message)
        if kind in _FIELDS:
            rows[kind].append(_FIELDS[kind][2](message))
    for kind, filled in rows.items():
        name, fields, _ = _FIELDS[kind]
        for field, column in zip(fields, zip(*filled, strict=True), strict=True):
            no = column.count(None)
            yield Filled(name, field, len(filled) - no, no)


def calibrated_on(policy: Policy) -> Iterator[tuple[str, str, float]]:
    """Yield (type, field, share filled) of the messages that a policy was calibrated on; nothing where it was not."""
    for name, share in policy.firm.filled.items():
        of, _, field = name.partition("_")
        yield of, field, share
