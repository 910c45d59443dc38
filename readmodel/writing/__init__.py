"""Records to rows: `writer.Writer` takes records in the order of their partitions and writes them with their positions.

One transaction holds a batch: rows, numbers of rows, and positions. A record that comes again changes nothing, for what it
says is known by its id, or by its place among the dead letters.

- `records`: what is used of a record. `upserts`: insert or update, in either database.
- `counters`: kinds, groups, flows and hours, with their numbers of rows.
- `accounts`, `decisions`, `shadows`, `audit`, `refusals`: one topic each. `erasing`: what a tombstone takes.
- `positions`: where the follower stands. `writer`: a batch. `upkeep`: what is done now and then.

Knows neither Kafka nor the queries. May import: what stands beside it.
"""
