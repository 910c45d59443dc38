"""The reference of docs/reference/, made from the code and the contract, so that no page has to be kept up by hand.

`python -m tools.reference` writes it, `--check` compares; a test does the same. Offers: `settings`, `commands`, `metrics`,
`topics` and `http`, each of which returns its page; `tables` lays out what they all are made of.
"""
