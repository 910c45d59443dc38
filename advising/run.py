"""The processes of `clientward advise`: over stdin and stdout for one agent, or the pages for many."""

from importlib.metadata import version
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from advising.app import make_app
from advising.keys import Keys
from advising.tool import look_in, make_server
from serving.pages import listen, serve_at
from streams.config.settings import Settings

STOP_SECONDS: Final = 5  # for requests that are under way
AT_ONCE: Final = 200  # requests, each a read of Redis


def speak(settings: Settings) -> None:
    """Speak the Model Context Protocol over stdin and stdout, until stdin ends."""
    make_server(look_in(settings), version("clientward")).run("stdio")


def serve(settings: Settings, keys_file: Path, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises KeysError, ServingError, OSError."""
    keys = Keys(keys_file)

    def pages() -> ASGIApp:
        look = look_in(settings)
        return make_app(look, make_server(look, version("clientward")), keys)

    serve_at(listen(host, port), pages, stop_seconds=STOP_SECONDS, limit_concurrency=AT_ONCE)
