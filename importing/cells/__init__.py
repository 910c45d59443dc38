"""One cell at a time, purely: from a person's text to an exact amount, a moment, a day, a truth or a word of the contract.

Whatever cannot be read, or could be read in two ways, is a `Misfit` with its reason; nothing is guessed.

Offers: `amounts`, `times`, `zones`, `words`.
"""
