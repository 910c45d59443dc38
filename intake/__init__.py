"""Events over plain HTTP, for whoever has no Kafka: CloudEvents in, answered 202 only when Kafka has stored them.

Run by `clientward intake`. It keeps nothing: what is not answered 202 is the sender's to send again, under the same ids.

- `keys`: who may send, from a TOML file of hashes. `limits`: how much. Pure, or as good as.
- `formats`: a request's body as events; `checking`: an event as a record, or why it is refused. No connection.
- `storing`: Kafka. `metrics`, `openapi`, `app`: the pages. `run`: the process.

Its libraries come with `clientward[intake]`; no worker imports this room. May import: `streams`, `relationship.contract`.
Offers: `run` (the server), `keys` (new keys, and the file's errors).
"""
