"""TLS in front of a server that has none: real certificates and handshakes, and the real server behind them."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from yarl import URL

from clientward_store.keys import PORT


@contextmanager
def tls_in_front(url: str, context: ssl.SSLContext) -> Iterator[int]:
    """Accept TLS on a free loopback port and pass what is inside on to a Redis, from a thread, until the block ends."""
    loop = asyncio.new_event_loop()
    front = _Front(URL(url), context)
    listening = asyncio.run_coroutine_threadsafe(front.listen(), loop)
    thread = threading.Thread(target=loop.run_forever, name="TLS in front of Redis")
    thread.start()
    try:
        yield listening.result(10)
    finally:
        asyncio.run_coroutine_threadsafe(front.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _Front:
    """Passes bytes between clients, over TLS, and a server without it."""

    def __init__(self, url: URL, context: ssl.SSLContext) -> None:
        self.url, self.context = url, context
        self.tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        """Accept connections, and return the port."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Accept no more and drop what there is."""
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.url.host, self.url.port or PORT)
        for task in [asyncio.create_task(self._pass(reader, back)), asyncio.create_task(self._pass(there, writer))]:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()
