"""From facts to a status: evidence, the fourteen dimensions, the score, and the transitions between statuses.

May import `state`, `policy` and `contract`. Offers: `fold` (one fact, after the timers due before it), `timers` (what
changes by the clock), `transitions` (the rules as data), `commands` (what a command does in its place), `dimensions`,
`confidence`, `signals` (the evidence in a fact), `rhythm` (of an account's contacts), `ends` (of an agreement), `segments`,
`trades` (the tables of an account's trade), `plays`, `evidence` (the events behind a dimension), `diagram` (generates the
page of statuses).
"""
