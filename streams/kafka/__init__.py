"""Kafka as a client sees it: topics and their settings, reading a topic, sending records. Knows no Faust.

May import `wire` and `config`. Offers: `topics` (as data), `topic_plan`, `admin`, `groups` (a consumer group's members
and offsets), `bounds` (where partitions begin and end), `reading`, `erasures` (those that a partition must know ahead),
`sending` (a person's records), `publisher` (a worker's records), `refusals` (what Kafka does not store), `outgoing` (the
core's messages as records), `policies` (the topic of policies), `letters` (dead letters and their notes), `partitioning`
(which partition is an account's).
"""
