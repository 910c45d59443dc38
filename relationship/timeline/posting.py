"""The messages that a step sends, each under an id that is the same whenever it is sent again."""

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec

from relationship.contract import messages as m
from relationship.contract import times
from relationship.contract.decisions import Audit, Reclassification, State, to_json
from relationship.contract.outcome import AUDIT, RECLASSIFIED, STATE, Outgoing
from relationship.state import facts as f
from relationship.timeline.explain import event_id_of
from relationship.timeline.merging import pack as pack_facts

WORTH_COMPRESSING: Final = (
    1024  # bytes; a state alone is smaller, a decision four times as large, and a third compressed
)
LEFT_OUT: Final = b""  # in the place of a state's JSON, which is derived from the record again
COMPRESSED: Final = b"\xc1"  # the one byte that no MessagePack begins with

ERASED: Final = "the account that it was merged into is erased"

_pack: Final = msgspec.msgpack.Encoder()
_unpack: Final = msgspec.msgpack.Decoder(list[Outgoing])


def pack(sends: Sequence[Outgoing]) -> bytes:
    """Return messages encoded, as a record keeps them until its next step: states without their JSON."""
    if not sends:
        return b""
    packed = _pack.encode([_without_state(sent) if sent.topic == STATE and sent.value else sent for sent in sends])
    return COMPRESSED + zlib.compress(packed, 1) if len(packed) > WORTH_COMPRESSING else packed


def _without_state(sent: Outgoing) -> Outgoing:
    return Outgoing(sent.topic, sent.key, LEFT_OUT, sent.event_id, sent.time, sent.traceparent, sent.label)


def unpack(packed: bytes) -> list[Outgoing]:
    """Return the messages that `pack` encoded; the value of a state is `LEFT_OUT`."""
    if packed[:1] == COMPRESSED:
        packed = zlib.decompress(packed[1:])
    return _unpack.decode(packed) if packed else []


def time_of(message: m.Intake) -> str:
    """Return when a message happened, in the form of CloudEvents' `time`."""
    return times.rfc3339(times.micros(message.occurred_at))


def decision(message: Reclassification, traceparent: str | None) -> Outgoing:
    """Return a reclassification to publish."""
    event_id, time, label = message.event_id, message.effective_at, f"{message.direction} {message.to}"
    return Outgoing(RECLASSIFIED, message.account_id, to_json(message), event_id, time, traceparent, label)


def state(message: State, event_id: str) -> Outgoing:
    """Return an account's state to publish."""
    return Outgoing(STATE, message.account_id, to_json(message), event_id, message.as_of)


def tombstone(topic: str, account_id: str, action: str, cause: m.Intake, traceparent: str | None) -> Outgoing:
    """Return the tombstone that removes an account from a compacted topic: it is erased, or merged into another."""
    return Outgoing(topic, account_id, None, f"{action}-{cause.event_id}", time_of(cause), traceparent)


def audit(
    account_id: str,
    cause: m.Intake,
    action: str,
    by: str | None,
    reason: str | None,
    decided_at: int,
    traceparent: str | None,
    *,
    note: str | None = None,
    event_id: str | None = None,
) -> Outgoing:
    """Return the audit entry of an action: done, perhaps with a note, or refused for a reason.

    Its id is that of the cause, unless another is given.
    """
    entry = Audit(
        event_id=event_id or "audit-" + cause.event_id,
        account_id=account_id,
        action=action,
        outcome="refused" if reason else "done",
        detail=reason or note,
        by=by,
        occurred_at=time_of(cause),
        decided_at=times.rfc3339(decided_at),
    )
    return Outgoing(AUDIT, account_id, to_json(entry), entry.event_id, entry.occurred_at, traceparent)


def revised_audit(account_id: str, command: str, action: str, reason: str | None, cause: m.Intake, at: int) -> Outgoing:
    """Return the audit entry of an earlier command that has, or has no longer, an effect, because of `cause`."""
    event_id = event_id_of(account_id, 0, 0, 0, 0, f"audit:{command}:{cause.event_id}")
    return audit(account_id, cause, action, None, reason, at, None, event_id=event_id)


def move(
    account_id: str,
    into: str,
    action: str,
    facts: Sequence[f.Fact],
    through: Sequence[str],
    cause: m.Intake,
    *,
    partial: bool = False,
) -> Outgoing:
    """Return the message that moves an account's facts into another account, or out of it."""
    count, history = pack_facts(facts)
    event_id = event_id_of(account_id, 0, 0, 0, 0, f"{action}:{into}:{cause.event_id}")
    message = m.Move(
        event_id=event_id,
        account_id=into,
        occurred_at=cause.occurred_at,
        action=action,  # type: ignore[arg-type]  # one of the literals
        source=account_id,
        cause=cause.event_id,
        through=list(through),
        count=count,
        history=history,
        partial=partial or None,
    )
    return Outgoing(m.MOVES, into, to_json(message), event_id, time_of(cause), None)


def refusal(account_id: str, move: m.Move, reason: str) -> Outgoing:
    """Return the answer to an account whose history cannot join this one's."""
    return _refused_move(account_id, move.source, move, move.cause, reason)


def release(account_id: str, source: str, erased: m.Command) -> Outgoing:
    """Return the message to an account merged into this one, which is erased: the source is independent again."""
    return _refused_move(account_id, source, erased, erased.event_id, ERASED)


def _refused_move(account_id: str, to: str, event: m.Intake, cause: str, reason: str) -> Outgoing:
    event_id = event_id_of(account_id, 0, 0, 0, 0, f"refused:{to}:{event.event_id}")
    message = m.Move(
        event_id=event_id,
        account_id=to,
        occurred_at=event.occurred_at,
        action="refused",
        source=account_id,
        cause=cause,
        through=[],
        count=0,
        history="",
        detail=reason,
    )
    return Outgoing(m.MOVES, to, to_json(message), event_id, time_of(event), None)
