"""What an erasure covers, and what is read ahead to know it; and what is a trace of an account."""

from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from story import CORE, command, fold, purchase

from relationship.contract import messages as m
from relationship.contract.outcome import Reason, Refused
from relationship.state.record import decode, encode
from streams.config.settings import Settings
from streams.engine.erasure_guard import REMEMBERED, ErasureGuard
from streams.engine.step import StepBuilder
from streams.health.traces import _Seen, judged, mentions
from streams.kafka.erasures import POLL_MS, read_erasures
from streams.kafka.topics import TopicSpec, topics_for
from streams.wire.arrivals import EPOCH, arrival_of

DAY_MS = 86_400_000


def arrival(topic, stored, account="a", at=0.0, offset=0, message=None):
    """Return a record of an account that Kafka stored `stored` ms after the epoch."""
    told = message or purchase(0, account=account)[1]
    record = SimpleNamespace(offset=offset, timestamp=stored, headers=(), key=account.encode())
    return arrival_of(topic, record, told, EPOCH + timedelta(seconds=at))


def erasure(stored, offset=5, account="a", at=1.0):
    """Return an erasure of an account."""
    return arrival(m.COMMANDS, stored, account, at, offset, command(0, "erase", account=account)[1])


def guard_of(*erasures):
    """Return a guard that knows of erasures."""
    guard = ErasureGuard()
    guard.note(erasures)
    return guard


def test_an_erasure_is_noted_wherever_it_stands_among_the_commands():
    """Other commands before it and behind it are passed over."""
    release = arrival(m.COMMANDS, 4_000, offset=4, message=command(0, "release")[1])
    guard = guard_of(release, erasure(5_000), release)
    before = arrival(m.PURCHASES, 4_999)
    assert before not in guard.part([before])[0]
    assert before in guard_of(release).part([before])[0]


@pytest.mark.parametrize(
    ("record", "covered"),
    [
        (arrival(m.PURCHASES, 4_999), True),
        (arrival(m.PURCHASES, 5_000), True),
        (arrival(m.PURCHASES, 5_001), False),
        (arrival(m.TICKETS, 4_999, at=9_000), True),
        (arrival(m.PURCHASES, 4_999, account="b"), False),
        (arrival(m.COMMANDS, 4_999, message=command(0, "release")[1]), True),
        (arrival_of(m.PURCHASES, SimpleNamespace(offset=1, headers=()), Refused(Reason.LATE, "old"), EPOCH), False),
    ],
    ids=["before", "in the same millisecond", "after", "dated later", "another's", "a command", "refused"],
)
def test_what_was_stored_before_the_erasure_is_not_folded(record, covered) -> None:
    """Whenever it is dated; what was stored after it is, and so is what has no account."""
    guard = guard_of(erasure(5_000))
    alive, erased = guard.part([record])
    assert (record in alive, list(erased)) == (not covered, [record] if covered else [])


@pytest.mark.parametrize(("at", "covered"), [(4.9, True), (5.0, True), (5.1, False)])
def test_what_other_accounts_send_is_covered_by_its_event_time_and_answered(at, covered) -> None:
    """It is stored whenever their partition comes to it; it reaches the core, which knows what to answer."""
    (found,) = [
        each
        for each in guard_of(erasure(5_000)).part([arrival(m.REFERRALS, 90_000, at=at)])[0]
        if each.topic != m.COMMANDS
    ]
    assert found.covered is covered


def test_what_the_group_had_acknowledged_is_not_erased_again() -> None:
    """It covers what it covered, and is a repeat in its turn; a new account's record is folded without it."""
    guard = ErasureGuard(6)
    guard.note([erasure(5_000, offset=5)])
    assert guard.part([arrival(m.PURCHASES, 4_000)])[0] == []
    new = arrival(m.PURCHASES, 6_000)
    assert guard.part([new])[0] == [new]
    assert guard.part([erasure(5_000, offset=5)])[0] == []
    guard.note([erasure(7_000, offset=6)])
    assert [each.offset for each in guard.part([erasure(7_000, offset=6)])[0]] == [6]


def test_what_the_group_had_acknowledged_is_not_answered_again() -> None:
    """A rebuild meets the same messages; whoever had to do with the account was told when it was erased."""
    message = arrival(m.REFERRALS, 90_000, at=1.0)
    for acknowledged, answered in ((5, True), (6, False)):
        guard = ErasureGuard(acknowledged)
        guard.note([erasure(5_000, offset=5)])
        alive, erased = guard.part([message])
        assert (len(alive), len(erased)) == ((1, 0) if answered else (0, 1))


def test_a_record_after_the_erasure_brings_it_forward() -> None:
    """The account begins anew; the erasure's own turn is then a repeat, and its time does not move the clock."""
    erase, new = erasure(5_000, at=900.0), arrival(m.PURCHASES, 6_000, at=2.0)
    guard = guard_of(erase)
    alive, erased = guard.part([new])
    assert [each.topic for each in alive] == [m.COMMANDS, m.PURCHASES]
    assert (alive[0].offset, alive[0].at, alive[1]) == (5, new.at, new)
    assert erased == []
    assert guard.part([arrival(m.PURCHASES, 7_000), erase])[1] == [erase]


def test_what_was_folded_before_the_erasure_was_known_is_folded_again_behind_it() -> None:
    """Where it was stored after it; the rest is erased, and another account's is left alone."""
    guard = ErasureGuard()
    old, new, other = (
        arrival(m.PURCHASES, ms, who, offset=ms) for ms, who in ((4_000, "a"), (6_000, "a"), (6_000, "b"))
    )
    assert guard.part([old, new, other])[0] == [old, new, other]
    guard.note([erasure(5_000)])
    alive, erased = guard.part([erasure(5_000)])
    assert [each.offset for each in alive] == [5, 6_000]
    assert erased == []


