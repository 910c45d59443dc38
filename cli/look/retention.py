"""`clientward retention`: the base's retention rate, once or as a gauge for Prometheus."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from cli.errors import DONE
from cli.options import OneJson, print_json
from cli.output import print_line
from streams.config.load import load_settings
from streams.config.settings import Settings
from views.base.retention import YEAR_DAYS, Retentions, RetentionView
from views.base.retention import retention as retention_of

# Seconds between two values of the gauge; it is about a year.
REFRESH_SECONDS: Final = 15.0


def retention(
    days: Annotated[
        int, typer.Option("--days", min=1, help="The window: of the clients of so many days ago.")
    ] = YEAR_DAYS,
    at: Annotated[datetime | None, typer.Option("--at", formats=["%Y-%m-%dT%H:%M:%S%z"], help="Its end; now.")] = None,
    as_json: OneJson = False,
    serve: Annotated[
        int | None,
        typer.Option("--serve", metavar="PORT", min=1, max=65535, help="Serve it at PORT/metrics, without end."),
    ] = None,
) -> int:
    """Tell how many of the clients of a year ago are clients still, from the topics of decisions and states.

    An account that was erased or merged into another counts neither then nor now. With --serve it follows the topics and
    gives Prometheus the gauges clientward_retention_ratio, clientward_clients and clientward_clients_then.
    """
    if serve is not None:
        asyncio.run(serve_gauges(load_settings(), Retentions(days), serve))
        return DONE
    found = asyncio.run(retention_of(load_settings(), days, at))
    print_json(found) if as_json else print_line(_sentence(found))
    return DONE


def _sentence(found: RetentionView) -> str:
    if found.rate is None:
        return f"no clients {found.days} days before; {found.now:,} at the end"
    kept = f"{found.kept:,} of {found.then:,} clients kept over {found.days} days ({found.rate:.1%})"
    return f"{kept}; {found.now:,} at the end"


async def serve_gauges(settings: Settings, base: Retentions, port: int) -> None:
    """Follow both topics and keep the gauges; nothing is served before what is there is read."""
    registry = CollectorRegistry()
    ratio = Gauge("clientward_retention_ratio", "Of the clients a window ago, the share kept.", registry=registry)
    now = Gauge("clientward_clients", "Accounts that are clients.", registry=registry)
    then = Gauge("clientward_clients_then", "Those that were clients a window ago.", registry=registry)
    await base.read(settings)
    following = asyncio.create_task(base.follow(settings))
    server = None
    try:
        while not following.done():
            found = base.at(datetime.now(UTC))
            ratio.set(float("nan") if found.rate is None else found.rate)
            now.set(found.now)
            then.set(found.then)
            server = server or start_http_server(port, settings.web_host, registry)
            await asyncio.wait([following], timeout=REFRESH_SECONDS)
        following.result()  # it ends by an error only
    finally:
        following.cancel()
