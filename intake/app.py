"""The pages of `clientward intake`: /events and /hooks, and what is asked by probes, Prometheus and people."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final

import msgspec
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from intake.checking import Checked, check
from intake.formats import BadRequestError, read_events
from intake.hooking import HookTaker
from intake.keys import Keys, Known
from intake.limits import Rates
from intake.metrics import Metrics
from intake.openapi import openapi
from intake.storing import AwayError, Store
from streams.config.settings import Settings
from streams.wire.codecs import Codec, Limits

# Bytes of a body, of which AT_ONCE may be in memory; at least an event of the largest size.
BODY_BYTES: Final = 4_000_000
ENVELOPE_BYTES: Final = 65_536
BODY_SECONDS: Final = 30.0  # for a body to come in: a slow one holds one of AT_ONCE
AT_ONCE: Final = 100  # requests that are read or stored; 400 MB at worst
AWAY_SECONDS: Final = 5  # after which a sender may come again while Kafka is away
BUSY_SECONDS: Final = 1
HOOK_EVENTS_PER_SECOND: Final = 1_000.0  # of one hook, in the long run; a sender that is told 429 tries again


class Intake:
    """What the pages share. `clock` is the wall's, in seconds; `ticks` never goes back."""

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        store: Store,
        hooks: HookTaker | None = None,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._keys, self._store, self._hooks, self._clock, self._ticks = keys, store, hooks, clock, ticks
        self._codec = Codec(Limits(**settings.record_limits()))
        self._body_bytes = max(BODY_BYTES, settings.max_record_bytes + ENVELOPE_BYTES)
        self._body_seconds = body_seconds
        self._rates = Rates()
        self._at_once = 0
        self.metrics = Metrics()

    def app(self) -> Starlette:
        """Return the pages; the producer lives as long as they do."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._store.running())
                if self._hooks is not None:
                    await stack.enter_async_context(self._hooks.running())
                yield

        get = ["GET"]
        routes = [
            Route("/events", self._events, methods=["POST"]),
            Route("/hooks/{name}", self._hook, methods=["POST"]),
            Route("/livez", self._live, methods=get),
            Route("/readyz", self._ready, methods=get),
            Route("/metrics", self._metrics, methods=get),
            Route("/openapi.json", self._openapi, methods=get),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def _live(self, _: Request) -> Response:
        return PlainTextResponse("live\n")

    async def _ready(self, _: Request) -> Response:
        ready = self._store.is_ready
        return PlainTextResponse("ready\n" if ready else "Kafka is away\n", 200 if ready else 503)

    async def _metrics(self, _: Request) -> Response:
        self.metrics.kafka.set(self._store.is_ready)
        return Response(generate_latest(self.metrics.registry), media_type="text/plain; version=0.0.4")

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi())

    async def _events(self, request: Request) -> Response:
        known = self._keys.of(request.headers.get("authorization"))
        name = known.name if known is not None else ""
        with self.metrics.seconds.time():
            if known is None:
                answer = _refusal(
                    401, "give a key that is allowed: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"}
                )
            else:
                answer = await self._admitted(partial(self._taken, request, known))
        self.metrics.requests.labels(name, answer.status_code).inc()
        return answer

    async def _hook(self, request: Request) -> Response:
        name = request.path_params["name"]
        with self.metrics.seconds.time():
            answer = await self._admitted(partial(self._heard, request, name))
        # Only hooks that are there have a name in the metrics: anybody may ask for any other.
        label = "" if answer.status_code in {401, 404} else f"hook:{name}"
        self.metrics.requests.labels(label, answer.status_code).inc()
        return answer

    async def _admitted(self, take: Callable[[], Awaitable[Response]]) -> Response:
        """Take a request while there is room and Kafka answers. The body is read of no other."""
        if self._at_once >= AT_ONCE:
            return _later(503, "too much at once; send it again", BUSY_SECONDS)
        self._at_once += 1
        try:
            return await take()
        except BadRequestError as error:
            return _refusal(error.status, error.line)
        except AwayError:
            return _away()
        finally:
            self._at_once -= 1

    async def _heard(self, request: Request, name: str) -> Response:
        """Store what a webhook says; see the room `hooks`."""
        if self._hooks is None:
            raise BadRequestError(404, "no such hook")
        if not self._store.is_ready:
            raise AwayError
        body = await self._body(request)
        heard = await self._hooks.hear(name, _headers(request), body, self._clock())
        wait = self._rates.wait(f"hook:{name}", HOOK_EVENTS_PER_SECOND, 1 + len(heard.records), self._ticks())
        if wait > 0:
            return _later(429, f"more than {HOOK_EVENTS_PER_SECOND:g} events a second", math.ceil(wait))
        refused = [each for each in await self._store.store([*heard.records, *heard.dead]) if each is not None]
        for outcome, count in (
            ("stored", len(heard.records)),
            ("ignored", heard.ignored),
            ("dead_letter", len(heard.dead)),
        ):
            self.metrics.hooks.labels(name, outcome).inc(count)
        if refused:
            return _refusal(422, f"SIZE: {refused[0]}")
        status = 202 if heard.records or heard.dead else 200
        shown = {"status": status, "ids": heard.ids, "ignored": heard.ignored, "dead_letters": len(heard.dead)}
        return _json({field: value for field, value in shown.items() if value}, status)

    async def _taken(self, request: Request, known: Known) -> Response:
        if not self._store.is_ready:
            raise AwayError
        body = await self._body(request)
        headers = _headers(request)
        events = read_events(headers.get("content-type", ""), headers, body)
        wait = self._rates.wait(known.name, known.source.events_per_second, len(events), self._ticks())
        if wait > 0:
            return _later(429, f"more than {known.source.events_per_second:g} events a second", math.ceil(wait))
        now_us = int(self._clock() * 1e6)
        checked = [check(event, known, self._codec, now_us, headers.get("traceparent")) for event in events]
        results = await self._stored(checked)
        for each in results:
            self.metrics.events.labels(known.name, each.status).inc()
        if _is_batch(headers):
            status = 202 if all(each.status == 202 for each in results) else 207  # noqa: PLR2004 - HTTP's
            return _json({"results": [_shown(each) for each in results]}, status)
        (only,) = results
        return _json(_shown(only), only.status)

    async def _stored(self, checked: list[Checked]) -> list[Checked]:
        """Store those that are right, and return what came of each. Raises AwayError: then it is known of none."""
        records = [each.record for each in checked if each.record is not None]
        outcomes = iter(await self._store.store(records) if records else ())
        results = []
        for each in checked:
            refused = next(outcomes) if each.record is not None else None
            results.append(each if refused is None else Checked(each.id, 422, f"SIZE: {refused}"))
        return results

    async def _body(self, request: Request) -> bytes:
        """Return the whole body. Raises BadRequestError where it is too large or too slow."""
        too_large = BadRequestError(413, f"the body may have {self._body_bytes:,} bytes; send smaller batches")
        if int(request.headers.get("content-length") or 0) > self._body_bytes:  # the server has checked the number
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for part in request.stream():
                    body += part
                    if len(body) > self._body_bytes:
                        raise too_large
        except TimeoutError:
            raise BadRequestError(408, f"the body did not come within {self._body_seconds:g} s") from None
        except ClientDisconnect:  # nobody reads this answer, but it is counted
            raise BadRequestError(400, "the body ended before its end") from None
        return bytes(body)


def _headers(request: Request) -> dict[str, str]:
    return {key.lower(): value for key, value in request.headers.items()}


def _is_batch(headers: dict[str, str]) -> bool:
    return "cloudevents-batch" in headers.get("content-type", "").lower()


def _shown(checked: Checked) -> dict[str, Any]:
    found = {"id": checked.id, "status": checked.status, "error": checked.text}
    return {name: value for name, value in found.items() if value is not None}


def _json(content: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def _refusal(status: int, line: str, headers: dict[str, str] | None = None) -> Response:
    return _json({"status": status, "error": line}, status, headers)


def _later(status: int, line: str, seconds: int) -> Response:
    return _refusal(status, line, {"Retry-After": str(seconds)})


def _away() -> Response:
    return _later(503, "Kafka does not confirm; send it again under the same id", AWAY_SECONDS)
