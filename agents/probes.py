"""The worker's three pages for machines: `/livez`, `/readyz` and `/metrics`.

Alive means that the event loop answers. Ready means that every partition assigned to this worker is recovered and open,
and that Redis answers: while it is not ready, it acknowledges nothing. Served on `web_host:web_port`; port 0: not at all.
"""

from typing import Protocol, Self

from aiohttp import web

from streams.config.settings import Settings

PROMETHEUS_TEXT = "text/plain; version=0.0.4"


class Probed(Protocol):
    """What the pages tell of: a worker."""

    settings: Settings

    @property
    def is_ready(self) -> bool:
        """Tell whether all partitions that are ours are being folded."""

    def metrics_text(self) -> bytes:
        """Return the metrics in Prometheus's text format."""


class Probes:
    """The worker's web site, for the time of an `async with`."""

    def __init__(self, worker: Probed) -> None:
        self._worker = worker
        site = web.Application()
        site.add_routes(
            [web.get("/livez", self._livez), web.get("/readyz", self._readyz), web.get("/metrics", self._metrics)]
        )
        self._runner = web.AppRunner(site, access_log=None)

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError where the port is taken."""
        settings = self._worker.settings
        if settings.web_port:
            await self._runner.setup()
            await web.TCPSite(self._runner, settings.web_host, settings.web_port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the port."""
        await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._worker.is_ready
        return web.Response(text="ready\n" if ready else "not ready\n", status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._worker.metrics_text(), headers={"Content-Type": PROMETHEUS_TEXT})
