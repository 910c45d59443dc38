"""The base, all accounts together: decisions, counts, retention, and all of it as files for analysis.

Offers: `decisions`, `statuses` (counts), `retention`, `recording` (what the events say, and what of it has moved), `exports`
(states and decisions, message by message), `parquet`.
"""
