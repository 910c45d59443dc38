"""What a rebuild leaves out, since it was folded before and erased; and what is a trace of an account."""

from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError
from story import CORE, command, fold, purchase

from relationship.contract import messages as m
from relationship.contract.outcome import Reason, Refused
from relationship.state.record import decode, encode
from streams.config.settings import Settings
from streams.engine.erasure_guard import POLL_MS, ErasureGuard, read_erasures
from streams.engine.step import StepBuilder
from streams.health.traces import _Seen, judged, mentions
from streams.kafka.topics import TopicSpec, topics_for
from streams.wire.arrivals import EPOCH, arrival_of

DAY_MS = 86_400_000
ERASED = ErasureGuard({"a": 5_000}, {m.PURCHASES: 10, m.COMMANDS: 3})


def arrival(topic, offset, account="a", at=0.0):
    """Return a record of an account."""
    message = m.Purchase(
        event_id="e", account_id=account, occurred_at=purchase(0)[1].occurred_at, amount="1", currency="EUR"
    )
    return arrival_of(
        topic, SimpleNamespace(offset=offset, timestamp=9_000, headers=()), message, EPOCH + timedelta(seconds=at)
    )


@pytest.mark.parametrize(
    ("record", "covered"),
    [
        (arrival(m.PURCHASES, 9), True),
        (arrival(m.PURCHASES, 10), False),
        (arrival(m.PURCHASES, 9, account="b"), False),
        (arrival(m.COMMANDS, 2), True),
        (arrival(m.TICKETS, 0), False),
        (arrival(m.REFERRALS, 50, at=4.9), True),
        (arrival(m.REFERRALS, 50, at=5.1), False),
        (arrival_of(m.PURCHASES, SimpleNamespace(offset=1, headers=()), Refused(Reason.LATE, "old"), EPOCH), False),
    ],
    ids=["acknowledged", "new", "another's", "the erasure", "not acknowledged", "sent again", "new credit", "refused"],
)
def test_only_what_was_acknowledged_of_an_erased_account_is_left_out(record, covered) -> None:
    """And what other accounts told it before its erasure, at whatever offset it comes again."""
    assert ERASED.covers(record) is covered
    alive, gone = ERASED.part([record])
    assert (list(alive), list(gone)) == (([], [record]) if covered else ([record], []))


def test_on_the_borders_of_what_was_acknowledged() -> None:
    """A referral's credit at the very moment of the erasure is new; without an erasure nothing is looked at at all."""
    at_the_erasure, before = arrival(m.REFERRALS, 50, at=5.0), arrival(m.REFERRALS, 50, at=4.999)
    assert ERASED.part([before, at_the_erasure]) == ([at_the_erasure], [before])
    arrivals = [before]
    assert ErasureGuard().part(arrivals)[0] is arrivals
    assert not ErasureGuard().covers(before)


class Brokers:
    """The topic of commands of one partition, and the group's offsets, as `read_erasures` asks for them."""

    def __init__(self, values, first=0, acknowledged=None):
        self.records = [SimpleNamespace(offset=first + i, value=v, timestamp=1_000 + i) for i, v in enumerate(values)]
        self.first, self.position_, self.fetches = first, None, 0
        self.offsets = acknowledged or {}
        self.wrong = None

    def consumer(self, **options):
        """Stand in for the consumer's class."""
        assert options["enable_auto_commit"] is False
        assert options["bootstrap_servers"]
        return self

    async def __aenter__(self):
        if self.wrong:
            raise self.wrong
        return self

    async def __aexit__(self, *_):
        self.closed = True

    def assign(self, partitions):
        """Note what is read."""
        (self.partition,) = partitions

    async def beginning_offsets(self, partitions):
        """Return where the topic begins."""
        return dict.fromkeys(partitions, self.first)

    def seek(self, partition, offset):
        """Begin there."""
        assert partition == self.partition
        self.position_ = offset

    async def position(self, partition):
        """Return where the next fetch begins."""
        assert partition == self.partition
        return self.position_

    async def getmany(self, timeout_ms):
        """Return two records, or what is left; every other fetch brings nothing."""
        assert timeout_ms == POLL_MS
        self.fetches += 1
        if self.fetches % 2:
            return {}
        found = [each for each in self.records if self.position_ <= each.offset][:2]
        self.position_ = found[-1].offset + 1
        return {self.partition: found}

    async def acknowledged(self, *tps):
        """Return the group's offsets of those that have one."""
        return {tp: self.offsets[tp.topic] for tp in tps if tp.topic in self.offsets and tp.partition == 3}


