"""One run, and the scripts that do harm in it.

Offers: `run`, `pacing` (how a run begins, and how long is waited for what), `on_workers`, `on_stores`.
"""
