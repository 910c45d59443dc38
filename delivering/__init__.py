"""Deliveries: decisions posted to web addresses, signed, for whoever has no Kafka. Run by `clientward deliver`.

Kafka is the queue: each endpoint has a mark in Redis, behind which everything is delivered or stands in Redis to be tried
again. Killed at any point, nothing is lost, and what is repeated has the same id. From the bottom up:

- `file`, `signing`, `addresses`, `events`, `retrying`: what an endpoint is, and one attempt's rules; no connection.
- `reading`: what is due, from Kafka, by the client's lanes. `state`: Redis. `lines`: what is on its way, by account.
- `metrics`, `sending`, `endpoint`: one endpoint at work. `feed`: who is fed by which reader. `web`, `run`: the process.

May import: `clientward_client`, `streams.config`, and third-party libraries. Offers: `file`, `run`, `state`.
"""
