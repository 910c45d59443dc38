"""The console over a million accounts: the records of such a base, its tables, a PostgreSQL for them, and its pages.

Offers: `records`, `tables`, `postgres`, `pages`.
"""
