"""What the engine tells the store of accounts' records, when the app is built; nothing connects."""

from story import NOW_US, POLICY, meeting, purchase

from relationship.contract.outcome import Delivered
from relationship.core import Core
from streams.config.settings import Settings
from streams.engine.app import build_app
from streams.engine.metrics import Metrics
from streams.engine.redis_calls import Notifier
from streams.kafka.publisher import Publisher

CORE = Core(POLICY)
TOLD = {"purchases": purchase, "meetings": meeting}


def record_at(**offsets: int) -> bytes:
    """Return a record that reflects a message of each topic named, at that offset."""
    record = None
    for name, offset in offsets.items():
        topic, message = TOLD[name](1, name)
        record = CORE.step("a", record, [Delivered(topic, offset, message)], NOW_US).record
    assert record is not None
    return record


def test_a_record_covers_another_where_it_reflects_each_topic_as_far() -> None:
    """As the store asks it: one that lacks a topic, or is behind in one, would lose messages."""
    settings = Settings()
    options = build_app(settings, CORE, Publisher(settings), Metrics(), Notifier()).relationships.options
    old = record_at(purchases=5, meetings=2)
    assert options["covers"](old, old)
    assert options["covers"](record_at(purchases=5), old)
    assert not options["covers"](old, record_at(purchases=5))
    assert not options["covers"](old, record_at(purchases=9, meetings=1))
    assert options["covers"](old, record_at(purchases=5, meetings=3))
    assert options["newer"](old, old)
