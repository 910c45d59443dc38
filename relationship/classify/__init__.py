"""From facts to a status: evidence, the fourteen dimensions, the score, and the transitions between statuses.

May import `state`, `policy` and `contract`. Offers: `fold` (one fact, and the timers before it), `transitions` (the rules as
data), `dimensions`, `signals` (what a fact is evidence of), `segments`, `plays`, `evidence` (which events stand behind a
dimension), `diagram` (the page of statuses, drawn from the rules).
"""
