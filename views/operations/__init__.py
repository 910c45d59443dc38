"""What whoever runs the system asks: lag, workers, refusals, the audit log, topics, and whether all is well.

Offers: `lag`, `outstanding`, `workers`, `refusals`, `audit`, `topics`, `doctor`.
"""
