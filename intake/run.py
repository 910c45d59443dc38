"""The process of `clientward intake`: the pages, until told to stop."""

from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from intake.app import Intake
from intake.hooking import HookTaker
from intake.keys import Keys
from intake.storing import Store
from serving.pages import listen, serve_at
from streams.config.settings import Settings

STOP_SECONDS: Final = 15  # for requests that are under way to be stored and answered


def serve(settings: Settings, keys_file: Path, hooks: HookTaker | None, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, and answer what is under way. Raises KeysError, ServingError, OSError."""
    keys = Keys(keys_file)

    def pages() -> ASGIApp:
        return Intake(settings, keys, Store(settings), hooks).app()

    serve_at(listen(host, port), pages, stop_seconds=STOP_SECONDS)
