"""Errors of aiokafka and of redis-py as one line for a person: which server it is, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError
from redis import exceptions as redis_errors

from streams.config.load import shown
from streams.config.settings import Settings


class ServerError(Exception):
    """Kafka or Redis does not answer, or refuses. The text is one line that says what to do."""


class ServerUnavailableError(ServerError):
    """A server does not answer; the same question may be answered later."""


@contextmanager
def server_errors(settings: Settings) -> Iterator[None]:
    """Raise ServerError for what aiokafka and redis-py raise in the block."""
    try:
        yield
    except KafkaError as error:
        raise _of_kafka(error, settings) from error
    except redis_errors.RedisError as error:
        raise _of_redis(error, settings) from error


def _of_kafka(error: KafkaError, settings: Settings) -> ServerError:
    tokens = settings.kafka_tokens
    if tokens is not None and tokens.failure is not None:
        return ServerUnavailableError(f"no login at Kafka at {settings.kafka_bootstrap}: {tokens.failure}")
    if isinstance(error, KafkaConnectionError | KafkaTimeoutError | NodeNotReadyError):
        where = settings.kafka_bootstrap
        return ServerUnavailableError(
            f"Kafka does not answer at {where}: start it, or set CLIENTWARD_KAFKA_BOOTSTRAP and the login"
        )
    return ServerError(f"Kafka refuses: {error}; `clientward doctor` looks closer")


def _of_redis(error: redis_errors.RedisError, settings: Settings) -> ServerError:
    away = isinstance(error, redis_errors.ConnectionError | redis_errors.TimeoutError)
    if away and not isinstance(error, redis_errors.AuthenticationError):
        where = shown(settings.redis_url)
        return ServerUnavailableError(f"Redis does not answer at {where}: start it, or set CLIENTWARD_REDIS_URL")
    return ServerError(f"Redis refuses: {error}; `clientward doctor` looks closer")
