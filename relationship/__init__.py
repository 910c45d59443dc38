"""The pure core: what distinguishes a client from a customer.

May import: the standard library and msgspec. It uses no Kafka, no Redis, no clock and no asyncio: times and offsets are
arguments, and a step returns the messages to send. An import contract (`pyproject.toml`) enforces this.
"""
