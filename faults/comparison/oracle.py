"""The oracle: the same records through the product's own decoder and pure core, in memory, with nothing that can fail."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from faults.records.commanding import COMMANDED
from faults.records.workload import LATE, Sent
from relationship.contract.messages import MOVES, REFERRALS, Message, Purchase, is_erasure
from relationship.contract.outcome import RECLASSIFIED, Reason, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from relationship.state.facts import PurchaseFact
from relationship.state.record import AccountRecord, decode
from streams.config.settings import Settings
from streams.wire.codecs import Codec, Limits


class Expected(NamedTuple):
    """What must come of the records.

    Attributes:
        records: every account's record.
        decisions: the reclassifications told, in order, by account.
        letters: what is refused: topic, key, value and reason, and how often.
        untimely: accounts of which some event comes late, or from another account's partition: their decisions may be told
            in another order, and be withdrawn; those in force at the end are the same.
        crossed: accounts that are credited by a record stored after their erasure, and who credited them. Every event of a
            workload is dated long before it is stored, so an owner that knows of the erasure covers the credit, by its event
            time, and one that came later counts it (`streams/engine/erasure_guard.py`): either is right. And accounts that
            were credited by one that is erased later: an owner so far behind that it hears of the erasure before it has
            folded the purchase covers that, and nobody is credited.
        commanded: accounts that had a command, or are the other side of one: a merge, or a corrected referral. What they
            told on the way depends on when they heard of it, and an erased one has counted from zero again.
    """

    records: dict[str, AccountRecord]
    decisions: dict[str, list[bytes]]
    letters: Counter[tuple[str, bytes | None, bytes, Reason]]
    untimely: set[str]
    crossed: set[str]
    commanded: set[str]


def expected(settings: Settings, sent: Iterable[Sent], now_us: int) -> Expected:
    """Fold records in the order in which they were stored, and let the timers run up to `now_us` (µs)."""
    codec = Codec(Limits(**settings.record_limits()))
    replay = Replay(Core(load_policy(settings.policy_file), settings.lateness_days))
    found, erased = Expected({}, {}, Counter(), set(), set(), set()), set[str]()
    for record in sent:
        _take(found, replay, codec, record, erased)
    for outgoing in replay.run_until(now_us, now_us):
        if outgoing.topic == RECLASSIFIED and outgoing.value is not None:
            found.decisions.setdefault(outgoing.key, []).append(outgoing.value)
    found.records.update({account: decode(raw) for account, raw in replay.records.items()})
    return found


def _take(found: Expected, replay: Replay, codec: Codec, record: Sent, erased: set[str]) -> None:
    wall_us = time.time_ns() // 1000
    message = codec.decode(record.topic, record.key, record.value, wall_us, offset=0, timestamp_us=wall_us, headers=())
    if isinstance(message, Refused):
        found.letters[record.topic, record.key, record.value, message.reason] += 1
        return
    found.crossed.update(_credited_by_erased(message, replay))
    refused, sends = replay.fold(record.topic, message, wall_us)
    if refused is not None:
        found.letters[record.topic, record.key, record.value, refused.reason] += 1
    if record.fault == LATE:
        found.untimely.add(record.account_id)
    if isinstance(message, Purchase) and message.referred_by:
        found.untimely.add(message.referred_by)
    if credited := erased & {sent.key for sent in sends if sent.topic == REFERRALS}:
        found.crossed.update(credited, {message.account_id})
    if is_erasure(message):
        erased.add(message.account_id)
    if record.fault == COMMANDED:
        found.commanded.update({message.account_id, *(sent.key for sent in sends if sent.topic in {MOVES, REFERRALS})})
        found.untimely.update(found.commanded)
    for outgoing in sends:
        if outgoing.topic == RECLASSIFIED and outgoing.value is not None:
            found.decisions.setdefault(outgoing.key, []).append(outgoing.value)


def _credited_by_erased(message: Message, replay: Replay) -> set[str]:
    """Return whom an account's purchases have credited, where the message erases it."""
    raw = replay.records.get(message.account_id) if is_erasure(message) else None
    facts = decode(raw).facts() if raw is not None else []
    return {fact.referrer for fact in facts if isinstance(fact, PurchaseFact) and fact.referrer is not None}