def a_command(name, account="a"):
    """Return a command's bytes."""
    return msgspec.json.encode({"account_id": account, "command": name})


VALUES = [
    a_command("erase"),
    a_command("erase", "b"),
    None,
    b"no JSON",
    a_command("release", "c"),
    a_command("erase", "b"),
    a_command("erase", "d"),
]


async def read(monkeypatch, brokers, positions):
    """Read ahead what was erased in partition 3."""
    monkeypatch.setattr("streams.engine.erasure_guard.AIOKafkaConsumer", brokers.consumer)
    return await read_erasures(Settings(), brokers, 3, positions)


async def test_erasures_are_read_from_where_redis_stands_to_what_is_acknowledged(monkeypatch) -> None:
    """Each account with its last erasure's arrival; what the group has not acknowledged is left to the replay."""
    brokers = Brokers(VALUES, acknowledged={m.COMMANDS: 6, m.PURCHASES: 10})
    guard = await read(monkeypatch, brokers, {m.COMMANDS: 1})
    assert guard.accounts == {"b": 1_005}
    assert guard.acknowledged == {m.COMMANDS: 6, m.PURCHASES: 10}
    assert brokers.partition == (m.COMMANDS, 3)
    assert brokers.closed
    whole = await read(monkeypatch, Brokers(VALUES, acknowledged={m.COMMANDS: 7}), {})
    assert whole.accounts == {"a": 1_000, "b": 1_005, "d": 1_006}


async def test_what_the_topic_no_longer_has_is_not_waited_for(monkeypatch) -> None:
    """Where the retention has taken the beginning, it is read from what is left."""
    brokers = Brokers(VALUES[5:], first=5, acknowledged={m.COMMANDS: 7})
    assert (await read(monkeypatch, brokers, {m.COMMANDS: 2})).accounts == {"b": 1_000, "d": 1_001}


@pytest.mark.parametrize(
    ("positions", "acknowledged"),
    [({m.COMMANDS: 6}, {m.COMMANDS: 6}), ({m.COMMANDS: 7}, {m.COMMANDS: 6}), ({}, {}), ({m.COMMANDS: 2}, {})],
)
async def test_nothing_is_read_where_redis_knows_of_everything(monkeypatch, positions, acknowledged) -> None:
    """It stands where the group does, or the group has acknowledged nothing: the brokers are not even asked."""
    brokers = Brokers(VALUES, acknowledged=acknowledged)
    assert await read(monkeypatch, brokers, positions) == ErasureGuard()
    assert brokers.fetches == 0


async def test_without_an_erasure_there_is_nothing_to_leave_out(monkeypatch) -> None:
    """Commands alone make no guard."""
    brokers = Brokers([a_command("release"), a_command("correct")], acknowledged={m.COMMANDS: 2, m.PURCHASES: 9})
    assert await read(monkeypatch, brokers, {}) == ErasureGuard()


async def test_brokers_that_do_not_answer_leave_nothing_out(monkeypatch) -> None:
    """The replay then ends in the same state by a longer way."""
    brokers = Brokers(VALUES, acknowledged={m.COMMANDS: 6})
    brokers.wrong = KafkaConnectionError("gone")
    assert await read(monkeypatch, brokers, {}) == ErasureGuard()


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
