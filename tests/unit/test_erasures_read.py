"""Which erasures are read ahead, before anything of a partition is folded."""

from types import SimpleNamespace

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from relationship.contract import messages as m
from streams.config.settings import Settings
from streams.kafka.erasures import POLL_MS, first_after, read_erasures


class Brokers:
    """One partition of the intake, as `read_erasures` asks for it: records by topic, two a fetch, every other one empty."""

    def __init__(self, **topics):
        self.topics = topics
        self.at, self.paused, self.fetches, self.wrong = {}, set(), 0, None

    def consumer(self, **options):
        """Stand in for the consumer's class."""
        assert options["enable_auto_commit"] is False
        return self

    async def __aenter__(self):
        if self.wrong:
            raise self.wrong
        return self

    async def __aexit__(self, *_):
        self.closed = True

    def assign(self, partitions):
        """Note what is read."""
        self.at, self.paused = dict.fromkeys(partitions), set()

    def seek(self, partition, offset):
        """Begin there."""
        assert partition in self.at
        self.at[partition] = offset

    def pause(self, partition):
        """Read no more of it."""
        self.paused.add(partition)

    async def position(self, partition):
        """Return where the next fetch begins."""
        return self.at[partition]

    async def offsets_for_times(self, times):
        """Return the first record stored at a moment or later."""
        found = {}
        for partition, ms in times.items():
            later = [each for each in self.topics[partition.topic] if each.timestamp >= ms]
            found[partition] = later[0] if later else None
        return found

    async def getmany(self, timeout_ms):
        """Return two records of each topic; every other fetch brings nothing."""
        assert timeout_ms == POLL_MS
        self.fetches += 1
        if self.fetches % 2:
            return {}
        found = {}
        for partition in self.at.keys() - self.paused:
            records = [each for each in self.topics[partition.topic] if each.offset >= self.at[partition]][:2]
            end = len(self.topics[partition.topic])
            self.at[partition] = records[-1].offset + 1 if records else end
            found[partition] = [each for each in records if each.value != b"marker"]
        return found


def log(*records):
    """Return a topic's records of (ms, value)."""
    return [SimpleNamespace(offset=i, timestamp=ms, value=value) for i, (ms, value) in enumerate(records)]


def a_command(name, account="a"):
    """Return a command's bytes."""
    return msgspec.json.encode({"account_id": account, "command": name})


COMMANDS = log(
    (10, a_command("erase")),
    (20, a_command("erase", "b")),
    (30, None),
    (40, b"no JSON"),
    (50, a_command("release", "c")),
    (60, a_command("erase", "d")),
)
PURCHASES = log(*[(ms, b"{}") for ms in (5, 15, 25, 35, 65)])


async def read(monkeypatch, brokers, positions):
    """Return the offsets of the erasures read for partition 3."""
    monkeypatch.setattr("streams.kafka.erasures.AIOKafkaConsumer", brokers.consumer)
    ends = {topic: len(records) for topic, records in brokers.topics.items()}
    return [each.offset for each in await read_erasures(Settings(), 3, positions, ends)]


@pytest.mark.parametrize(
    ("purchases", "commands", "expected"),
    [
        (0, 0, [0, 1, 5]),
        (0, 6, [0, 1, 5]),
        (1, 6, [1, 5]),
        (3, 6, [5]),
        (4, 6, []),
        (5, 6, []),
        (5, 1, [1, 5]),
        (5, 5, [5]),
    ],
)
async def test_erasures_are_read_from_the_oldest_record_to_fold(monkeypatch, purchases, commands, expected) -> None:
    """Those that are folded already too, since they cover what was stored before them and comes after them."""
    brokers = Brokers(**{m.COMMANDS: COMMANDS, m.PURCHASES: PURCHASES})
    assert await read(monkeypatch, brokers, {m.COMMANDS: commands, m.PURCHASES: purchases}) == expected


async def test_nothing_is_read_where_nothing_is_to_be_folded(monkeypatch) -> None:
    """The brokers are not even asked."""
    brokers = Brokers(**{m.COMMANDS: COMMANDS, m.PURCHASES: PURCHASES})
    assert await read(monkeypatch, brokers, {m.COMMANDS: 6, m.PURCHASES: 5}) == []
    assert brokers.fetches == 0


async def test_a_rest_that_holds_no_record_is_no_rest(monkeypatch) -> None:
    """Markers of transactions, or what compaction took: they have an offset and nothing to fold."""
    brokers = Brokers(**{m.COMMANDS: COMMANDS, m.PURCHASES: log((5, b"{}"), (7, b"marker"))})
    assert await read(monkeypatch, brokers, {m.COMMANDS: 6, m.PURCHASES: 1}) == []
    assert TopicPartition(m.PURCHASES, 3) in brokers.at
    assert brokers.closed


async def test_a_rest_that_holds_no_record_says_nothing_of_the_others(monkeypatch) -> None:
    """The oldest record to fold is another topic's then."""
    brokers = Brokers(**{m.COMMANDS: COMMANDS, m.PURCHASES: log((5, b"{}"), (7, b"marker")), m.TICKETS: PURCHASES})
    assert await read(monkeypatch, brokers, {m.COMMANDS: 6, m.PURCHASES: 1, m.TICKETS: 1}) == [1, 5]


async def test_brokers_that_do_not_answer_are_no_answer(monkeypatch) -> None:
    """The error is the caller's, who asks again: nothing may be folded before it is known what was erased."""
    brokers = Brokers(**{m.COMMANDS: COMMANDS, m.PURCHASES: PURCHASES})
    brokers.wrong = KafkaConnectionError("gone")
    with pytest.raises(KafkaConnectionError):
        await read(monkeypatch, brokers, {m.COMMANDS: 0, m.PURCHASES: 0})


async def test_the_first_record_after_a_moment_is_stored_later_than_it(monkeypatch) -> None:
    """Not in the same millisecond; a topic that stored nothing later has none, and every topic of the intake is asked."""
    topics = dict.fromkeys(m.MESSAGE_TYPES, log()) | {m.COMMANDS: COMMANDS, m.PURCHASES: PURCHASES}
    monkeypatch.setattr("streams.kafka.erasures.AIOKafkaConsumer", Brokers(**topics).consumer)
    found = await first_after(Settings(), 3, [0, 24, 25, 60, 65])
    assert found == {
        0: {m.COMMANDS: 0, m.PURCHASES: 0},
        24: {m.COMMANDS: 2, m.PURCHASES: 2},
        25: {m.COMMANDS: 2, m.PURCHASES: 3},
        60: {m.PURCHASES: 4},
        65: {},
    }


async def test_what_is_stored_while_it_is_read_is_not_read(monkeypatch) -> None:
    """The ends are as they were found: an erasure behind them is noted when it is fetched."""
    brokers = Brokers(**{m.COMMANDS: COMMANDS, m.PURCHASES: PURCHASES})
    monkeypatch.setattr("streams.kafka.erasures.AIOKafkaConsumer", brokers.consumer)
    ends = {m.COMMANDS: 5, m.PURCHASES: 5}
    found = await read_erasures(Settings(), 3, {m.COMMANDS: 0, m.PURCHASES: 0}, ends)
    assert [each.offset for each in found] == [0, 1]
