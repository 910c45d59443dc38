"""The process of `clientward console`: uvicorn around the pages, until told to stop."""

import asyncio
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn
import uvloop

from console.access.oidc_file import read_oidc
from console.access.provider import Provider
from console.access.users import Users
from console.app import make_app
from console.house import House
from console.live import Live
from readmodel.database import ReadModel
from streams.config.settings import Settings

STOP_SECONDS: Final = 3  # streams that are open have nothing to lose
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class ConsoleError(Exception):
    """The console cannot be served so. The text is one line that says what to do."""


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
) -> None:
    """Serve until SIGTERM or SIGINT. Raises UsersError, OidcFileError, ConsoleError, DatabaseError, OSError."""
    address = _address(url or f"http://{f'[{host}]' if ':' in host else host}:{port}")
    users = Users(users_file)
    provider = None if oidc is None else Provider(read_oidc(oidc), address, time.monotonic, time.time)
    model = ReadModel.of(settings)
    listener = _listen(host, port)

    async def run() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn stops by these, and sends itself the same signal in the end, which is to do nothing more.
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        live = Live(settings, time.monotonic, model, metrics)
        house = House(settings, users, address, live, model, masks=masks, idle_seconds=idle_seconds, provider=provider)
        await uvicorn.Server(_config(house)).serve(sockets=[listener])

    uvloop.run(run())


def _config(house: House) -> uvicorn.Config:
    options: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False, "proxy_headers": False}
    return uvicorn.Config(
        make_app(house),
        lifespan="on",
        ws="none",
        h11_max_incomplete_event_size=32_768,  # bytes of a request's head
        limit_concurrency=500,  # requests and streams at once: a firm's people, and a bound
        timeout_graceful_shutdown=STOP_SECONDS,
        **options,
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


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address, which is told already
        raise ConsoleError(f"cannot serve at {host}:{port}: {why}; give another --host or --port") from None
