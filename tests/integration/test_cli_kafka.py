"""The command line as a person runs it, in a process of its own, against a real broker and a real Redis."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from deleted import until_deleted
from faust.types import TP
from redis import Redis

from relationship.contract.messages import PROFILES, PURCHASES, decoder_for
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, STATE, Delivered, Reason, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.partitioning import partition_of
from streams.kafka.publisher import ProducerRecord
from streams.kafka.reading import read_to_end
from streams.kafka.sending import producer, send_batch
from streams.kafka.topics import topics_for
from streams.wire.dead_letters import dead_letter

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 60
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: list[str]


class Cli:
    """`clientward` with the settings of one test."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("CLIENTWARD_")} | {
            "PYTHONPATH": str(ROOT),
            "CLIENTWARD_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "CLIENTWARD_REDIS_URL": settings.redis_url.get_secret_value(),
            "CLIENTWARD_GROUP": settings.group,
            "CLIENTWARD_PARTITIONS": str(settings.partitions),
            "COLUMNS": "200",
        }

    async def start(self, *arguments: str) -> Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cli.main",
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )

    async def run(self, *arguments: str, stdin: bytes = b"") -> Ended:
        """Run a command to its end."""
        return await end(await self.start(*arguments), stdin)


async def end(process: Process, stdin: bytes = b"") -> Ended:
    """Wait for a command's end."""
    async with asyncio.timeout(LIMIT_SECONDS):
        out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode().splitlines())


@pytest.fixture
async def cli(kafka_bootstrap: str, redis_url: str, unique: str, tmp_path: Path) -> Cli:
    """The command line of a deployment of this test alone, once the last test's topics are gone."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_url, group=unique, partitions=3)  # type: ignore[arg-type]
    async with admin_client(settings) as client:
        await until_deleted(client, [spec.name for spec in topics_for(settings)])
    return Cli(settings, tmp_path)


async def publish(settings: Settings, *records: ProducerRecord) -> None:
    """Publish records as a worker would."""
    async with producer(settings) as client:
        assert set(await send_batch(client, records)) == {None}


def purchase(number: int) -> dict[str, Any]:
    """Return the value of a purchase by an account of its own."""
    return {
        "event_id": f"e{number}",
        "account_id": f"账户-{number}",
        "occurred_at": "2026-01-02T03:04:05Z",
        "amount": "1.00",
        "currency": "EUR",
    }


def reclassified(number: int) -> ProducerRecord:
    """Return a decision of the account `acc-<number>`."""
    value = {
        "event_id": f"d{number}",
        "account_id": f"acc-{number}",
        "from": "candidate",
        "to": "client",
        "effective_at": "2026-01-02T03:04:05Z",
        "score": 71.4,
        "why": "It meets us monthly.",
    }
    return ProducerRecord(RECLASSIFIED, None, value["account_id"].encode(), msgspec.json.encode(value), [])  # type: ignore[attr-defined]


async def test_topics_plan_and_apply(cli: Cli) -> None:
    """`plan` shows what `apply` then does; a second time there is nothing to do; another partition count is refused."""
    planned = await cli.run("topics", "plan")
    assert planned.code == 0
    assert planned.out.count("create  ") == len(topics_for(cli.settings))
    applied = await cli.run("topics", "apply")
    assert (applied.code, applied.err) == (0, [])
    assert (await cli.run("topics", "apply")).out == "nothing to do: the topics are as they should be\n"
    cli.environment["CLIENTWARD_PARTITIONS"] = "4"
    refused = await cli.run("topics", "apply")
    assert refused.code == 1
    assert "has 3 partitions, not 4" in refused.out


async def test_send_publishes_good_lines_and_tells_bad_ones(cli: Cli) -> None:
    """Good lines arrive byte for byte, keyed, on murmur2's partition, with their headers; bad ones get a line each."""
    await ensure_topics(cli.settings)
    values = [json.dumps(purchase(number), ensure_ascii=False, indent=None).encode() for number in range(50)]
    lines = [b'{"topic":"%s","value":%s}' % (PURCHASES.encode(), value) for value in values]
    event = {"specversion": "1.0", "id": "ce", "type": PURCHASES, "data": purchase(99), "traceparent": TRACE}
    lines += [b"nope", b"", json.dumps(event).encode(), b'{"topic":"%s","key":"x","value":null}' % PROFILES.encode()]
    (cli.folder / "events.jsonl").write_bytes(b"\n".join(lines))
    sent = await cli.run("send", "events.jsonl")
    assert sent.code == 0
    assert sent.err[0].startswith("line 51: not JSON")
    assert sent.err[-1].startswith("events.jsonl: 52 events sent")
    assert sent.err[-1].endswith("1 bad lines")
    found = [record async for record in read_to_end(cli.settings, PURCHASES)]
    assert {record.value for record in found if dict(record.headers)["ce_id"] != b"ce"} == set(values)
    for record in found:
        assert record.key.decode() == json.loads(record.value)["account_id"]
        assert record.partition == partition_of(record.key.decode(), 3)
    assert [dict(record.headers)["traceparent"] for record in found if b"99" in record.key] == [TRACE.encode()]
    assert [record.value async for record in read_to_end(cli.settings, PROFILES)] == [None]


