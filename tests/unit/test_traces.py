"""What is a trace of an account that was erased, and until when a topic holds it."""

from types import SimpleNamespace

import msgspec
import pytest
from story import command, fold, purchase

from relationship.contract import messages as m
from relationship.state.record import decode, encode
from streams.config.settings import Settings
from streams.health.traces import _Seen, judged, mentions
from streams.kafka.topics import TopicSpec, topics_for

DAY_MS = 86_400_000


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
