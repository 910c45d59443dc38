"""Connections of redis-py's asyncio client that pack commands with hiredis, as its synchronous client does by itself.

A commit of 2,000 values of 1 kB has over 8,000 arguments: packing them in Python costs more than Redis's work on them.
"""

from typing import Any

from hiredis import pack_command
from redis.asyncio.connection import Connection, SSLConnection


class HiredisConnection(Connection):
    """A plain connection that packs with hiredis."""

    def pack_command(self, *args: Any) -> list[bytes]:
        """Return a command in Redis's protocol."""
        return packed(args)


class HiredisSSLConnection(SSLConnection):
    """A TLS connection that packs with hiredis."""

    def pack_command(self, *args: Any) -> list[bytes]:
        """Return a command in Redis's protocol."""
        return packed(args)


def packed(args: tuple[Any, ...]) -> list[bytes]:
    """Pack a command; its name may be two words ("CLIENT SETINFO"), which Redis wants apart."""
    return [pack_command((*args[0].split(), *args[1:]))]


def pack_with_hiredis(client: Any) -> Any:
    """Let a client that has made no connection yet pack with hiredis, where its connections are the usual ones."""
    pool = client.connection_pool
    replaced = {Connection: HiredisConnection, SSLConnection: HiredisSSLConnection}
    pool.connection_class = replaced.get(pool.connection_class, pool.connection_class)
    return client
