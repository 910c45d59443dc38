"""What a person does about deliveries: pause, resume, replay, and redrive what was given up. Each is noted in the audit.

The audit's entry comes first, so that nothing is done that nobody answers for. It names the endpoint and no account, for it
stays when an account is erased.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from actions.auditing import audit_entry, require_reason
from actions.errors import InputError, server_errors
from actions.policies import require_name
from delivering.file import unknown_endpoint
from delivering.state import Store, kept_in, store_of
from relationship.contract.outcome import AUDIT
from streams.config.settings import Settings
from streams.kafka.letters import write_audit
from streams.kafka.sending import producer, require_topics

What = Literal["pause", "resume", "replay", "redrive"]
#: What the audit calls each.
ACTIONS: Final[dict[What, str]] = {
    "pause": "delivery-pause",
    "resume": "delivery-resume",
    "replay": "delivery-replay",
    "redrive": "delivery-redrive",
}


@asynccontextmanager
async def _store(
    settings: Settings, file: Path, name: str, what: What, by: str, why: str, detail: str = ""
) -> AsyncIterator[Store]:
    """Note in the audit what is done to an endpoint, and give what is kept of it.

    Raises InputError where the file has none of that name, or nobody says who and why; DeliveriesError, ServerError,
    TopicsError.
    """
    require_name(by)
    require_reason(why)
    unknown = unknown_endpoint(file, name)
    if unknown:
        raise InputError(unknown)
    with server_errors(kept_in(settings)):
        async with store_of(settings) as store:
            await require_topics(settings, {AUDIT})
            async with producer(settings) as client:
                await write_audit(client, audit_entry(ACTIONS[what], f"{name}{detail}: {why}", by))
            yield store


async def pause(settings: Settings, file: Path, name: str, *, by: str, why: str) -> None:
    """Let an endpoint wait until it is resumed; what comes meanwhile waits in Kafka."""
    async with _store(settings, file, name, "pause", by, why) as store:
        await store.pause(name, why, by, time.time())


async def resume(settings: Settings, file: Path, name: str, *, by: str, why: str) -> None:
    """Let a paused endpoint go on."""
    async with _store(settings, file, name, "resume", by, why) as store:
        await store.resume(name)


async def replay(settings: Settings, file: Path, name: str, since: datetime, *, by: str, why: str) -> None:
    """Let an endpoint begin again with the decisions since a time; they come under the same ids."""
    detail = f" since {since.isoformat(timespec='seconds')}"
    async with _store(settings, file, name, "replay", by, why, detail) as store:
        await store.replay(name, int(since.timestamp() * 1000))


async def redrive(settings: Settings, file: Path, name: str, event_ids: Sequence[str], *, by: str, why: str) -> int:
    """Try again what was given up, these or all; return how many they are."""
    detail = f", {len(event_ids)} of what was given up" if event_ids else ", all that was given up"
    async with _store(settings, file, name, "redrive", by, why, detail) as store:
        return await store.redrive(name, event_ids)
