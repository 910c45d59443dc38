"""Examine a deployment: its libraries, Kafka, topics, rights, keys, the policy, the work, Redis and clocks.

Every check gives a `Finding`, and where it says ok of a server, something was tried on it: a record was written to a topic
of the doctor's own and read back, a field was written beside each partition's keys and taken away. Nothing else changes.
The checks on the servers are in `doctor_kafka.py` (with `doctor_connection.py`, `doctor_attempts.py`,
`doctor_changelog.py`, `doctor_work.py`)
and `doctor_redis.py`, that on the policy in `doctor_policy.py`.
"""

from collections.abc import AsyncIterator
from importlib.metadata import entry_points, version

from streams.config.settings import Settings
from streams.health import doctor_kafka, doctor_redis
from streams.health.finding import Finding
from streams.rights.parts import WORKER, parts


async def examine(settings: Settings, name: str = WORKER) -> AsyncIterator[Finding]:
    """Give the findings one after the other, as they are made, looking with the rights of a part and for what it needs."""
    part = parts(settings)[name]
    for finding in check_libraries():
        yield finding
    async for finding in doctor_kafka.examine(settings, part):
        yield finding
    async for finding in doctor_redis.examine(settings, part):
        yield finding


def check_libraries() -> list[Finding]:
    """Tell the versions of what everything rests on, and whether Faust finds the Redis store."""
    told = ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka", "redis", "msgspec"))
    return [Finding("ok", "libraries", told), _check_store()]


def _check_store() -> Finding:
    found = list(entry_points(group="faust.stores", name="redis"))
    if not found:
        advice = "install the project with `make setup` (or `pip install -e .`), which registers the entry point"
        return Finding("fail", "store", "Faust has no store for redis:// tables", advice)
    try:
        found[0].load()
    except (ImportError, AttributeError) as error:
        return Finding("fail", "store", f"{found[0].value} cannot be loaded: {error}", "install again: `make setup`")
    return Finding("ok", "store", f"redis:// tables are kept by {found[0].value}")
