"""Commands on an account: override, release, correct, merge, unmerge, erase; published, and carried out by its worker."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from actions.errors import ActionError, InputError, server_errors
from relationship.contract.messages import COMMANDS, CommandName
from relationship.contract.outcome import Refused
from streams.config.settings import Settings
from streams.kafka.outgoing import cloud_event_headers
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, require_topics, send_batch
from streams.wire.codecs import Codec, Limits

SOURCE: Final = b"clientward-console"
#: What the audit's entry on a command is called, after the command's own id.
AUDITED: Final = "audit-"


def command_value(
    account_id: str, command: CommandName, by: str, reason: str, now: datetime, **more: Any
) -> dict[str, Any]:
    """Return a command's message as of a moment; what is UNSET is left out, and None is a value: it withdraws an event."""
    whole = {
        "event_id": f"console-{uuid4()}",
        "account_id": account_id,
        "occurred_at": now.astimezone(UTC).isoformat(),
        "command": command,
        "by": by,
        "reason": reason,
        **more,
    }
    return {name: value for name, value in whole.items() if value is not msgspec.UNSET}


async def send_command(settings: Settings, value: Mapping[str, Any]) -> str:
    """Publish a command, and return the id that the audit's entry on it will have, when Kafka has stored it.

    Raises InputError where a worker would refuse the message, by the codec that it refuses by; TopicsError, ServerError.
    """
    body = msgspec.json.encode(value)
    found = Codec(Limits(**settings.record_limits())).decode_value(COMMANDS, body, time.time_ns() // 1000)
    if isinstance(found, Refused):
        raise InputError(f"{found.reason.value}: {found.text}")
    headers = cloud_event_headers(COMMANDS, found.event_id, SOURCE, found.occurred_at.isoformat(), None)
    told = [(name, content or b"") for name, content in headers]
    record = ProducerRecord(COMMANDS, None, found.account_id.encode(), body, told)
    with server_errors(settings):
        await require_topics(settings, {COMMANDS})
        async with producer(settings) as client:
            (refusal,) = await send_batch(client, [record])
    if refusal is not None:
        raise ActionError(f"{COMMANDS} does not take the command: {refusal}")
    return AUDITED + found.event_id
