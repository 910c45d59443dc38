"""What a run left beside what had to be: the oracle, and the invariants one by one.

Offers: `oracle` (the same records through the pure core alone), `found` (what a run left), `invariants` (the comparison),
`telling` (what was published).
"""
