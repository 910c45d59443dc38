"""Which partition an account belongs to: Kafka's own partitioner, murmur2 over the key's bytes.

aiokafka's producer and Kafka's Java producer use it by default; librdkafka's default is another one.
"""

from aiokafka.partitioner import murmur2

_POSITIVE = 0x7FFF_FFFF  # Java's hash is signed; Kafka drops the sign before it takes the remainder


def partition_of(account_id: str, partitions: int) -> int:
    """Return the partition of an account's records, table entries and state among `partitions`."""
    return partition_of_key(account_id.encode(), partitions)


def partition_of_key(key: bytes, partitions: int) -> int:
    """Return the partition of a record's key among `partitions`."""
    return int((murmur2(key) & _POSITIVE) % partitions)
