"""The safeguards, each with what a worker is like without it: a run that stays green then proves nothing.

Each is switched off in the worker's process alone, at the narrowest seam that carries it, so that all the rest is the
product as it is. The places that only exist without a safeguard are told to `failpoints.hit` like the others.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from clientward_store import Write, batch
from clientward_store.batch import BatchApi
from clientward_store.scripts import Guard
from faults.workers.arms import CHANGELOG_CLEARED, DECISIONS_FIRST, POSITIONS_WRITTEN
from relationship.contract.outcome import RECLASSIFIED, Delivered, Outcome
from relationship.core import Core
from relationship.state.record import decode, encode
from streams.engine import failpoints
from streams.kafka.publisher import ProducerRecord, Publisher
from streams.kafka.refusals import Place


def _reach(place: str) -> None:
    """Tell of a place that no step of the product has."""
    cast("Callable[[str], None]", failpoints.hit)(place)


class ForgetfulCore(Core):
    """The core with records that do not know which offsets they reflect."""

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Fold messages, those too that the record reflects already."""
        if record is not None:
            known = decode(record)
            known.offsets.clear()
            record = encode(known)
        return super().step(account_id, record, delivered, decided_at)


def without_offsets(core: Core) -> Core:
    """An account's record does not tell which messages it reflects."""
    forgetful = ForgetfulCore(core.rules)
    forgetful.limits = core.limits
    return forgetful


def without_atomicity(core: Core) -> Core:
    """The positions are written by themselves, and the accounts after them."""
    commit = BatchApi.commit

    async def in_two_writes(store: BatchApi, partition: int, write: Write) -> None:
        if write.positions:
            await commit(store, partition, Write(positions=write.positions))
            if write.values:
                _reach(POSITIONS_WRITTEN)
        await commit(store, partition, replace(write, positions={}))

    BatchApi.commit = in_two_writes  # type: ignore[method-assign, assignment]
    return core


def without_fence(core: Core) -> Core:
    """Redis takes a write from whoever sends it, whoever owns the partition by now."""

    def unguarded(owner: bytes = b"", tip: bytes = b"", next_tip: bytes = b"", changelog: str = "") -> Guard:  # noqa: ARG001 - what is given up
        return Guard(changelog=changelog)

    batch.Guard = unguarded  # type: ignore[attr-defined, assignment]
    return core


def without_order(core: Core) -> Core:
    """Decisions are published first, and only then the changelog with the states that made them."""
    publish, publish_changes = Publisher.publish, Publisher.publish_changes
    kept: dict[int, list[tuple[Place, Mapping[bytes, bytes | None]]]] = {}

    async def kept_back(_: Publisher, place: Place, changes: Mapping[bytes, bytes | None]) -> int | None:
        kept.setdefault(place[1], []).append((place, changes))
        return None

    async def decisions_first(publisher: Publisher, sendings: Iterable[ProducerRecord]) -> Mapping[Place, int]:
        sendings = list(sendings)
        told = await publish(publisher, sendings)
        if any(sending.topic == RECLASSIFIED for sending in sendings):
            _reach(DECISIONS_FIRST)
        for partition in {sending.partition for sending in sendings if sending.partition is not None}:
            for place, changes in kept.pop(partition, []):
                await publish_changes(publisher, place, changes)
        return told

    Publisher.publish = decisions_first  # type: ignore[method-assign, assignment]
    Publisher.publish_changes = kept_back  # type: ignore[method-assign, assignment]
    return core


def without_outbox(core: Core) -> Core:
    """What a commit has to publish is not in the commit."""
    commit = BatchApi.commit

    async def nothing_noted(store: BatchApi, partition: int, write: Write) -> None:
        await commit(store, partition, replace(write, outbox=()))

    BatchApi.commit = nothing_noted  # type: ignore[method-assign, assignment]
    return core


def with_a_wait(core: Core) -> Core:
    """Nothing is off; but the moment between the last look at the fence and the sending of a changelog is a place."""
    publish_changes = Publisher.publish_changes

    async def watched(publisher: Publisher, place: Place, changes: Mapping[bytes, bytes | None]) -> int | None:
        _reach(CHANGELOG_CLEARED)
        return await publish_changes(publisher, place, changes)

    Publisher.publish_changes = watched  # type: ignore[method-assign, assignment]
    return core


def fall_silent_by(file: Path) -> None:
    """Let no changelog be sent any more once a file is there, as by a Kafka that takes for ever."""
    publish_changes, is_there = Publisher.publish_changes, file.exists

    async def while_it_is_not(publisher: Publisher, place: Place, changes: Mapping[bytes, bytes | None]) -> int | None:
        if is_there():
            await asyncio.Event().wait()
        return await publish_changes(publisher, place, changes)

    Publisher.publish_changes = while_it_is_not  # type: ignore[method-assign, assignment]


STRETCHED: Final = "nothing"  # missing; the moment before the changelog becomes a place where a worker can be paused
SAFEGUARDS: Final[Mapping[str, Callable[[Core], Core]]] = {
    "offsets in the record": without_offsets,
    "position and state in one write": without_atomicity,
    "the fence": without_fence,
    "changelog before decisions": without_order,
    "the outbox": without_outbox,
    STRETCHED: with_a_wait,
}


def switch_off(name: str | None, core: Core) -> Core:
    """Switch a safeguard off in this process, and return the core to work with. Raises KeyError for an unknown one."""
    return core if name is None else SAFEGUARDS[name](core)
