"""Whether all is well, for an onlooker: the doctor's checks, the table's contents, an account's traces after its erasure.

May import every other room of `streams`. Offers: `doctor`, `finding`, `table` (what Redis holds, read only), `traces`,
`server_errors` (errors of Kafka and Redis as one line). Those that begin with
`doctor_`, and `denials` (which error is which fault), are its own.
"""
