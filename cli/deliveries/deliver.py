"""`clientward deliver FILE`: post decisions to web addresses."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from delivering.file import read_deliveries
from delivering.run import deliver as deliver_to
from streams.config.load import load_settings
from streams.config.logs import configure_logs
from views.errors import server_errors

File = Annotated[Path, typer.Argument(help="DELIVERIES.toml: the endpoints.", show_default=False)]


def deliver(file: File) -> None:
    """Post decisions, signed, to the endpoints of a file, until told to stop (Ctrl-C or SIGTERM).

    Of several processes of one deployment one delivers, and the others wait to take over. Serves /metrics, /livez and
    /readyz on web_host:web_port.
    """
    settings = load_settings()
    endpoints = read_deliveries(file)
    configure_logs(settings)

    async def run() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await deliver_to(settings, endpoints, stopping)

    with server_errors(settings):
        uvloop.run(run())
