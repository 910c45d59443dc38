"""What Redis holds at the end of a soak, account by account, and what an account comes to at the horizon of its history.

The counts in the accounts' own records say what was applied and what was a repeat, apart from the worker's metrics.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from redis import Redis

from benchmarks.soak.feed import Script
from clientward_store.keys import keys_of
from relationship.contract.outcome import Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import decode
from relationship.timeline.history import KEPT, MOST_KEPT
from streams.config.settings import TABLE
from streams.wire.codecs import Codec, Limits

# Accounts folded up to the horizon, to see how large they get; and days between two of their events.
AT_HORIZON: Final = 10
GAP_DAYS: Final = 1
BEGIN: Final = datetime(2023, 1, 1, tzinfo=UTC)


class Holding(NamedTuple):
    """What the records in Redis add up to; bytes are those of the records themselves, without Redis's own."""

    accounts: int
    applied: int
    repeats: int
    facts: int
    record_bytes: int
    fact_bytes: int

    def each(self) -> Mapping[str, float]:
        """Return the means of an account, and of a fact."""
        return {
            "facts_per_account": self.facts / self.accounts,
            "record_bytes_per_account": self.record_bytes / self.accounts,
            "bytes_per_fact": self.fact_bytes / self.facts,
        }


def holding(redis_url: str, group: str, partitions: int) -> Holding:
    """Read every account's record of a group."""
    total = [0] * len(Holding._fields)
    with Redis.from_url(redis_url) as client:
        for partition in range(partitions):
            for _, raw in client.hscan_iter(keys_of(f"{group}-{TABLE}", partition).values, count=1_000):
                record = decode(raw)
                own = (1, record.applied, record.repeats, record.count, len(raw), len(record.history))
                total = [before + more for before, more in zip(total, own, strict=True)]
    return Holding(*total)


def horizon(scripts: Sequence[Script]) -> Mapping[str, int]:
    """Return the largest record that accounts come to whose history is long enough to be trimmed, in bytes.

    A history is trimmed to `KEPT` facts when it has twice as many and the oldest are beyond the lateness allowed.
    """
    core, codec = Core(load_policy()), Codec(Limits())
    most = max(_largest(core, codec, script) for script in scripts[:AT_HORIZON])
    return {"facts_kept": 2 * KEPT, "facts_at_most": MOST_KEPT, "record_bytes_at_horizon": most}


def _largest(core: Core, codec: Codec, script: Script) -> int:
    raw: bytes | None = None
    most = 0
    for number in range(3 * KEPT):
        at = BEGIN + timedelta(days=number * GAP_DAYS)
        topic, rest = script[number % len(script)]
        head = f'{{"event_id":"h{number}","account_id":"h","occurred_at":"{at:%Y-%m-%dT%H:%M:%SZ}",'
        message = codec.decode_value(topic, head.encode() + rest, int((at + timedelta(days=1)).timestamp() * 1e6))
        if isinstance(message, Refused):
            raise TypeError(f"the simulator's record was refused: {message.text}")
        raw = core.step("h", raw, [Delivered(topic, number, message)], 0).record
        most = max(most, len(raw or b""))
    return most