async def test_send_strict_and_from_stdin(cli: Cli) -> None:
    """`--strict` turns a bad line into exit code 1, after the rest was sent; `-` reads stdin."""
    await ensure_topics(cli.settings)
    (cli.folder / "events.jsonl").write_text("nope\n", encoding="utf-8")
    assert (await cli.run("send", "--strict", "events.jsonl")).code == 1
    assert (await cli.run("send", "events.jsonl")).code == 0
    piped = await cli.run("send", "-", stdin=json.dumps({"topic": PURCHASES, "value": purchase(1)}).encode())
    assert (piped.code, piped.err[0].startswith("-: 1 events sent")) == (0, True)


async def test_send_without_topics(cli: Cli) -> None:
    """A missing topic is one line that says what to run, at once, and exit code 1."""
    (cli.folder / "e.jsonl").write_text(json.dumps({"topic": PURCHASES, "value": purchase(1)}), encoding="utf-8")
    ended = await cli.run("send", "e.jsonl")
    assert ended == Ended(1, "", [f"clientward: there is no topic {PURCHASES}; run `clientward topics apply`"])


async def test_send_tells_a_line_that_is_too_large(cli: Cli) -> None:
    """What no broker takes is told with its line, and the rest goes on."""
    await ensure_topics(cli.settings)
    large = {**purchase(1), "note": "x" * 2_000_000}
    lines = [json.dumps({"topic": PURCHASES, "value": value}) for value in (large, purchase(2))]
    (cli.folder / "e.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ended = await cli.run("send", "e.jsonl")
    assert ended.code == 0
    assert ended.err[0].startswith("line 1: 2000")
    assert len([record async for record in read_to_end(cli.settings, PURCHASES)]) == 1


async def test_tail_from_the_beginning(cli: Cli) -> None:
    """`tail` shows what is there as sentences or as JSON, and stops at its limit."""
    await ensure_topics(cli.settings)
    await publish(cli.settings, *map(reclassified, range(3)))
    told = await cli.run("tail", "--from-beginning", "--limit", "3")
    assert (told.code, told.err) == (0, [])
    assert min(told.out.splitlines()) == "2026-01-02 03:04  acc-0  candidate → client  71  It meets us monthly."
    as_json = await cli.run("tail", "--from-beginning", "--json", "--limit", "1")
    assert json.loads(as_json.out)["to"] == "client"


async def test_tail_live_and_interrupted(cli: Cli) -> None:
    """`tail` shows only what comes after it started; Ctrl-C ends it without a word, with 130."""
    await ensure_topics(cli.settings)
    await publish(cli.settings, reclassified(0))
    process = await cli.start("tail")
    assert process.stdout is not None
    first = asyncio.ensure_future(process.stdout.readline())
    number = 0
    async with asyncio.timeout(LIMIT_SECONDS):
        while not first.done():  # it says nothing when it is ready, so new decisions come until it shows one
            number += 1
            await publish(cli.settings, reclassified(number))
    assert "acc-0 " not in first.result().decode()
    process.send_signal(signal.SIGINT)
    ended = await end(process)
    assert (ended.code, ended.err) == (130, [])


class Refusable(NamedTuple):
    """A record to refuse."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes | None]]


async def test_dlq_list(cli: Cli) -> None:
    """Dead letters are listed with their place, reason and message, the newest last, and can be narrowed down."""
    await ensure_topics(cli.settings)
    for offset, refused in enumerate([Refused(Reason.SCHEMA, "$.amount: \x1b[31m"), Refused(Reason.LATE, "31 days")]):
        record = Refusable(offset, 0, b"acc\xff", b"{\xff", [])
        found = dead_letter(TP(PURCHASES, 2), record, refused, now=1)
        headers = [(name, content or b"") for name, content in found.headers]
        await publish(cli.settings, ProducerRecord(REJECTED, None, found.key or b"", found.value, headers))
    listed = await cli.run("dlq", "list")
    assert (listed.code, listed.err) == (0, [])
    first, second, total = listed.out.splitlines()
    assert first.endswith(f"{PURCHASES}/2/0  SCHEMA    $.amount: \\x1b[31m")
    assert second.endswith(f"{PURCHASES}/2/1  LATE      31 days")
    assert total == "2 of 2 dead letters"
    one = json.loads((await cli.run("dlq", "list", "--reason", "late", "--json")).out)
    assert (one["reason"], one["offset"], one["value"]) == ("LATE", 1, "{\\xff")
    assert (await cli.run("dlq", "list", "--limit", "1")).out.splitlines()[-1] == "1 of 2 dead letters"


async def test_account_show(cli: Cli, redis_url: str) -> None:
    """An account's record is found by its partition in Redis and shown; an unknown account is one line and 1."""
    account = "账户-1"
    message = decoder_for(PURCHASES).decode(json.dumps(purchase(1)))
    record = Core(load_policy(None)).step(account, None, [Delivered(PURCHASES, 0, message)], 0).record
    assert record is not None
    with Redis.from_url(redis_url) as client:
        key = f"{{{cli.settings.group}-relationships:{partition_of(account, 3)}}}:v"
        client.hset(key, account, record)  # type: ignore[arg-type]
    shown = await cli.run("account", "show", account)
    assert (shown.code, shown.err) == (0, [])
    for told in (account, "customer since 2026-01-02", "engagement", "prospect"):
        assert told in shown.out
    assert json.loads((await cli.run("account", "show", account, "--json")).out)["state"]["status"] == "customer"
    unknown = await cli.run("account", "show", "nobody")
    assert (unknown.code, len(unknown.err)) == (1, 1)
    assert unknown.err[0].startswith("clientward: no account nobody in group ")


async def test_lag_and_workers(cli: Cli) -> None:
    """What waits is listed by topic and partition with its age, and that nobody works is said; each as JSON too."""
    await ensure_topics(cli.settings)
    assert (await cli.run("lag")).out.splitlines()[-1].startswith("nothing waits in the 21 partitions of group ")
    value = json.dumps(purchase(1)).encode()
    key = purchase(1)["account_id"].encode()
    await publish(
        cli.settings, ProducerRecord(PURCHASES, None, key, value, []), ProducerRecord(PURCHASES, None, key, value, [])
    )
    shown = await cli.run("lag")
    assert (shown.code, shown.err) == (0, [])
    head, *rows, told = shown.out.splitlines()
    assert head.split() == ["topic", "records", "oldest"]
    cells = [row.split() for row in rows]
    place = f"{PURCHASES}/{partition_of(purchase(1)['account_id'], 3)}"
    assert [(name, records) for name, records, *_ in cells if records != "0"] == [(PURCHASES, "2"), (place, "2")]
    assert told.startswith(f"2 records wait in 1 of 21 partitions of group {cli.settings.group}, the oldest for ")
    found = json.loads((await cli.run("lag", "--json")).out)
    assert (found["records"], found["source"], len(found["partitions"])) == (2, "table", 21)
    cli.environment["CLIENTWARD_REDIS_URL"] = "redis://127.0.0.1:1/0"
    away = await cli.run("lag")
    assert (away.code, len(away.err)) == (0, 1)
    assert away.err[0].startswith("Redis does not answer: by the group's committed offsets")
    shown = await cli.run("workers")
    assert shown.out == f"group {cli.settings.group} is Dead: 0 workers, no worker for partitions 0-2\n"
    assert json.loads((await cli.run("workers", "--json")).out)["unassigned"] == [0, 1, 2]


async def test_base_counts_the_states(cli: Cli) -> None:
    """By industry and by segment, with the last state of each account; one that has left does not count."""
    await ensure_topics(cli.settings)
    message = decoder_for(PURCHASES).decode(json.dumps(purchase(1)))
    outcome = Core(load_policy(None)).step("acc", None, [Delivered(PURCHASES, 0, message)], 0)
    (state,) = [sent.value for sent in outcome.sends if sent.topic == STATE]
    await publish(cli.settings, *(ProducerRecord(STATE, None, key, state, []) for key in (b"a", b"b", b"c", b"b")))
    await publish(cli.settings, ProducerRecord(STATE, None, b"c", None, []))
    shown = await cli.run("base")
    assert (shown.code, shown.err) == (0, [])
    assert [line.split() for line in shown.out.splitlines()] == [
        ["industry", "prospect", "customer", "candidate", "client", "lapsed", "accounts"],
        ["all", "0", "2", "0", "0", "0", "2"],
        ["other", "0", "2", "0", "0", "0", "2"],
    ]
    segments = (await cli.run("base", "--segments")).out.splitlines()
    assert [line.split() for line in segments] == [
        ["industry", "party", "scope", "market", "standing", "status", "accounts"],
        ["other", "-", "external", "-", "new", "customer", "2"],
    ]
    assert json.loads((await cli.run("base", "--json")).out)["accounts"] == 2


async def test_audit_lists_who_did_what(cli: Cli) -> None:
    """The newest last, narrowed down by what it says and when; a time without an offset is wrong use."""
    await ensure_topics(cli.settings)
    entries = [
        {"event_id": f"x{day}", "account_id": account, "action": action, "outcome": "done", "detail": None, "by": by}
        | {"occurred_at": f"2026-01-0{day}T00:00:00Z", "decided_at": f"2026-01-0{day}T00:00:01Z"}
        for day, account, action, by in (
            (1, "a\u202e", "erase", "ops"),
            (2, "b", "merge", "eve"),
            (3, "b", "release", "ops"),
        )
    ]
    for entry in entries:  # one after another, so that their order is that of their arrival
        await publish(
            cli.settings, ProducerRecord(AUDIT, None, entry["account_id"].encode(), json.dumps(entry).encode(), [])
        )
    listed = await cli.run("audit")
    assert (listed.code, listed.err) == (0, [])
    assert listed.out.splitlines() == [
        "2026-01-01 00:00:01  erase  done  a\\u202e  by ops",
        "2026-01-02 00:00:01  merge  done  b  by eve",
        "2026-01-03 00:00:01  release  done  b  by ops",
        "3 of 3 entries",
    ]
    narrow = await cli.run("audit", "--account", "b", "--by", "ops", "--since", "2026-01-02T00:00:00Z", "--json")
    assert [json.loads(line)["event_id"] for line in narrow.out.splitlines()] == ["x3"]
    assert (await cli.run("audit", "--action", "merge", "-n", "1")).out.splitlines()[-1] == "1 of 1 entries"
    wrong = await cli.run("audit", "--until", "2026-01-02")
    assert (wrong.code, len(wrong.err)) == (2, 1)
    assert "--until '2026-01-02' is no time" in wrong.err[0]


async def test_doctor_exit_codes(cli: Cli) -> None:
    """`doctor` fails while topics are missing, and says what to run; it never shows a traceback."""
    before = await cli.run("doctor")
    assert (before.code, before.err) == (1, [])
    assert "run `clientward topics apply`" in before.out
    await ensure_topics(cli.settings)
    after = await cli.run("doctor")
    assert "fail  topics" not in after.out
    assert "ok    redis" in after.out
