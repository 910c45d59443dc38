"""All kinds of account, and those of them that nothing may be tuned on."""

from typing import Final

from simulator.firms.ended import ENDED
from simulator.firms.habits import Kind
from simulator.firms.marked import MARKED
from simulator.firms.slow import SLOW
from simulator.firms.steady import STEADY

KINDS: Final[dict[str, Kind]] = {**STEADY, **SLOW, **ENDED, **MARKED}
TUNING: Final = tuple(kind for kind in KINDS.values() if not kind.heldout)
HELDOUT: Final = tuple(kind for kind in KINDS.values() if kind.heldout)
