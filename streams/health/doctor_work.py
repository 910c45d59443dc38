"""The doctor's look at the work: how far the workers are behind, whether they live, and what waits to be sent."""

import time
from typing import Final

from redis.exceptions import RedisError

from relationship.contract.messages import MESSAGE_TYPES
from streams.config.settings import Settings
from streams.health.finding import Finding
from streams.health.table import Outstanding, read_outstanding, read_positions
from streams.kafka.admin import admin_client
from streams.kafka.groups import Group, committed_offsets, describe_group
from streams.kafka.reading import Backlog, read_backlogs

# Seconds that the oldest record waits. A step takes less than one; a rebalance takes some; the alarm is at five minutes.
BEHIND_WARN, BEHIND_FAIL = 60.0, 300.0
# Records of the outbox. What Kafka has confirmed stays until the partition's next write, at most a step's worth each;
# Kafka that takes nothing lets eight steps of each partition wait, and then nothing is folded.
OUTBOX_MANY: Final = 100_000


async def check_work(settings: Settings) -> list[Finding]:
    """Tell of the workers, of what waits for them, and of what they wait to send. Raises KafkaError, TopicsError."""
    async with admin_client(settings) as client:
        group = await describe_group(client, settings.group)
        positions = await committed_offsets(client, settings.group)
    outstanding = None
    try:
        positions |= await read_positions(settings)
        outstanding = await read_outstanding(settings, time.time_ns() // 1000)
    except RedisError:
        pass  # told by the checks on Redis
    backlogs = [*(await read_backlogs(settings, MESSAGE_TYPES, positions)).values()]
    found = [check_lag(backlogs, time.time()), check_workers(group, settings.partitions, backlogs)]
    return [*found, check_outbox(outstanding)] if outstanding else found


def check_lag(backlogs: list[Backlog], now: float) -> Finding:
    """Judge how many records wait and for how long; `now` in seconds since the epoch."""
    waiting = sum(each.end - each.start for each in backlogs)
    oldest = min((each.oldest_ms for each in backlogs if each.oldest_ms is not None), default=None)
    seconds = 0.0 if oldest is None else max(0.0, now - oldest / 1000)
    if not waiting:
        return Finding("ok", "lag", "no record waits")
    text = f"{waiting:,} records wait, the oldest for {seconds:,.0f} s"
    advice = "`clientward lag` shows where; docs/runbook.md#clientwardbehind says what to do"
    if seconds >= BEHIND_FAIL:
        return Finding("fail", "lag", text, advice)
    return Finding("warn", "lag", text, advice) if seconds >= BEHIND_WARN else Finding("ok", "lag", text)


def check_workers(group: Group, partitions: int, backlogs: list[Backlog]) -> Finding:
    """Judge who works: nobody, where something waits, is a failure; and so is a partition without a worker."""
    if not group.members:
        waits = any(each.end > each.start for each in backlogs)
        text = f"no worker is alive; the group is {group.state}"
        return Finding("fail" if waits else "warn", "workers", text, "start one: `clientward worker`")
    if group.state != "Stable":
        return Finding("warn", "workers", f"{len(group.members)} workers, {group.state}", "look again in a moment")
    topics = MESSAGE_TYPES.keys()
    owned = {number for each in group.members for topic in topics for number in each.partitions.get(topic, ())}
    if missing := sorted(set(range(partitions)) - owned):
        advice = "look at the workers' logs: one may run an older version, or subscribe to less"
        return Finding("fail", "workers", f"nobody has the partitions {', '.join(map(str, missing))}", advice)
    return Finding("ok", "workers", f"{len(group.members)} alive, with all {partitions} partitions")


def check_outbox(outstanding: Outstanding) -> Finding:
    """Judge what Redis holds to be sent: the states to the changelog, and the decisions after them."""
    text = f"{outstanding.outbox:,} records in the outbox, {outstanding.due:,} timers due"
    if outstanding.outbox >= OUTBOX_MANY:
        advice = "Kafka does not take what the workers send: look at the brokers, and at `produce` above"
        return Finding("fail", "outbox", text, advice)
    return Finding("ok", "outbox", text)
