"""The contract's own tools beside its files: golden messages made from a story, and what of the contract may change.

For development only: no part of the product imports this, and its wheel has none of it. Offers: `make_golden` (writes
`golden/`), `compatibility` (compares the contract with `released/`), `story` and `output` (what `make_golden` writes).
"""
