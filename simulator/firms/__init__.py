"""Firms that nobody has seen: many kinds of account, lived in full, and recorded in as many ways as firms record.

`steady`, `unusual`, `slow`, `ended`, `plain`, `marked` and `served` play the kinds, each labelled by what it is up to;
`recording` says what a firm makes of a life; `firms` are the firms. A part of the kinds and of the firms is kept out of all
tuning.

Offers: `base`, `firms`, `kinds`, `recording`.
"""

from simulator.firms.base import Base, Recorded
from simulator.firms.firms import FIRMS, REPORTED_FIRMS, TUNING_FIRMS
from simulator.firms.habits import Kind
from simulator.firms.kinds import GROUPS, HELDOUT, KINDS, TUNING
from simulator.firms.recording import Firm

__all__ = [
    "FIRMS",
    "GROUPS",
    "HELDOUT",
    "KINDS",
    "REPORTED_FIRMS",
    "TUNING",
    "TUNING_FIRMS",
    "Base",
    "Firm",
    "Kind",
    "Recorded",
]
