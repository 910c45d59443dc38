"""The pure core: what tells a client from a customer.

May import: the standard library and msgspec. Knows no Kafka, no Redis, no clock and no asyncio: time and positions are
arguments, and a step returns what it wants sent. An import contract (`pyproject.toml`) holds this line.
"""
