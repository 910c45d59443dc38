"""An erased account is absent, in whatever order the topics of its partition are read, and what comes after it is new."""

import asyncio
import json

import msgspec
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from memory_kafka import Kafka
from memory_store import Redis
from partition_owner import Owner
from story import CORE, command, meeting, purchase, ticket

from relationship.contract import messages as m
from relationship.state.record import decode

ACCOUNT = "erased"
KINDS = ["purchase", "ticket", "meeting", "release", "erase", "neighbour"]
STORED = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 28)), min_size=1, max_size=14)
# Which topics a fetch brings, and how many records of each at most.
FETCHES = st.lists(st.tuples(st.sampled_from([*m.MESSAGE_TYPES]), st.integers(1, 4)), max_size=20)


def store(kafka, stored):
    """Let Kafka store records of the account in this order; return the ids of those after its last erasure, or None."""
    alive = None if any(kind == "erase" for kind, _ in stored) else []
    for number, (kind, day) in enumerate(stored):
        name = f"e{number}"
        account = "b" if kind == "neighbour" else ACCOUNT
        if kind in {"purchase", "neighbour"}:
            topic, message = purchase(day, name, account=account)
        elif kind == "ticket":
            topic, message = ticket(day, name, account=account, ticket_id=name)
        elif kind == "meeting":
            topic, message = meeting(day, name, account=account)
        else:
            topic, message = command(day, kind, name, account=account)
        kafka.add(topic, account.encode(), msgspec.json.encode(message))
        if kind == "erase":
            alive = []
        elif account == ACCOUNT and alive is not None:
            alive.append(name)
    return alive


async def read(kafka, redis, fetches, crash_at):
    """Fetch the topics piecemeal, crash once, and read to the end."""
    owner = Owner(redis, kafka, CORE)
    await owner.start()
    for number, (topic, most) in enumerate(fetches):
        if number == crash_at:
            await owner.crash()
            owner = Owner(redis, kafka, CORE)
            await owner.start()
        for batch in owner.consumer.batches():
            if batch.tp.topic != topic:
                owner.consumer.at[batch.tp.topic] = batch.start
                continue
            records = batch.records[:most]
            end = records[-1].offset + 1 if records else batch.start
            owner.consumer.at[topic] = end
            owner.partition.put(batch._replace(records=records, position=end))
        await asyncio.sleep(0)
    await owner.work()
    await owner.stop()


@cases(150)
@given(STORED, FETCHES, st.integers(0, 20))
def test_an_erased_account_is_absent_in_whatever_order_its_topics_are_read(stored, fetches, crash_at) -> None:
    """Backlog, live or after a crash: only what Kafka stored after the last erasure is there, as an account of its own."""
    kafka, redis = Kafka(), Redis()
    alive = store(kafka, stored)
    asyncio.run(read(kafka, redis, fetches, crash_at))
    raw = redis.held.values.get(ACCOUNT.encode())
    ids = [] if raw is None else sorted(fact.id for fact in decode(raw).facts())
    assert ids == sorted(alive or [])
    neighbours = [f"e{number}" for number, (kind, _) in enumerate(stored) if kind == "neighbour"]
    other = redis.held.values.get(b"b")
    assert neighbours == (
        [] if other is None else sorted((fact.id for fact in decode(other).facts()), key=lambda e: int(e[1:]))
    )


async def test_the_audit_tells_of_what_an_erasure_covered() -> None:
    """A backlog in which everything of the account is covered: the erasure is done, and not of an unknown account."""
    kafka, redis = Kafka(), Redis()
    assert store(kafka, [("purchase", 20), ("erase", 3), ("neighbour", 5)]) == []
    owner = Owner(redis, kafka, CORE)
    await owner.start()
    await owner.work()
    await owner.stop()
    (entry,) = [json.loads(each.value or b"") for each in kafka.output if each.topic == "crm.audit.v1"]
    assert (entry["action"], entry["outcome"]) == ("erase", "done")
    assert [each.value for each in kafka.output if each.key == ACCOUNT.encode() and each.value is None] != []
