"""Quix Streams calling the same `relationship.core.Core`: its state holds the record, its changelog backs it.

Its topics are concatenated, so it takes their messages in the order of their timestamps. Messages are decoded by the same
codec; a refused one is passed over.
"""

import os
import time
from typing import Any, NamedTuple

from quixstreams import Application, State
from quixstreams.context import message_context
from quixstreams.models import Serializer

from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, TICKETS
from relationship.contract.outcome import AUDIT, RECLASSIFIED, STATE, Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.wire.codecs import Codec, Limits


class Sent(NamedTuple):
    """One record to publish."""

    topic: str
    key: str
    value: bytes


class Payload(Serializer):
    """Serializes a `Sent` to its own bytes."""

    def __call__(self, value: Sent, ctx: Any) -> bytes:  # noqa: ARG002 - the library's signature
        """Return the value's bytes."""
        return value.value


class Step:
    """Folds one message after the other."""

    def __init__(self) -> None:
        self._core = Core(load_policy())
        self._codec = Codec(Limits())

    def __call__(self, value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> list[Sent]:
        """Fold one message; return what it sends."""
        where, now = message_context(), time.time_ns() // 1000
        message = self._codec.decode(
            where.topic, key, value, now, offset=where.offset, timestamp_us=timestamp * 1000, headers=headers or ()
        )
        if isinstance(message, Refused):
            return []
        account = message.account_id
        record = state.get_bytes("record")
        outcome = self._core.step(account, record, [Delivered(where.topic, where.offset, message)], now)
        if outcome.changed and outcome.record is not None:
            state.set_bytes("record", outcome.record)
        return [Sent(each.topic, each.key, each.value or b"") for each in outcome.sends]


def main() -> None:
    """Run until killed."""
    env = os.environ
    app = Application(
        broker_address=env["BENCH_KAFKA"],
        consumer_group=env["BENCH_GROUP"],
        auto_offset_reset="earliest",
        state_dir=env["BENCH_STATE"],
        commit_interval=1.0,
        loglevel="ERROR",
        consumer_extra_config={
            "group.instance.id": env["BENCH_INSTANCE"],
            "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 1_000,
        },
    )
    intake = [
        app.dataframe(app.topic(name, key_deserializer="bytes", value_deserializer="bytes"))
        for name in (PROFILES, PURCHASES, TICKETS, MEETINGS, COMMANDS)
    ]
    outputs = {
        name: app.topic(name, key_serializer="str", value_serializer=Payload()) for name in (RECLASSIFIED, STATE, AUDIT)
    }
    stream = intake[0]
    for other in intake[1:]:
        stream = stream.concat(other)
    stream = stream.apply(Step(), stateful=True, metadata=True, expand=True)
    stream.to_topic(lambda sent, *_: outputs[sent.topic], key=lambda sent: sent.key)
    app.run()


if __name__ == "__main__":
    main()
