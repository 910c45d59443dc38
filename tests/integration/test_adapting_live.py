"""`clientward adapt` as processes of their own, on real Kafka, with the examples as they stand."""

import asyncio
import io
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastavro
from aiohttp import web
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from live import plain_environment, run
from web_server import served

from relationship.contract.messages import COMMANDS, PURCHASES, TICKETS
from relationship.contract.outcome import REJECTED, Reason
from streams.config.settings import Settings
from streams.kafka.admin import ensure_topics
from streams.kafka.reading import read_to_end
from streams.wire.dead_letters import Rejected, read_dead_letter

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "adapters"
WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.2  # between two looks at a topic; nobody tells when an adapter is through
AT_US = 1_777_629_600_000_000  # 2026-05-01T10:00:00Z


@asynccontextmanager
async def adapting(kafka: str, group: str, file: Path, log: Path, count: int = 1) -> AsyncIterator[list[Process]]:
    """Run some members of an adapter's group until the block ends; what is still running then is killed."""
    environment = plain_environment(CLIENTWARD_KAFKA_BOOTSTRAP=kafka, CLIENTWARD_GROUP=group, PYTHONPATH=str(ROOT))
    program = [sys.executable, "-m", "cli.main", "adapt", str(file)]
    with log.open("ab") as out:
        members = [
            await asyncio.create_subprocess_exec(*program, env=environment, stdout=DEVNULL, stderr=out)
            for _ in range(count)
        ]
    try:
        yield members
    finally:
        for each in members:
            if each.returncode is None:
                each.kill()
            await each.wait()
        sys.stderr.write(log.read_text()[-3000:])  # noqa: ASYNC240 - a few lines, when all is over


