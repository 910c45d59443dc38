"""A bad day rehearsed: one trouble after the other on real servers, and what a person is told of each, when and by whom.

Kafka, Redis, two workers, the console and a Prometheus run while customers buy. Each trouble is brought about, seen on the
console's *Now* and in the alarms, and mended as the runbook says, by the console's forms or by a command. In the end every
event must be accounted for. `make bad-day` plays it in some six minutes; with `--write` docs/bad-day.md is what was seen.
"""
