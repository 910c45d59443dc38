"""The pictures of docs/concepts/, drawn from stories that are really folded: `python -m tools.pictures`, or `--check`.

Offers: `stories` (a story's account as the core has it), `course` (its score over time) and `measures` (its dimensions
beside another's); `svg` has what they draw with.
"""
