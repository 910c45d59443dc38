"""What the pages ask of whoever takes webhooks (the room `hooks`); an intake without hooks does without."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from streams.kafka.publisher import ProducerRecord


class Heard(NamedTuple):
    """What a webhook comes to.

    Attributes:
        records: of the messages that it says, to be stored.
        ids: their `event_id`s.
        ignored: how many of its events say nothing that is of interest.
        dead: dead letters of those that cannot be mapped, to be stored too.
    """

    records: list[ProducerRecord]
    ids: list[str]
    ignored: int
    dead: list[ProducerRecord]


class HookTaker(Protocol):
    """Whoever takes webhooks."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep what is needed until the block ends."""

    async def hear(self, name: str, headers: Mapping[str, str], body: bytes, now: float) -> Heard:
        """Return what a request comes to at `now` (seconds since the epoch). Raises BadRequestError."""
