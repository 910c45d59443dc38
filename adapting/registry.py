"""A schema registry's answers: a schema by its id, with those that it refers to. Others too speak Confluent's API."""

import time
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import aiohttp
import fastavro
import msgspec
from fastavro.types import Schema as Avro
from yarl import URL

from adapting.errors import AdapterError, RegistryAwayError, Unreadable

TIMEOUT_SECONDS: Final = 10.0  # a registry that answers later is one to ask again
ABSENT_SECONDS: Final = 60.0  # for which an id that the registry does not know is not asked for again
MOST_REFERENCES: Final = 100  # schemas behind one; a circle would have no end
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404


class Schema(NamedTuple):
    """A schema: `avro` is what values are read by, and None where they are JSON."""

    avro: Avro | None


class Registry:
    """The schemas of a registry, each asked for once: what an id means never changes."""

    def __init__(self, url: str, login: tuple[str, str] | None = None) -> None:
        self._url = URL(url)
        self._auth = aiohttp.BasicAuth(*login) if login else None
        self._known: dict[int, Schema] = {}
        self._faults: dict[int, tuple[float, str]] = {}

    def schema(self, number: int) -> Schema:
        """Return a schema that was fetched. Raises Unreadable where there is none of the id, or none that can be read by."""
        if number not in self._known:
            raise Unreadable(self._faults.get(number, (0, f"schema {number} was not fetched"))[1])
        return self._known[number]

    async def fetch(self, numbers: Iterable[int]) -> None:
        """Ask for schemas that are not known yet. Raises RegistryAwayError, AdapterError."""
        now = time.monotonic()
        waited = {number for number, (at, _) in self._faults.items() if now - at < ABSENT_SECONDS}
        wanted = set(numbers) - self._known.keys() - waited
        if not wanted:
            return
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(auth=self._auth, timeout=timeout) as session:
            for number in sorted(wanted):
                try:
                    self._known[number] = await self._read(session, number)
                except Unreadable as error:
                    self._faults[number] = now, str(error)

    async def _read(self, session: aiohttp.ClientSession, number: int) -> Schema:
        found = await self._get(session, f"schemas/ids/{number}", f"the registry has no schema {number}")
        kind = found.get("schemaType", "AVRO")
        if kind == "JSON":
            return Schema(None)
        if kind != "AVRO":
            raise Unreadable(f"schema {number} is {kind}; Avro and JSON Schema are read")
        named: dict[str, Any] = {}
        try:
            await self._refer(session, found.get("references") or [], named, set())
            return Schema(fastavro.parse_schema(msgspec.json.decode(found["schema"]), named))
        except (KeyError, TypeError, msgspec.DecodeError, fastavro.schema.SchemaParseException) as error:
            raise Unreadable(f"schema {number} is no Avro schema: {type(error).__name__}") from None

    async def _refer(
        self, session: aiohttp.ClientSession, references: list[Any], named: dict[str, Any], seen: set[str]
    ) -> None:
        """Parse what a schema refers to, the innermost first, into `named`."""
        for each in references:
            path = f"subjects/{URL.build(path=str(each['subject'])).raw_path}/versions/{each['version']}"
            if path in seen or len(seen) > MOST_REFERENCES:
                continue
            seen.add(path)
            found = await self._get(session, path, f"the registry has no {path}")
            await self._refer(session, found.get("references") or [], named, seen)
            fastavro.parse_schema(msgspec.json.decode(found["schema"]), named)

    async def _get(self, session: aiohttp.ClientSession, path: str, absent: str) -> dict[str, Any]:
        url = URL(f"{str(self._url).rstrip('/')}/{path}", encoded=True)
        try:
            async with session.get(url) as answer:
                if answer.status == NOT_FOUND:
                    raise Unreadable(absent)
                if answer.status in {UNAUTHORIZED, FORBIDDEN}:
                    raise AdapterError(f"the registry refuses us ({answer.status}); see registry_login_file")
                if answer.status != OK:
                    raise RegistryAwayError(f"status {answer.status}")
                found = msgspec.json.decode(await answer.read())
        except (TimeoutError, aiohttp.ClientError, msgspec.DecodeError) as error:
            raise RegistryAwayError(repr(error)) from error
        if not isinstance(found, dict):
            raise RegistryAwayError("no object of JSON")
        return found
