"""The connections to Redis: one client for synchronous calls, one for the running event loop, made when first used.

Rules: nothing connects before the first call; every socket has a time limit; nothing is tried twice, since only the
caller knows whether to wait; every error of redis-py leaves as one of `clientward_store.errors`.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from redis import Redis
from redis import asyncio as redis_async
from redis.asyncio.cluster import RedisCluster as AsyncCluster
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import parse_url
from redis.exceptions import NoScriptError, RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from clientward_store.coalescing import CoalescingClient
from clientward_store.errors import translated
from clientward_store.keys import PORT, Target
from clientward_store.packing import pack_with_hiredis
from clientward_store.scripts import Arg, Reply, Script, reply_of

T = TypeVar("T")
#: Seconds after which an idle connection is tried with a PING before it is used again.
HEALTH_CHECK_SECONDS: Final = 30
FAILURES: Final = (RedisError, RedisClusterException, OSError, asyncio.TimeoutError)


class Clients:
    """The clients of one store."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._making = threading.Lock()  # the write-behind thread and the event loop may call at once
        self._sync: Any = None
        self._async: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def call(self, do: Callable[[Any], T]) -> T:
        """Run `do` with the synchronous client.

        Raises:
            StoreUnavailable: Redis could not do it.
        """
        try:
            with self._making:
                if self._sync is None:
                    self._sync = sync_client(self.target)
                redis = self._sync
            return do(redis)
        except NoScriptError:
            raise
        except FAILURES as error:
            raise translated(error, self.target.address) from error

    async def acall(self, do: Callable[[Any], Awaitable[T]]) -> T:
        """Run `do` with the running loop's client.

        Raises:
            StoreUnavailable: Redis could not do it.
        """
        try:
            client = self._of_loop()
            return await (client.call(do) if isinstance(client, CoalescingClient) else do(client))
        except NoScriptError:
            raise
        except FAILURES as error:
            raise translated(error, self.target.address) from error

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        """Run a script synchronously, sending its text only where Redis does not know it yet."""
        try:
            return reply_of(self.call(lambda redis: redis.evalsha(script.sha, len(keys), *keys, *args)))
        except NoScriptError:
            return reply_of(self.call(lambda redis: redis.eval(script.text, len(keys), *keys, *args)))

    async def arun(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        """Run a script on the loop's client, sending its text only where Redis does not know it yet."""
        try:
            return reply_of(await self.acall(lambda redis: redis.evalsha(script.sha, len(keys), *keys, *args)))
        except NoScriptError:
            return reply_of(await self.acall(lambda redis: redis.eval(script.text, len(keys), *keys, *args)))

    def _of_loop(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._async is None or self._loop is not loop:
            client = async_client(self.target)
            # A Cluster's calls go to many servers, and redis-py runs no scripts in its pipelines.
            self._async, self._loop = (client if self.target.cluster else CoalescingClient(client)), loop
        return self._async

    async def close(self) -> None:
        """Close what is open; a later call connects anew."""
        sync, self._sync = self._sync, None
        mine, self._async = self._async, None
        if sync is not None:
            sync.close()
        if mine is not None and self._loop is asyncio.get_running_loop():
            await mine.aclose()


def settings(target: Target, retry: Any) -> dict[str, Any]:
    """Return the arguments that all kinds of client share."""
    return {
        "socket_timeout": target.timeout,
        "socket_connect_timeout": target.timeout,
        "health_check_interval": HEALTH_CHECK_SECONDS,
        "retry": retry,
        **target.options,
        "decode_responses": False,
    }


def sync_client(target: Target) -> Any:
    """Return a synchronous client for one server, a Cluster or a Sentinel's primary."""
    kwargs = settings(target, Retry(NoBackoff(), 0))
    if target.cluster:
        return RedisCluster.from_url(target.url, **kwargs)
    if target.sentinel:
        address, primary = behind_sentinel(target, kwargs)
        sentinel: Any = Sentinel  # redis-py leaves it untyped
        return sentinel([address], **limits(kwargs)).master_for(target.sentinel, **primary)
    return Redis.from_url(target.url, **kwargs)


def async_client(target: Target) -> Any:
    """Return a client for the running loop; it is not connected yet."""
    kwargs = settings(target, AsyncRetry(NoBackoff(), 0))
    if target.cluster:
        return AsyncCluster.from_url(target.url, **kwargs)
    if target.sentinel:
        address, primary = behind_sentinel(target, kwargs)
        sentinel: Any = AsyncSentinel
        return sentinel([address], **limits(kwargs)).master_for(target.sentinel, **primary)
    return pack_with_hiredis(redis_async.Redis.from_url(target.url, **kwargs))


def behind_sentinel(target: Target, kwargs: dict[str, Any]) -> tuple[tuple[str, int], dict[str, Any]]:
    """Return the Sentinel's address and the arguments for the primary: the URL's user, password, database and TLS."""
    read_url: Any = parse_url  # redis-py leaves it untyped
    said = read_url(target.url)
    address = said.pop("host", "localhost"), said.pop("port", PORT)
    if said.pop("connection_class", None):
        said["ssl"] = True
    return address, {**kwargs, **said}


def limits(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the time limits, for the connection to the Sentinel itself."""
    return {name: value for name, value in kwargs.items() if name.startswith("socket_")}
