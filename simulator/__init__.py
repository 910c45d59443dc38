"""The simulator: accounts of every trade, party and market played through years of event time from a known truth.

Pure: a seed and a moment go in, records and truths come out. It imports nothing of `relationship`: what is true here
is what the people are up to, and never the classifier's own formula.
"""

from simulator.casting import AccountTruth
from simulator.faults import Rates, SimEvent
from simulator.simulation import Simulation, simulate, simulate_events, write, write_truth

__all__ = ["AccountTruth", "Rates", "SimEvent", "Simulation", "simulate", "simulate_events", "write", "write_truth"]
