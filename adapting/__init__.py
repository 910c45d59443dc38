"""A foreign topic's records, to messages on the intake: `clientward adapt ADAPTER.toml`, scaled by its consumer group.

At least once, with ids that repeat: what was published is committed afterwards, and a record that is read again gives the
same ids, of which the worker counts one. What does not map goes to the dead letters with its reason.

- `file`: ADAPTER.toml. `errors`: what cannot work. `registry`: a schema registry over HTTP.
- `decoding`: a record's bytes as rows of JSON; `mapping`: rows as messages, by SQL; `changes`: a row's update or deletion
  as corrections; `publishing`: messages as records. No connection.
- `run`: the process.

Its libraries come with `clientward[adapt]`; no worker imports this room. May import: `importing`, `streams`,
`relationship.contract`. Offers: `run` (the process), `errors`.
"""
