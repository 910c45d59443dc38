"""Erasures that were carried out before Redis lost its place: what they erased is not folded a second time.

A Redis that was emptied, or went back, has its records again from the changelog, and of an erased account there is none.
The intake is then replayed from where Redis stands, and holds the account's events for as long as its retention: folded,
they would bring it to life until its erasure comes by again, and tell decisions of it. So the erasures that the group
acknowledged, and that Redis no longer knows of, are read ahead, and what they erased counts as a repeat.

Only what was acknowledged is left out: its effect is in the changelog, or was erased. (And what other accounts had told
this one by then, a referral's credit, which a rebuild sends again.) Without the group's offsets nothing
is left out, and the replay ends in the same state. The topic of commands keeps its records longer than the events' topics
do (streams/kafka/topics.py), so that no event outlives the erasure that it fell to.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faust.types import TP

from relationship.contract.messages import COMMANDS, MESSAGE_TYPES, MOVES, REFERRALS
from streams.config.settings import Settings
from streams.engine.ports import Intake
from streams.wire.arrivals import Arrival

log = structlog.get_logger(__name__)

# Topics of messages that one account's partition sends to another account.
OWN: Final = frozenset({MOVES, REFERRALS})
# Milliseconds that a fetch of commands waits at most; they are there already.
POLL_MS: Final = 500


class ErasureGuard(NamedTuple):
    """The accounts erased, with the arrival of the last erasure in ms, and the offsets that the group has acknowledged."""

    accounts: Mapping[str, int] = {}
    acknowledged: Mapping[str, int] = {}

    def covers(self, arrival: Arrival) -> bool:
        """Tell whether a record of an erased account was folded before: it was erased, or is in the account's new record."""
        if arrival.refused or (erased_ms := self.accounts.get(arrival.message.account_id)) is None:
            return False
        if arrival.offset < self.acknowledged.get(arrival.topic, 0):
            return True
        # Another account may send it again, at a new offset.
        return arrival.topic in OWN and arrival.at.timestamp() * 1000 < erased_ms

    def part(self, arrivals: Sequence[Arrival]) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
        """Return the arrivals to fold, and those that were erased."""
        if not self.accounts:
            return arrivals, ()
        return [each for each in arrivals if not self.covers(each)], [each for each in arrivals if self.covers(each)]


class _Command(msgspec.Struct):
    account_id: str
    command: str


_decode: Final = msgspec.json.Decoder(_Command).decode


async def read_erasures(settings: Settings, intake: Intake, number: int, positions: Mapping[str, int]) -> ErasureGuard:
    """Return what was erased in a partition since these positions; nothing where Kafka does not say."""
    start = positions.get(COMMANDS, 0)
    acknowledged = await intake.acknowledged(TP(COMMANDS, number))
    end = acknowledged.get(TP(COMMANDS, number), 0)
    if end <= start:
        return ErasureGuard()
    try:
        accounts = await _erasures(settings, TopicPartition(COMMANDS, number), start, end)
    except KafkaError as error:
        log.warning("erasures cannot be read ahead", partition=number, reason=str(error))
        return ErasureGuard()
    if not accounts:
        return ErasureGuard()
    acknowledged = await intake.acknowledged(*(TP(topic, number) for topic in MESSAGE_TYPES))
    return ErasureGuard(accounts, {tp.topic: offset for tp, offset in acknowledged.items()})


async def _erasures(settings: Settings, partition: TopicPartition, start: int, end: int) -> dict[str, int]:
    """Return the arrival of each account's last erasure among the commands of these offsets."""
    found: dict[str, int] = {}
    consumer = AIOKafkaConsumer(**settings.kafka_client_options(), enable_auto_commit=False)
    async with consumer:
        consumer.assign([partition])
        first = (await consumer.beginning_offsets([partition]))[partition]
        consumer.seek(partition, max(start, first))
        while await consumer.position(partition) < end:
            for record in (await consumer.getmany(timeout_ms=POLL_MS)).get(partition, ()):
                account = _erased_by(record.value) if record.offset < end else None
                if account is not None:
                    found[account] = record.timestamp
    return found


def _erased_by(value: bytes | None) -> str | None:
    """Return the account that a command erases, or None where it is another command, or none."""
    try:
        command = _decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return command.account_id if command.command == "erase" else None
