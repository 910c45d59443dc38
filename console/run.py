"""The process of `clientward console`: the pages, until told to stop."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from console.access.oidc_file import read_oidc
from console.access.provider import Provider
from console.access.users import Users
from console.app import make_app
from console.house import House
from console.live import Live
from delivering.file import read_deliveries
from readmodel.database import ReadModel
from serving.pages import listen, serve_at
from streams.config.settings import Settings

STOP_SECONDS: Final = 3  # streams that are open have nothing to lose
HEAD_BYTES: Final = 32_768  # of a request's head
AT_ONCE: Final = 500  # requests and streams: a firm's people, and a bound
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class ConsoleError(Exception):
    """The console cannot be served under such an address. The text is one line that says what to do."""


def serve(
    settings: Settings,
    users_file: Path,
    host: str,
    port: int,
    *,
    url: str | None = None,
    metrics: Sequence[str] = (),
    masks: bool = False,
    idle_seconds: float,
    oidc: Path | None = None,
    deliveries: Path | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises ConsoleError, UsersError, OidcFileError, DeliveriesError, DatabaseError, ServingError, OSError.
    """
    address = _address(url or f"http://{f'[{host}]' if ':' in host else host}:{port}")
    users = Users(users_file)
    provider = None if oidc is None else Provider(read_oidc(oidc), address, time.monotonic, time.time)
    if deliveries is not None:
        read_deliveries(deliveries)
    model = ReadModel.of(settings)
    listener = listen(host, port)

    def pages() -> ASGIApp:
        live = Live(settings, time.monotonic, model, metrics, deliveries)
        house = House(settings, users, address, live, model, masks=masks, idle_seconds=idle_seconds)
        house.provider, house.deliveries = provider, deliveries
        return make_app(house)

    serve_at(
        listener,
        pages,
        stop_seconds=STOP_SECONDS,
        proxy_headers=False,
        h11_max_incomplete_event_size=HEAD_BYTES,
        limit_concurrency=AT_ONCE,
    )


def _address(url: str) -> str:
    """Return the address that people type. Raises ConsoleError where passwords would go over the network in the clear."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ConsoleError(f"--url {url}: give the address that people type, such as https://console.example")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConsoleError(
            f"{url} would show passwords to the network: put a proxy that ends TLS in front, and give --url https://…"
        )
    return url.rstrip("/")
