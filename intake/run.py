"""The process of `clientward intake`: uvicorn around the pages, until told to stop."""

import asyncio
import signal
import socket
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from intake.app import Intake
from intake.hooking import HookTaker
from intake.keys import Keys
from intake.storing import Store
from streams.config.settings import Settings

STOP_SECONDS: Final = 15  # for requests that are under way to be stored and answered


class ServingError(Exception):
    """The address cannot be served at. The text is one line that says what to do."""


def serve(settings: Settings, keys_file: Path, hooks: HookTaker | None, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, and answer what is under way. Raises KeysError, ServingError, OSError."""
    keys = Keys(keys_file)
    listener = _listen(host, port)

    async def run() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn stops by these, and sends itself the same signal in the end, which is to do nothing more.
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        app = Intake(settings, keys, Store(settings), hooks).app()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        await uvicorn.Server(config).serve(sockets=[listener])

    uvloop.run(run())


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address, which is told already
        raise ServingError(f"cannot serve at {host}:{port}: {why}; give another --host or --port") from None
