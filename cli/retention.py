"""`clientward retention`: the base's retention rate, once or as a gauge for Prometheus."""

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.mistakes import DONE
from cli.output import say
from streams.config.load import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterable
    from typing import Any

    from relationship.analysis.retention import Base, Retention
    from streams.config.settings import Settings

YEAR_DAYS: Final = 365
# Seconds between two values of the gauge; it is about a year.
REFRESH_SECONDS: Final = 15.0


def retention(
    days: Annotated[
        int, typer.Option("--days", min=1, help="The window: of the clients of so many days ago.")
    ] = YEAR_DAYS,
    at: Annotated[datetime | None, typer.Option("--at", formats=["%Y-%m-%dT%H:%M:%S%z"], help="Its end; now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    serve: Annotated[
        int | None,
        typer.Option("--serve", metavar="PORT", min=1, max=65535, help="Serve it at PORT/metrics, without end."),
    ] = None,
) -> int:
    """Tell how many of the clients of a year ago are clients still, from the topics of decisions and states.

    An account that was erased or merged into another counts neither then nor now. With --serve it follows the topics and
    gives Prometheus the gauges clientward_retention_ratio, clientward_clients and clientward_clients_then.
    """
    from relationship.analysis.retention import Base  # noqa: PLC0415
    from relationship.contract.times import DAY_US, micros  # noqa: PLC0415 - not for --help

    base = Base(days * DAY_US)
    if serve is not None:
        asyncio.run(_serve(load_settings(), base, serve))
        return DONE
    asyncio.run(_read(load_settings(), base))
    found = base.at(time.time_ns() // 1000 if at is None else micros(at))
    say(_json(found, days) if as_json else _sentence(found, days))
    return DONE


def _sentence(found: "Retention", days: int) -> str:
    if found.rate is None:
        return f"no clients {days} days before; {found.now:,} at the end"
    return (
        f"{found.kept:,} of {found.then:,} clients kept over {days} days ({found.rate:.1%}); {found.now:,} at the end"
    )


def _json(found: "Retention", days: int) -> str:
    import msgspec  # noqa: PLC0415 - not for --help

    return msgspec.json.encode({"days": days, **found._asdict(), "rate": found.rate}).decode()


async def _read(settings: "Settings", base: "Base") -> None:
    """Read both topics to their ends."""
    from relationship.contract.outcome import RECLASSIFIED, STATE  # noqa: PLC0415 - not for --help
    from streams.kafka.reading import read_to_end  # noqa: PLC0415 - slow to import

    await _take_decisions(base, read_to_end(settings, RECLASSIFIED))
    await _take_states(base, read_to_end(settings, STATE))


async def _serve(settings: "Settings", base: "Base", port: int) -> None:
    """Follow both topics and keep the gauges; nothing is served before what is there is read."""
    from prometheus_client import CollectorRegistry, Gauge, start_http_server  # noqa: PLC0415 - not for --help

    from relationship.contract.outcome import RECLASSIFIED, STATE  # noqa: PLC0415
    from streams.kafka.reading import follow  # noqa: PLC0415 - slow to import

    registry = CollectorRegistry()
    ratio = Gauge("clientward_retention_ratio", "Of the clients a window ago, the share kept.", registry=registry)
    now = Gauge("clientward_clients", "Accounts that are clients.", registry=registry)
    then = Gauge("clientward_clients_then", "Those that were clients a window ago.", registry=registry)
    await _read(settings, base)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_take_decisions(base, follow(settings, RECLASSIFIED, from_beginning=True)))
        tasks.create_task(_take_states(base, follow(settings, STATE, from_beginning=True)))
        server = None
        while True:
            found = base.at(time.time_ns() // 1000)
            ratio.set(float("nan") if found.rate is None else found.rate)
            now.set(found.now)
            then.set(found.then)
            server = server or start_http_server(port, settings.web_host, registry)
            await asyncio.sleep(REFRESH_SECONDS)


async def _take_decisions(base: "Base", records: "AsyncIterable[Any]") -> None:
    import msgspec  # noqa: PLC0415 - not for --help

    from relationship.contract.decisions import Reclassification  # noqa: PLC0415

    decode = msgspec.json.Decoder(Reclassification).decode
    async for record in records:
        base.decided(decode(record.value))


async def _take_states(base: "Base", records: "AsyncIterable[Any]") -> None:
    async for record in records:
        base.stated(record.key.decode(), there=record.value is not None)
