"""The promise: each event's effect on state exactly once, each decision published at least once, nothing lost.

May import `driver`, `kafka`, `wire`, `config`, the store and `relationship`. Offers: `app` (the Faust app), `partition` (the
owner of one partition number: a step, its order, its failures), `step` (one step as values), `inbox` and `intake`, `merge`,
`dispatch` (what committed steps still owe), `metrics`, `policy_follower`, `failpoints`, `redis_calls`; `timer_rescan`,
`erasure_guard` and `batch_sizing` are `partition`'s own.
"""
