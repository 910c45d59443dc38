"""The records of one run: the simulator's accounts in their order of arrival, and commands among them.

Offers: `workload`, `commanding`.
"""
