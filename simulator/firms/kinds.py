"""All kinds of account, and those of them that nothing may be tuned on."""

from typing import Final

from simulator.firms.ended import ENDED
from simulator.firms.further.kept import KEPT, KEPT_BY_SEASON
from simulator.firms.further.parted import PARTED
from simulator.firms.further.visited import PRAISED, VISITED
from simulator.firms.habits import Kind
from simulator.firms.marked import MARKED
from simulator.firms.plain import PLAINLY
from simulator.firms.served import SERVED
from simulator.firms.slow import SLOW
from simulator.firms.steady import STEADY
from simulator.firms.unusual import UNUSUAL

# By what makes a kind hard to judge, if anything does: its rhythm, its end, its marks, or the people whom it meets.
GROUPS: Final[dict[str, frozenset[str]]] = {
    "steady": frozenset({**STEADY, **KEPT}),
    "unusual": frozenset(UNUSUAL),
    "slow": frozenset({**SLOW, **KEPT_BY_SEASON}),
    "ended": frozenset({**ENDED, **PARTED}),
    "plain": frozenset(PLAINLY),
    "marked": frozenset({**MARKED, **PRAISED}),
    "served": frozenset({**SERVED, **VISITED}),
}
KINDS: Final[dict[str, Kind]] = {
    **STEADY, **UNUSUAL, **SLOW, **ENDED, **PLAINLY, **MARKED, **SERVED,
    **KEPT, **KEPT_BY_SEASON, **PARTED, **VISITED, **PRAISED,
}  # fmt: skip
TUNING: Final = tuple(kind for kind in KINDS.values() if not kind.heldout)
HELDOUT: Final = tuple(kind for kind in KINDS.values() if kind.heldout)
