"""What the product says to a story: the worker's own code from bytes to bytes, with neither Kafka nor Redis nor a clock."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from faust.types import TP

from contracts.story import END_DAY, START, Told
from relationship.contract.outcome import POLICIES, REJECTED, Outgoing, Refused
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from relationship.timeline.published import ACTIVE, PublishedPolicies, audit, named
from streams.kafka.partitioning import partition_of
from streams.wire.codecs import Codec, Limits
from streams.wire.dead_letters import dead_letter
from streams.wire.records import Header

END: Final = START + timedelta(days=END_DAY)
DECIDED_AT: Final = micros(END)  # the wall clock, which does not move
PARTITIONS: Final = 12  # as the topics have it by default


class Fetched(NamedTuple):
    """A record of the story as a worker fetches it."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes | None
    headers: tuple[Header, ...] = ()


class Output(NamedTuple):
    """What the product says: messages, and refused records with their headers, in order."""

    sends: list[Outgoing]
    rejected: list[tuple[str, dict[str, Any]]]


def output_of(records: Iterable[Told]) -> Output:
    """Return what the product says to the records. Raises ValueError for a policy that it would not follow."""
    product = _Product()
    for told in records:
        product.hear(told)
    product.sends += product.replay.run_until(micros(END), DECIDED_AT)
    return Output(product.sends, product.rejected)


def encoded(value: Any) -> bytes:
    """Return a golden value as its record has it."""
    return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()


class _Product:
    def __init__(self) -> None:
        self.core = Core(load_policy())
        self.policies = PublishedPolicies(load_policy())
        self.replay = Replay(self.core)
        self.codec = Codec(Limits())
        self.offsets: dict[TP, int] = {}
        self.sends: list[Outgoing] = []
        self.rejected: list[tuple[str, dict[str, Any]]] = []

    def hear(self, told: Told) -> None:
        """Take one record in, as the worker does."""
        value = encoded(told.value)
        if told.topic == POLICIES:
            self.sends += self._publish(value)
            return
        tp = TP(told.topic, partition_of(told.key, PARTITIONS))
        record = Fetched(self.offsets.get(tp, 0), DECIDED_AT // 1000, told.key.encode(), value)
        self.offsets[tp] = record.offset + 1
        refused = self._fold(told.topic, record)
        if refused is not None:
            self._reject(tp, record, refused)

    def _fold(self, topic: str, record: Fetched) -> Refused | None:
        message = self.codec.decode(
            topic, record.key, record.value, DECIDED_AT, offset=record.offset, timestamp_us=record.timestamp * 1000
        )
        if isinstance(message, Refused):
            return message
        refused, sends = self.replay.fold(topic, message, DECIDED_AT)
        self.sends += sends
        return refused

    def _publish(self, value: bytes) -> Iterator[Outgoing]:
        """Follow a policy, as every worker does, and tell the audit, as `clientward policy` does."""
        wrong, published = self.policies.apply(value), named(value)
        if wrong is not None or published is None:
            raise ValueError(f"a policy of the story is not followed: {wrong}")
        self.core.follow(self.policies)
        action = "policy-publish" if published.slot == ACTIVE else "policy-shadow"
        yield audit(published, action, None, datetime.fromtimestamp(DECIDED_AT / 1e6, UTC))

    def _reject(self, tp: TP, record: Fetched, refused: Refused) -> None:
        letter = dead_letter(tp, record, refused, now=DECIDED_AT)
        noted = {name: (content or b"").decode() for name, content in letter.headers}
        key, value = (None if part is None else part.decode() for part in (letter.key, letter.value))
        self.rejected.append((REJECTED, {"key": key, "value": value, "headers": noted}))
