"""Rows of a mapping become messages of the contract, in the order of time; what does not fit becomes a refusal.

Offers: `stream` (all queries, merged), `messages` (a row), `tally` (what was counted), `refusals` (told by reason).
"""
