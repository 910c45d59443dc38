"""A fold that counts, for tests of the engine: exact, and as small as a fold can be.

A record is (revision, offsets by topic, events by topic, ids of decisions). Every `every`th event of an account is a
decision; a purchase of currency XXX is refused as a conflict.
"""

from collections.abc import Mapping, Sequence

import msgspec

from relationship.contract.messages import PURCHASES, Purchase
from relationship.contract.outcome import (
    RECLASSIFIED,
    Applied,
    Delivered,
    Outcome,
    Outgoing,
    Reason,
    Refused,
    Repeat,
    Verdict,
)

WHEN = "2026-01-01T00:00:00Z"
HOUR_US = 3_600_000_000


class Count(msgspec.Struct, array_like=True):
    """An account's record: its revision, and by topic the last offset and how many events it reflects."""

    revision: int = 0
    offsets: dict[str, int] = {}
    events: dict[str, int] = {}
    newest: int = 0
    woken: int = 0


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Count).decode


class CountingFold:
    """Counts events; decides at every `every`th one, and once more when woken `rest_us` µs after the newest."""

    def __init__(self, every: int = 10, rest_us: int = HOUR_US) -> None:
        self.every = every
        self.rest_us = rest_us

    def step(
        self,
        account_id: str,
        record: bytes | None,
        delivered: Sequence[Delivered],
        decided_at: int,  # noqa: ARG002 - the protocol's
    ) -> Outcome:
        """Count messages."""
        count = decode(record) if record else Count()
        verdicts: list[Verdict] = []
        sends: list[Outgoing] = []
        reflected = dict(count.offsets)  # messages of one moment come by their ids
        for each in delivered:
            topic, offset, message = each.topic, each.offset, each.message
            if offset <= reflected.get(topic, -1):
                verdicts.append(Repeat())
                continue
            count.offsets[topic] = max(offset, count.offsets.get(topic, -1))
            if isinstance(message, Purchase) and message.currency == "XXX":
                verdicts.append(Refused(Reason.CONFLICT, "XXX"))
                continue
            verdicts.append(Applied())
            count.events[topic] = count.events.get(topic, 0) + 1
            count.newest = max(count.newest, int(message.occurred_at.timestamp() * 1e6))
            total = sum(count.events.values())
            if total % self.every == 0:
                sends.append(decision(account_id, total))
        changed = any(not isinstance(verdict, Repeat) for verdict in verdicts)
        count.revision += changed
        return Outcome(encode(count), changed, verdicts, sends, self._due(count))

    def run_timers(self, account_id: str, record: bytes, until: int, decided_at: int) -> Outcome:  # noqa: ARG002
        """Decide once, some time after the newest event."""
        count = decode(record)
        due = self._due(count)
        if due is None or until < due:
            return Outcome(record, changed=False, verdicts=(), sends=(), due_at=due)
        count.woken, count.revision = 1, count.revision + 1
        return Outcome(encode(count), changed=True, verdicts=(), sends=[decision(account_id, -1)], due_at=None)

    def reflects(self, record: bytes) -> dict[str, int]:
        """Return the offsets that a record reflects."""
        return dict(decode(record).offsets)

    def newer(self, old: bytes, new: bytes) -> bool:
        """Compare revisions."""
        return decode(new).revision >= decode(old).revision

    def latest(self, account_id: str, record: bytes | None, decided_at: int) -> Sequence[Outgoing]:  # noqa: ARG002 - the protocol's
        """Return all decisions so far."""
        count = decode(record) if record else Count()
        totals = range(self.every, sum(count.events.values()) + 1, self.every)
        return [decision(account_id, total) for total in (*totals, *([-1] if count.woken else []))]

    def _due(self, count: Count) -> int | None:
        return None if count.woken or not count.events else count.newest + self.rest_us


def decision(account_id: str, total: int) -> Outgoing:
    """Return the decision that an account makes at its `total`th event."""
    value = b'{"direction":"promotion","to":"client","total":%d}' % total
    return Outgoing(RECLASSIFIED, account_id, value, f"{account_id}:{total}", WHEN, label="promotion client")


def counted(values: Mapping[bytes, bytes], account: str) -> int:
    """Return how many purchases an account's record reflects, of all records that there are."""
    value = values.get(account.encode())
    return decode(value).events.get(PURCHASES, 0) if value else 0
