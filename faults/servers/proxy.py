"""A TCP proxy in the harness's own loop: what clients take for one server can become another one, as in a failover."""

import asyncio
from contextlib import suppress
from typing import Final

from streams.embedded.ports import LOOPBACK

CHUNK_BYTES: Final = 65_536


class Proxy:
    """Listens on a loopback port and passes everything on to `upstream`, a port too."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        return int(self._server.sockets[0].getsockname()[1])

    def switch(self, upstream: int) -> None:
        """Cut every connection; whoever connects from now on reaches another server."""
        self.upstream = upstream
        for writer in list(self._open):
            writer.transport.abort()

    async def stop(self) -> None:
        """Cut every connection and listen no more."""
        if self._server is not None:
            self._server.close()
        self.switch(self.upstream)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The server is away, or either side has gone: so is the other then. Cancelled, as the loop ends, is as good.
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(LOOPBACK, self.upstream)
            self._open |= {writer, back}
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        self._close(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                writer.write(data)
                await writer.drain()
        finally:
            self._close(writer)

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.close()
