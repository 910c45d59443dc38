"""The history that the intake topics hold, merged as the workers merge it: what a policy can be tried on without a file."""

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, TICKETS, Message
from relationship.contract.outcome import Refused
from relationship.contract.times import micros
from streams.config.settings import Settings
from streams.kafka.reading import count_records, read_to_end
from streams.wire.codecs import Codec, Limits
from views.errors import server_errors

#: What others send. What the workers send to each other comes of it, and comes again as it is folded.
TOPICS: Final = (PROFILES, PURCHASES, TICKETS, MEETINGS, COMMANDS)
#: Records held at once: some 200 MB. Of a longer history a share of the accounts is taken, each with all that it has.
MOST: Final = 200_000
TOLD_EVERY: Final = 2_000  # records between two words on how far it is

Place = tuple[str, int]  # topic and partition
OnProgress = Callable[[int, int], object]


class KeptHistory:
    """A history in memory, read as a file of events is.

    Attributes:
        records: how many it has.
        one_in: of so many accounts one was taken.
        refused: how many were refused, by reason: by whoever decodes them, or by whoever folds them.
        newest: event time (µs) of the newest message read so far; 0 before the first.
    """

    def __init__(self, settings: Settings, streams: Mapping[Place, list[Any]], one_in: int) -> None:
        self._codec, self._streams = Codec(Limits(**settings.record_limits())), streams
        self.records, self.one_in, self.newest = sum(map(len, streams.values())), one_in, 0
        self.refused: Counter[str] = Counter()

    def messages(self) -> Iterator[tuple[int, str, Message]]:
        """Yield the messages, each with its number and its topic: of every partition's next the one that happened first.

        So the workers merge what waits for them. A record that is read is let go.
        """
        decoded = (self._decoded(place, records) for place, records in self._streams.items())
        for number, (at, _, place, message) in enumerate(heapq.merge(*decoded, key=lambda each: each[:3])):
            self.newest = max(self.newest, at)
            yield number, place[0], message

    def _decoded(self, place: Place, records: list[Any]) -> Iterator[tuple[int, int, Place, Message]]:
        now = time.time_ns() // 1_000
        records.reverse()
        while records:
            record = records.pop()
            found = self._codec.decode(
                record.topic, record.key, record.value, now,
                offset=record.offset, timestamp_us=record.timestamp * 1_000, headers=record.headers,
            )  # fmt: skip
            if isinstance(found, Refused):
                self.refused[found.reason.value] += 1
            else:
                yield micros(found.occurred_at), TOPICS.index(record.topic), place, found

    def refuse(self, number: int, why: str) -> None:  # noqa: ARG002 - a file's reader says where
        """Count a message that the fold refuses."""
        self.refused[why.partition(":")[0]] += 1


async def kept_history(settings: Settings, on_progress: OnProgress, most: int = MOST) -> KeptHistory:
    """Return what the topics hold up to now; of more than `most` records, that of a share of the accounts.

    `on_progress` is told how many records were looked at, and of how many. Raises ServerError, TopicsError.
    """
    with server_errors(settings):
        total = await count_records(settings, TOPICS)
        one_in, looked_at, kept = -(-total // most) or 1, 0, defaultdict[Place, list[Any]](list)
        async for record in read_to_end(settings, *TOPICS):
            looked_at += 1
            if looked_at % TOLD_EVERY == 0:
                on_progress(min(looked_at, total), total)
            if _is_chosen(record.key, one_in):
                kept[record.topic, record.partition].append(record)
    return KeptHistory(settings, kept, one_in)


def _is_chosen(key: bytes | None, one_in: int) -> bool:
    """Tell whether an account is among those taken: the same ones each time."""
    return one_in == 1 or int.from_bytes(blake2b(key or b"", digest_size=8).digest(), "big") % one_in == 0
