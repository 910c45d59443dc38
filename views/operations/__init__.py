"""What whoever runs the system asks: lag, workers, deliveries, refusals, the audit log, topics, rights, and if all is well.

Offers: `lag`, `flow`, `outstanding`, `workers`, `servers`, `deliveries`, `refusals`, `audit`, `topics`, `doctor`, `rights`.
"""