def test_it_remembers_no_more_than_it_says() -> None:
    """A record that was folded longer ago is not folded again."""
    guard = ErasureGuard()
    guard.part([arrival(m.PURCHASES, 6_000, offset=1)])
    guard.part([arrival(m.PURCHASES, 6_001, "b") for _ in range(REMEMBERED - 1)])
    guard.note([erasure(5_000)])
    assert len(guard.part([erasure(5_000)])[0]) == 2
    guard = ErasureGuard()
    guard.part([arrival(m.PURCHASES, 6_000, offset=1)])
    guard.part([arrival(m.PURCHASES, 6_001, "b") for _ in range(REMEMBERED)])
    guard.note([erasure(5_000)])
    assert len(guard.part([erasure(5_000)])[0]) == 1


def test_the_last_erasure_of_an_account_covers() -> None:
    """In whatever order they are noted; an earlier one is carried out in its turn like any other."""
    first, last = erasure(3_000, offset=1), erasure(5_000, offset=2)
    for guard in (guard_of(first, last), guard_of(last, first)):
        assert guard.part([arrival(m.PURCHASES, 4_000)])[0] == []
        assert guard.part([first])[0] == [first]
        assert guard.part([last])[0][0].offset == 2


def test_without_an_erasure_nothing_is_looked_at_at_all() -> None:
    """The arrivals go through as they are."""
    arrivals = [arrival(m.PURCHASES, 1)]
    guard = guard_of(arrival(m.COMMANDS, 1, message=command(0, "release")[1]))
    assert guard.part(arrivals)[0] is arrivals


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


def test_what_is_left_out_is_accounted_for() -> None:
    """It counts as a repeat, and changes nothing."""
    folding = StepBuilder(CORE, {}, 0)
    folding.repeats([arrival(m.PURCHASES, 9)])
    step = folding.step({m.PURCHASES: 10})
    assert step.counts == {(m.PURCHASES, "repeat"): 1}
    assert not step.write.values


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (b'{"account_id": "caf\\u00e9"}', True),
        ('{"through": ["x", "café"]}'.encode(), True),
        ('{"note": "café au lait"}'.encode(), False),
        ('{"café": 1}'.encode(), True),
        ("no JSON, but café".encode(), True),
        (b"no JSON", False),
        (None, False),
    ],
)
def test_a_value_names_an_account_as_a_whole_text(value, named) -> None:
    """However it is escaped and wherever it stands; part of another text is not it, bytes that cannot be read may be."""
    assert mentions(value, "café") is named


def test_a_record_names_whom_it_is_merged_with_and_whom_it_has_told() -> None:
    """By its fields, and by the messages that it keeps to send again, packed as they are."""
    told = [purchase(1), purchase(2, account="b"), command(3, "merge", account="b", into="a")]
    records = fold(told)[0].records
    assert mentions(records["a"], "b")
    assert mentions(records["b"], "a")
    quiet = decode(records["a"])
    quiet.merged_sources, quiet.pending = [], b""
    assert not mentions(encode(quiet), "b")


def seen(*records):
    """Return what was seen of account "a" in records of (key, value, timestamp in days)."""
    found = _Seen()
    for key, value, day in records:
        found.add(SimpleNamespace(key=key, value=value, timestamp=day * DAY_MS), "a")
    return found


SPECS: dict[str, TopicSpec] = {spec.name: spec for spec in topics_for(Settings())}
NAMED = msgspec.json.encode({"account_id": "a"})


def test_a_compacted_topic_waits_for_its_cleaner_or_is_live() -> None:
    """A tombstone behind the record ends it; a record behind the tombstone, or one of another key, does not."""
    config = {**SPECS[m.PROFILES].config, "segment.ms": str(7 * DAY_MS)}
    gone = judged("t", seen((b"a", NAMED, 1), (b"a", None, 2), (b"b", b"{}", 9)), config)
    assert (gone.found, gone.until.timestamp()) == (2, (2 + 1 + 7) * DAY_MS / 1000)
    assert judged("t", seen((b"a", None, 1), (b"a", NAMED, 2)), config).until is None
    assert judged("t", seen((b"b", NAMED, 1)), config).until is None
    assert judged("t", seen((b"b", NAMED, 1), (b"b", b"{}", 2)), config).until is not None


def test_a_topic_with_a_retention_keeps_it_until_its_segment_goes() -> None:
    """That is its retention and a segment's span after the newest record; without a retention it never ends."""
    config = {**SPECS[m.PURCHASES].config, "segment.ms": str(7 * DAY_MS)}
    found = judged("t", seen((b"a", NAMED, 1), (b"b", b"{}", 50)), config)
    assert (found.found, found.until.timestamp()) == (1, (1 + 90 + 7) * DAY_MS / 1000)
    assert judged("t", seen((b"a", NAMED, 1)), {**config, "retention.ms": "-1"}).until is None


def test_commands_outlive_what_they_erase() -> None:
    """By more than the week by which Kafka may keep a segment of events beyond its retention."""
    kept = {name: int(SPECS[name].config["retention.ms"]) // DAY_MS for name in (m.COMMANDS, m.PURCHASES)}
    assert kept[m.COMMANDS] - kept[m.PURCHASES] > 7
