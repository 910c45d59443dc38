"""Listening at an address, and serving an application at it until SIGTERM or SIGINT."""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp


class ServingError(Exception):
    """The address cannot be served at. The text is one line that says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address. Raises ServingError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address, which is told already
        raise ServingError(f"cannot serve at {host}:{port}: {why}; give another --host or --port") from None


def serve_at(listener: socket.socket, make: Callable[[], ASGIApp], *, stop_seconds: int, **options: Any) -> None:
    """Serve what `make` returns, which is called in the loop, until told to stop.

    Args:
        listener: the socket of `listen`.
        make: makes the application.
        stop_seconds: how long requests that are under way may take then.
        options: others of uvicorn's.
    """

    async def run() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn stops by these, and sends itself the same signal in the end, which is to do nothing more.
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        config = uvicorn.Config(
            make(),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=stop_seconds,
            **options,
        )
        await uvicorn.Server(config).serve(sockets=[listener])

    uvloop.run(run())
