"""How many accounts have which status: of the whole base, by industry and by segment."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from relationship.contract.decisions import SegmentPart
from relationship.contract.enums import STATUSES
from relationship.contract.messages import Industry, Status
from relationship.contract.outcome import STATE
from streams.config.settings import Settings
from streams.kafka.reading import read_to_end
from views.errors import server_errors


class SegmentCount(Struct, frozen=True):
    """How many accounts of a segment have a status."""

    segment: SegmentPart
    status: Status
    accounts: int


class BaseCounts(Struct, frozen=True):
    """The base at a moment: every account that has a state.

    Attributes:
        as_of: when it was counted.
        accounts: how many there are.
        statuses: by status, all five, in their order.
        industries: the same by industry, the largest first.
        segments: every segment and status that occurs, the largest first.
    """

    as_of: datetime
    accounts: int
    statuses: dict[Status, int]
    industries: dict[Industry, dict[Status, int]]
    segments: list[SegmentCount]


class StatusInSegment(Struct, frozen=True):
    """What is counted of a state message."""

    status: Status
    segment: SegmentPart


_decode: Final = msgspec.json.Decoder(StatusInSegment).decode


async def base_counts(settings: Settings) -> BaseCounts:
    """Count the accounts by the compacted topic of states, which it reads whole. Raises ServerError, TopicsError."""
    last: dict[bytes, StatusInSegment] = {}
    seen: dict[StatusInSegment, StatusInSegment] = {}
    with server_errors(settings):
        async for record in read_to_end(settings, STATE):
            if record.value is None:
                last.pop(record.key, None)
            else:
                each = _decode(record.value)
                last[record.key] = seen.setdefault(each, each)  # a few hundred kinds, of any number of accounts
    return counted(Counter(last.values()), datetime.now(UTC))


def counted(found: Mapping[StatusInSegment, int], as_of: datetime) -> BaseCounts:
    """Return the counts of accounts by status and segment as an answer."""
    industries: dict[Industry, Counter[Status]] = {}
    for each, count in found.items():
        industries.setdefault(each.segment.industry, Counter())[each.status] += count
    total = sum(industries.values(), Counter[Status]())
    largest = sorted(industries.items(), key=lambda each: (-each[1].total(), each[0]))
    segments = [SegmentCount(each.segment, each.status, count) for each, count in found.items()]
    return BaseCounts(
        as_of=as_of,
        accounts=total.total(),
        statuses=_in_order(total),
        industries={industry: _in_order(counts) for industry, counts in largest},
        segments=sorted(segments, key=lambda each: (-each.accounts, msgspec.json.encode(each))),
    )


def _in_order(counts: Counter[Status]) -> dict[Status, int]:
    return {status: counts[status] for status in STATUSES}
