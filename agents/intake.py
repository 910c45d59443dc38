"""One agent for each intake topic: it hands what was fetched to the owner of the partition, and does nothing else.

`noack`: Faust would acknowledge a batch as soon as the next one is asked for. The owner acknowledges, when all is done.
"""

from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Any

from streams.engine.app import App
from streams.wire.records import Batch


def add_intake_agents(app: App) -> None:
    """Register an agent for every intake topic."""
    for topic in sorted(app.intake):
        channel = app.topic(topic, key_type=bytes, value_type=bytes, value_serializer="raw")
        app.add_agent(_agent(app), channel, f"intake.{topic}")


def _agent(app: App) -> Callable[[Any], Awaitable[None]]:
    async def intake(stream: Any) -> None:
        batches: AsyncIterable[Batch] = stream.noack()
        async for batch in batches:
            app.put(batch)

    return intake
