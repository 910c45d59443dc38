"""The contract as types: what producers send and what subscribers receive. Imports no other room.

Offers: `messages` (the intake), `decisions` (the output), `outcome` (a step's verdicts and the messages it sends),
`filters` (what is asked for of the output), `currencies`, `enums` (positions of the enumerations), `times` (event time as
integers), `names` (the dimensions, and the types of names).
"""
