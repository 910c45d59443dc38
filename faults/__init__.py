"""The crash harness: faults while real workers run on real Kafka and Redis, and a comparison with an oracle.

A seeded workload goes through the group while it is killed, paused, wiped; then every account and every decision is compared
with what the pure core makes of the same events. `make faults` tries each fault once, and every control; `make faults
SEEDS=100` so many seeds in turn. See docs/reliability.md.

`scenarios` has the faults and the controls; the rooms are `scripts` (one run and its harm), `records`, `workers`, `servers`,
`comparison`, and `bad_day`: what a person is told on such a day.
"""
