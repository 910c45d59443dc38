"""What each part of a deployment does with Kafka and Redis, and so may do there: one table, from which all else is made.

`parts` is the table: read by `kafka_acls` and `redis_acl` (lines for an administrator), by `allowed` (which rights a login
lacks, asked of the brokers), and by docs/security.md. May import: `streams.config`, `streams.kafka`.

Offers: `parts`, `kafka_acls`, `redis_acl`, `allowed`.
"""