async def prepared(kafka: str, group: str, folder: Path, topic: str, partitions: int = 2) -> Settings:
    """Make our topics and a foreign one."""
    settings = Settings(kafka_bootstrap=kafka, group=group, partitions=4, data_dir=folder)
    await ensure_topics(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    await admin.close()
    return settings


async def send(kafka: str, topic: str, values: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Publish to a foreign topic and wait until it is stored."""
    async with AIOKafkaProducer(bootstrap_servers=kafka) as client:
        await asyncio.gather(*[await client.send(topic, value, key=key) for key, value in values])


async def values(settings: Settings, topic: str) -> list[dict[str, Any]]:
    """Return what one of our topics holds."""
    return [json.loads(each.value) async for each in read_to_end(settings, topic)]


async def until_there(settings: Settings, topic: str, ids: int) -> list[dict[str, Any]]:
    """Return what a topic holds once it holds so many ids."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            found = await values(settings, topic)
            if len({each["event_id"] for each in found}) >= ids:
                return found
            await asyncio.sleep(LOOK_SECONDS)


async def until_refused(settings: Settings, count: int) -> list[Rejected]:
    """Return the dead letters once there are so many."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            found = [read_dead_letter(each) async for each in read_to_end(settings, REJECTED)]
            if len(found) >= count:
                return [each for each in found if each is not None]
            await asyncio.sleep(LOOK_SECONDS)


def row(number: int, **more: Any) -> dict[str, Any]:
    """Return a row of the orders table."""
    return {
        "id": number, "customer": f"c{number % 97}", "created_at": AT_US + number, "total": f"{number}.10",
        "currency": "EUR", "source": "site", "status": "paid", **more,
    }  # fmt: skip


def change(op: str, before: Any, after: Any, number: int = 0) -> bytes:
    """Return a change as Debezium writes it."""
    told = {"op": op, "before": before, "after": after, "source": {"ts_us": AT_US + 60_000_000 + number}, "ts_ms": 0}
    return json.dumps({"schema": {}, "payload": told}).encode()


async def test_a_topic_is_read_whatever_compresses_it(kafka_bootstrap: str, group: str, tmp_path: Path) -> None:
    """A producer compresses as it likes, and each batch by itself; what reads it comes with the extra."""
    settings = await prepared(kafka_bootstrap, group, tmp_path, "shop.public.orders", 1)
    kinds = ("gzip", "snappy", "lz4", "zstd")
    for number, kind in enumerate(kinds):
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, compression_type=kind) as client:
            await client.send_and_wait("shop.public.orders", change("c", None, row(number)))
    async with adapting(kafka_bootstrap, group, EXAMPLES / "orders.toml", tmp_path / "log") as (one,):
        found = await until_there(settings, PURCHASES, len(kinds))
        one.send_signal(signal.SIGTERM)
        assert await one.wait() == 0
    assert {each["event_id"] for each in found} == {f"order:{number}" for number in range(len(kinds))}


async def test_an_orders_table_by_debezium_survives_sigkill_under_load(
    kafka_bootstrap: str, group: str, tmp_path: Path
) -> None:
    """Two members; one is killed while orders come in. Each order is there, once by its id; poison stops nothing."""
    topic, orders = "shop.public.orders", 8_000
    settings = await prepared(kafka_bootstrap, group, tmp_path, topic)
    keyed = [(str(n).encode(), change("c", None, row(n))) for n in range(orders)]
    async with adapting(kafka_bootstrap, group, EXAMPLES / "orders.toml", tmp_path / "log", 2) as (one, two):
        await send(kafka_bootstrap, topic, [(b"x", b"\xffpoison"), *keyed[: orders // 2]])
        sending = asyncio.create_task(send(kafka_bootstrap, topic, keyed[orders // 2 :]))
        await until_there(settings, PURCHASES, 1)
        one.kill()
        await sending
        changes = [
            (b"7", change("u", row(7), row(7, total="99.00"), 1)),
            (b"8", change("d", row(8), None, 1)),
            (b"8", None),
            (b"9", change("u", None, row(9), 1)),
        ]
        await send(kafka_bootstrap, topic, changes)
        await until_there(settings, COMMANDS, 2)
        found = await until_there(settings, PURCHASES, orders)
        letters = await until_refused(settings, 2)
        two.send_signal(signal.SIGTERM)
        assert await two.wait() == 0
    contents = {(each["event_id"], json.dumps(each, sort_keys=True)) for each in found}
    assert {id_ for id_, _ in contents} == {f"order:{n}" for n in range(orders)}
    assert len(contents) == orders
    commands = {each["corrects"]: each for each in await values(settings, COMMANDS)}
    assert {name: each["value"] and each["value"]["amount"] for name, each in commands.items()} == {
        "order:7": "99.00",
        "order:8": None,
    }
    told = {(each.value, each.reason): each.text for each in letters}
    assert set(told) == {(b"\xffpoison", Reason.DECODE), (changes[-1][1], Reason.DECODE)}
    assert "REPLICA IDENTITY FULL" in told[changes[-1][1], Reason.DECODE]


SCHEMA = {
    "type": "record",
    "name": "Event",
    "fields": [
        {"name": "customer", "type": "string"},
        {"name": "ticket", "type": "long"},
        {"name": "state", "type": "string"},
        {"name": "category", "type": "Category"},
        {"name": "via", "type": ["null", "string"]},
        {"name": "rating", "type": ["null", "int"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    ],
}
CATEGORY = {"type": "enum", "name": "Category", "symbols": ["HOWTO", "BUG", "COMPLAINT", "ODD"]}


@asynccontextmanager
async def registry() -> AsyncIterator[tuple[str, Counter[str]]]:
    """Serve Confluent's API: schema 5, which refers to another, and 6 of JSON; away at first. Give address and asks."""
    asked: Counter[str] = Counter()
    answers: dict[str, dict[str, Any]] = {
        "/schemas/ids/5": {
            "schema": json.dumps(SCHEMA),
            "references": [{"name": "Category", "subject": "desk category", "version": 3}],
        },
        "/subjects/desk%20category/versions/3": {"schema": json.dumps(CATEGORY), "id": 4, "version": 3},
        "/schemas/ids/6": {"schema": "{}", "schemaType": "JSON"},
    }

    async def answer(request: web.Request) -> web.Response:
        asked[request.raw_path] += 1
        if asked.total() == 1:
            return web.json_response({"error_code": 50001}, status=500)
        found = answers.get(request.raw_path)
        return web.json_response(found or {"error_code": 40403}, status=200 if found else 404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with served(app) as url:
        yield url, asked


def event(number: int, **more: Any) -> bytes:
    """Return a help desk's event in the registry's wire form."""
    names: dict[str, Any] = {}
    fastavro.parse_schema(CATEGORY, names)
    body = io.BytesIO(b"\0\0\0\0\5")
    body.seek(0, io.SEEK_END)
    told = {
        "customer": f"c{number}",
        "ticket": number,
        "state": "OPENED",
        "category": "BUG",
        "via": "MAIL",
        "rating": None,
    }
    fastavro.schemaless_writer(body, fastavro.parse_schema(SCHEMA, names), {**told, "at": AT_US, **more})
    return body.getvalue()


async def test_a_help_desks_events_in_avro(kafka_bootstrap: str, group: str, tmp_path: Path) -> None:
    """By a registry that is away at first: Avro with references and JSON Schema map, and the rest has its reason."""
    topic = "desk.ticket-events"
    settings = await prepared(kafka_bootstrap, group, tmp_path, topic)
    as_json = {"customer": "c5", "ticket": 5, "state": "closed", "category": "HOWTO", "at": "2026-05-01T10:00:00Z"}
    bad = {
        b"\0\0\0\0\x09x": "no schema 9",
        b"\0\0\0\0\5\x02": "schema 5",
        event(2, category="ODD"): "word",
        b"{}": "id",
    }
    async with registry() as (url, asked):
        text = (EXAMPLES / "helpdesk.toml").read_text().replace("http://127.0.0.1:8081", url)
        (tmp_path / "helpdesk.toml").write_text(text)
        (tmp_path / "helpdesk.sql").write_text((EXAMPLES / "helpdesk.sql").read_text())
        sent = [
            event(1),
            *bad,
            event(3, state="RESOLVED", rating=5),
            event(4),
            b"\0\0\0\0\6" + json.dumps(as_json).encode(),
        ]
        await send(kafka_bootstrap, topic, [(b"k", each) for each in sent])
        async with adapting(kafka_bootstrap, group, tmp_path / "helpdesk.toml", tmp_path / "log"):
            found = {each["account_id"]: each for each in await until_there(settings, TICKETS, 4)}
            letters = await until_refused(settings, len(bad))
    assert {name: (each["status"], each["kind"], each.get("csat")) for name, each in found.items()} == {
        "c1": ("opened", "incident", None),
        "c3": ("resolved", "incident", 5.0),
        "c4": ("opened", "incident", None),
        "c5": ("closed", "question", None),
    }
    assert found["c1"]["occurred_at"] == "2026-05-01T10:00:00Z"
    told = {each.value: each.text for each in letters}
    assert told.keys() == bad.keys()
    assert all(part in told[value] for value, part in bad.items()), told
    assert max(count for path, count in asked.items() if path != "/schemas/ids/5") == 1
    missing = await run("adapt", EXAMPLES / "orders.toml", folder=tmp_path, environment=plain_environment(
        CLIENTWARD_KAFKA_BOOTSTRAP=kafka_bootstrap, CLIENTWARD_GROUP=group, PYTHONPATH=str(ROOT)))  # fmt: skip
    assert (missing.code, len([each for each in missing.err if "there is no topic shop.public.orders" in each])) == (
        2,
        1,
    )
