"""The process of `clientward intake`: uvicorn around the pages, until told to stop."""

import asyncio
import signal
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from intake.app import Intake
from intake.keys import Keys
from intake.storing import Store
from streams.config.settings import Settings

STOP_SECONDS: Final = 15  # for requests that are under way to be stored and answered


def serve(settings: Settings, keys_file: Path, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, and answer what is under way. Raises KeysError, OSError."""
    keys = Keys(keys_file)

    async def run() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn stops by these, and sends itself the same signal in the end, which is to do nothing more.
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        app = Intake(settings, keys, Store(settings)).app()
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        await uvicorn.Server(config).serve()

    uvloop.run(run())
