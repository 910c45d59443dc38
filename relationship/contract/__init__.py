"""The contract: what producers may say and what subscribers hear, as types. Imports nothing of ours.

Offers: `messages` (the intake), `decisions` (the output), `outcome` (a step's verdicts and what it sends), `currencies`,
`enums` (positions of the enumerations), `times` (event time as integers), `names` (the dimensions, and shapes of names).
"""
