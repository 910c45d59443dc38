"""The promise: each event's effect on state exactly once, each decision published at least once, nothing lost.

May import `driver`, `kafka`, `wire`, `config`, the store and `relationship`. Offers: `app` (the Faust app), `partition` (the
owner of one partition number: a step, its order, its failures), `ports` (what it asks of the outside), `commit` (what
follows the fold), `step` (one step as values), `metrics`, `failpoints`, `redis_calls`. The rest is the
room's own: inbox, merge, dispatch, what Kafka refuses (`set_aside`), timers, batch sizing, erasure guard.
"""
