"""How fast `clientward deliver` is: many endpoints, one of them dead, at a steady rate of decisions.

    python -m benchmarks.deliveries [--endpoints 200] [--rate 1000] [--seconds 60]

Each decision is wanted by one live endpoint, and by the dead one, which wants them all and answers 503. Everything is on
this machine: Kafka, Redis, the process that delivers, and the receivers, which check every signature. The latency is from
when the decision was written to Kafka to when its receiver had it.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final, get_args

from aiohttp import web
from standardwebhooks import Webhook

from clientward_client import RECLASSIFIED
from clientward_client.messages import Industry, Status
from contracts.make_golden import FOLDER
from streams.config.settings import Settings
from streams.embedded import kafka_server, redis_server
from streams.kafka.admin import ensure_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch

SECRET: Final = "whsec_" + "M" * 32  # of receivers that live for a minute
DEAD: Final = "dead"
# Seconds between two portions of decisions.
TICK_SECONDS: Final = 0.1
# Seconds that what is left may take after the last decision.
DRAIN_SECONDS: Final = 120.0
TEMPLATE: Final = json.loads(min((FOLDER / "1.0" / RECLASSIFIED).glob("*.json")).read_bytes())


def file_of(url: str, secret: Path, endpoints: int) -> str:
    """Return DELIVERIES.toml: endpoints that share the industries and statuses among them, and one that is dead."""
    kinds = [*product(get_args(Industry), get_args(Status), get_args(Status))][: endpoints - 1]
    common = f'secret_files = ["{secret}"]\nallow_private = true\nat_once = 20\n'
    lines = [
        f'[endpoints.e{n}]\nurl = "{url}/e{n}"\nindustry = ["{industry}"]\nfrom = ["{from_}"]\nto = ["{to}"]\n{common}'
        for n, (industry, from_, to) in enumerate(kinds)
    ]
    return "\n".join([*lines, f'[endpoints.{DEAD}]\nurl = "{url}/{DEAD}"\n{common}'])


def decision(number: int, endpoints: int) -> ProducerRecord:
    """Return a decision that one of the live endpoints wants."""
    kinds = [*product(get_args(Industry), get_args(Status), get_args(Status))][: endpoints - 1]
    industry, from_, to = kinds[number % len(kinds)]
    account, event_id = f"account-{number % 50_000}", f"rc-{number}"
    value = TEMPLATE | {"event_id": event_id, "account_id": account, "from": from_, "to": to}
    value |= {"segment": TEMPLATE["segment"] | {"industry": industry}, "decided_at": datetime.now(UTC).isoformat()}
    return ProducerRecord(
        RECLASSIFIED, None, account.encode(), json.dumps(value).encode(), [("ce_id", event_id.encode())]
    )


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def receive() -> None:
    """Be the receivers, in a process of their own: print the port, and at each line on stdin what was taken."""
    took: set[str] = set()
    latencies: list[float] = []
    refused = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal refused
        body = await request.text()
        if request.path == f"/{DEAD}":
            refused += 1
            return web.Response(status=503)
        event = Webhook(SECRET).verify(body, dict(request.headers))
        took.add(event["id"])
        latencies.append(time.time() - datetime.fromisoformat(event["data"]["decided_at"]).timestamp())
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/{name}", take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    say(str(runner.addresses[0][1]))
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        ordered = sorted(latencies) or [0.0]
        told = {
            "took": len(took),
            "requests": len(latencies),
            "refused": refused,
            **{f"p{share}": ordered[int((len(ordered) - 1) * share / 100)] for share in (50, 99)},
            "longest": ordered[-1],
        }
        say(json.dumps(told))


async def measure(endpoints: int, rate: int, seconds: int) -> dict[str, Any]:
    """Run everything, and return what was seen."""
    with tempfile.TemporaryDirectory() as name, kafka_server(fast=True) as kafka, redis_server() as redis:
        folder = Path(name)
        settings = Settings(kafka_bootstrap=kafka.bootstrap)
        await ensure_topics(settings)
        receivers = await _start([sys.executable, "-m", "benchmarks.deliveries", "--receive"])
        port = (await _line(receivers)).strip()
        (folder / "secret").write_text(SECRET)
        (folder / "deliveries.toml").write_text(file_of(f"http://127.0.0.1:{port}", folder / "secret", endpoints))
        environment = {
            "CLIENTWARD_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "CLIENTWARD_REDIS_URL": redis.url,
            "CLIENTWARD_WEB_PORT": "0",
            "CLIENTWARD_LOG_LEVEL": "WARNING",
        }
        program = [sys.executable, "-m", "cli.main", "deliver", str(folder / "deliveries.toml")]
        deliver = await _start(program, **environment)
        try:
            await _until_begun(redis.url, settings.group, endpoints)
            return await _feed(settings, receivers, endpoints, rate, seconds) | {"cpu_seconds": _cpu(deliver.pid)}
        finally:
            for process in (deliver, receivers):
                process.kill()
                await process.wait()


async def _until_begun(redis_url: str, group: str, endpoints: int) -> None:
    """Return when every endpoint stands somewhere: it begins with the next decision."""
    from redis.asyncio import Redis  # noqa: PLC0415 - here alone

    async with Redis.from_url(redis_url) as client, asyncio.timeout(DRAIN_SECONDS):
        while len(await client.keys(f"{{{group}-deliver:*:marks")) < endpoints:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(TICK_SECONDS)
    await asyncio.sleep(1)


async def _feed(settings: Settings, receivers: Any, endpoints: int, rate: int, seconds: int) -> dict[str, Any]:
    sent, started = 0, time.monotonic()
    async with producer(settings) as client:
        while (passed := time.monotonic() - started) < seconds:
            due = min(int(passed * rate), rate * seconds)
            await send_batch(client, [decision(number, endpoints) for number in range(sent, due)])
            sent = due
            await asyncio.sleep(TICK_SECONDS)
    fed = time.monotonic() - started
    told = await _ask(receivers)
    at_the_end = told["took"]
    while told["took"] < sent and time.monotonic() - started < seconds + DRAIN_SECONDS:
        await asyncio.sleep(TICK_SECONDS)
        told = await _ask(receivers)
    drained = time.monotonic() - started - fed
    return {
        "sent": sent,
        "per_second": sent / fed,
        "waiting_at_the_end": sent - at_the_end,
        "drained_s": drained,
        **told,
    }


async def _start(program: Sequence[str], **more: str) -> Any:
    plain = {name: text for name, text in os.environ.items() if not name.startswith("CLIENTWARD_")}
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    return await asyncio.create_subprocess_exec(*program, env=plain | more, **pipes)  # type: ignore[arg-type]


async def _line(process: Any) -> str:
    line: bytes = await process.stdout.readline()
    return line.decode()


async def _ask(receivers: Any) -> dict[str, Any]:
    receivers.stdin.write(b"\n")
    found: dict[str, Any] = json.loads(await _line(receivers))
    return found


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=200)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--receive", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        asyncio.run(receive())
    else:
        say(json.dumps(asyncio.run(measure(options.endpoints, options.rate, options.seconds)), indent=2))


if __name__ == "__main__":
    main()
