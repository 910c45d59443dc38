"""Real Kafka and real Redis with neither Docker nor a Java of one's own: for the demo, the tests and the benchmarks.

    with kafka_server() as kafka, redis_server(appendonly="always") as redis:
        print(kafka.bootstrap, redis.url)

What is started here listens on loopback on free ports, lives in a temporary folder, and is gone with that folder when
the block ends, and also when this process dies in whatever way (`guardian.py` says how). Nothing else is ever touched.
Everything here blocks; a coroutine uses `asyncio.to_thread`.
"""

from streams.embedded.errors import EmbeddedError

try:
    from streams.embedded.kafka import KafkaServer, kafka_server
    from streams.embedded.redis import RedisServer, redis_server
    from streams.embedded.server import Server
except ModuleNotFoundError as error:
    hint = f"{error.name} is not installed: run `make setup`, or install clientward[embedded]"
    raise EmbeddedError(hint) from error

__all__ = ["EmbeddedError", "KafkaServer", "RedisServer", "Server", "kafka_server", "redis_server"]
