"""The dead-letter topic read with its notes, and notes written; what a note says is in `streams/wire/redriving.py`."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence

import msgspec
from aiokafka import AIOKafkaProducer

from relationship.contract.decisions import Audit
from relationship.contract.outcome import AUDIT, REJECTED, Outgoing
from streams.config.settings import Settings
from streams.kafka.admin import TopicsError
from streams.kafka.outgoing import sending_of
from streams.kafka.publisher import ProducerRecord
from streams.kafka.reading import read_to_end
from streams.kafka.sending import send_batch
from streams.wire.redriving import Letter, Note, note_headers, noted, read_letter, read_note

_entry = msgspec.json.Decoder(Audit).decode


async def read_letters(settings: Settings) -> AsyncGenerator[Letter, None]:
    """Give the dead letters that the topic holds, each with what became of it. Raises TopicsError and KafkaError.

    Reads the topic twice, the notes first: a note comes after its letters, and the letters do not fit into memory.
    """
    states = noted([note async for record in read_to_end(settings, REJECTED) if (note := read_note(record))])
    async for record in read_to_end(settings, REJECTED):
        letter = read_letter(record, states)
        if letter is not None:
            yield letter


async def read_erased(settings: Settings) -> Mapping[bytes, int]:
    """Return when (ms since the epoch) which account, by its key, was last erased, as the audit has it."""
    erased: dict[bytes, int] = {}
    async for record in read_to_end(settings, AUDIT):
        if record.key and _is_erasure(record.value):
            erased[record.key] = max(record.timestamp, erased.get(record.key, 0))
    return erased


def _is_erasure(value: bytes | None) -> bool:
    try:
        entry = _entry(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return entry.action == "erase" and entry.outcome == "done"


async def write_notes(client: AIOKafkaProducer, notes: Sequence[Note]) -> None:
    """Write notes, each behind its letters, and return when Kafka has them. Raises TopicsError and KafkaError."""
    for note in notes:
        builder = client.create_batch()
        builder.append(
            timestamp=int(time.time() * 1000), key=None, value=msgspec.json.encode(note), headers=note_headers()
        )
        await (await client.send_batch(builder, REJECTED, partition=note.partition))


async def write_audit(client: AIOKafkaProducer, entry: Outgoing) -> None:
    """Write an entry of the audit, and return when Kafka has it. Raises TopicsError and KafkaError."""
    sending = sending_of(entry, None)
    record = ProducerRecord(sending.topic, None, sending.key, sending.value, sending.headers)
    (refusal,) = await send_batch(client, [record])
    if refusal is not None:
        raise TopicsError(f"{entry.topic} does not take the entry: {refusal}")
