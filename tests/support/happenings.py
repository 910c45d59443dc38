"""All that a worker counts, brought about once: clients, repeats, refusals, a shadow, an erasure, a full Redis and more."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from engine_support import Event, send
from live import Live
from redis import Redis
from story import Told, command, courtship, purchase
from variants import variant_text

from clientward_store.keys import keys_of
from relationship.contract.outcome import POLICIES

TIPS: Final = 13  # messages of the courtship, the last of which makes a client
NOW: Final = datetime.now(UTC)

Until = Callable[[str], Awaitable[None]]  # returns once a counter or gauge of this name is more than zero


def told(messages: list[Told], account: str) -> list[Event]:
    """Return messages as another account's, moved in time so that the last is of now."""
    shift = NOW - messages[-1][1].occurred_at
    replace: Callable[..., Any] = msgspec.structs.replace
    moved = [
        replace(m, account_id=account, event_id=f"{account}-{m.event_id}", occurred_at=m.occurred_at + shift)
        for _, m in messages
    ]
    return [(topic, account, msgspec.json.encode(m)) for (topic, _), m in zip(messages, moved, strict=True)]


def spoil(deployment: Live, account: str) -> None:
    """Put bytes that are no record in an account's place, in whichever partition it will be looked for."""
    settings = deployment.settings
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        for number in range(settings.partitions):
            client.hset(keys_of(settings.table, number).values, account, b"no record")


async def in_shadow(deployment: Live) -> None:
    """Put a policy in shadow that makes no clients."""
    file = deployment.folder / "shadow.toml"
    await asyncio.to_thread(file.write_text, variant_text("s", client_up=95.0), encoding="utf-8")
    done = await deployment.run("policy", "shadow", str(file), "--by", "ops")
    assert done.code == 0, done.err


async def everything_happens(deployment: Live, until: Until) -> None:
    """Bring it all about, on a deployment that has a policy in shadow."""
    (topic, _, value), *_ = told([purchase(1)], "other")
    spoil(deployment, "broken")
    await send(deployment.settings, told(courtship()[:TIPS], "acme"))
    await deployment.folded()
    await send(deployment.settings, told(courtship()[:TIPS], "acme"))  # once more, as a producer that repeats itself
    await send(deployment.settings, [(topic, "other", value), (topic, "other", b"{"), (POLICIES, "k", b"{")])
    await send(deployment.settings, told([purchase(1)], "broken"))
    await deployment.folded()
    await send(deployment.settings, told([command(1, "erase")], "other"))
    await deployment.folded()
    with Redis.from_url(deployment.settings.redis_url.get_secret_value()) as client:
        client.config_set("maxmemory", "1")  # byte: it refuses to write, which the worker waits out
        try:
            await send(deployment.settings, told([purchase(2)], "waits"))
            await until("clientward_redis_failures_total")
            # The record in the step that is being written counts as behind, and has no age: the next one has.
            await send(deployment.settings, told([purchase(3)], "waits"))
            await until("clientward_lag_seconds")
        finally:
            client.config_set("maxmemory", "0")
    await deployment.folded()
    await until("clientward_policy_rejected_total")
