"""The processes of `clientward advise`: over stdin and stdout for one agent, or uvicorn around the pages for many."""

import asyncio
import signal
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop

from advising.app import make_app
from advising.keys import Keys
from advising.tool import look_in, make_server
from streams.config.settings import Settings

STOP_SECONDS: Final = 5  # for requests that are under way


class ServingError(Exception):
    """The address cannot be served at. The text is one line that says what to do."""


def speak(settings: Settings) -> None:
    """Speak the Model Context Protocol over stdin and stdout, until stdin ends."""
    make_server(look_in(settings), version("clientward")).run("stdio")


def serve(settings: Settings, keys_file: Path, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises KeysError, ServingError, OSError."""
    keys = Keys(keys_file)
    listener = _listen(host, port)

    async def run() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn stops by these, and sends itself the same signal in the end, which is to do nothing more.
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        look = look_in(settings)
        options: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
        config = uvicorn.Config(
            make_app(look, make_server(look, version("clientward")), keys),
            lifespan="on",
            ws="none",
            limit_concurrency=200,  # requests at once, each a read of Redis
            timeout_graceful_shutdown=STOP_SECONDS,
            **options,
        )
        await uvicorn.Server(config).serve(sockets=[listener])

    uvloop.run(run())


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address, which is told already
        raise ServingError(f"cannot serve at {host}:{port}: {why}; give another --host or --port") from None
