"""A stand-in of HubSpot: what of its CRM API v3 for companies is used, its limits, answers and errors, on loopback.

What it knows of the real one, from its reference and its users: a batch has a hundred inputs, and no two of one record;
what is found by a property that is not unique is refused; a read tells what is not there as errors beside the results,
with 207; a lifecycle stage goes forward, and an earlier one is passed over in silence unless it is empty when the call
begins; with `objectWriteTraceId` on each input, what is wrong with some is told with 207 and the others are written, and
without it, or where multi-status is not on (`is_partial`), the whole batch is refused with 400; an archived company is
none.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web
from gate import Gate
from web_server import served

TOKEN = "pat-eu1-00000000-0000-0000-0000-000000000000"
AT_ONCE = 100
STAGES = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other",
)  # fmt: skip
SECONDLY = {
    "status": "error",
    "message": "You have reached your ten_secondly_rolling limit.",
    "errorType": "RATE_LIMIT",
}
SECONDLY["policyName"] = "TEN_SECONDLY_ROLLING"
DAILY = SECONDLY | {"message": "You have reached your daily limit.", "policyName": "DAILY"}


class HubSpot(Gate):
    """A HubSpot account: its properties and companies, and what was archived."""

    def __init__(self) -> None:
        super().__init__()
        self.properties: dict[str, dict[str, Any]] = {
            each: {"name": each, "type": "string", "hasUniqueValue": False}
            for each in ("name", "lifecyclestage", "domain")
        }
        self.companies: dict[str, dict[str, str]] = {}
        self.archived: list[dict[str, str]] = []
        self.sizes: list[int] = []
        self.is_partial = True
        self.url = ""
        self._ids = count(9_000_001)

    def add(self, **properties: str) -> str:
        """Put a company there."""
        record = str(next(self._ids))
        self.companies[record] = properties
        return record

    def of(self, account: str) -> dict[str, str]:
        """Return the company of an account."""
        (found,) = [each for each in self.companies.values() if each.get("clientward_account") == account]
        return found

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who has the token."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        return await self.pass_on(request, handler)

    async def get_properties(self, _: web.Request) -> web.Response:
        """List the properties."""
        return web.json_response({"results": [*self.properties.values()]})

    async def post_property(self, request: web.Request) -> web.Response:
        """Make a property."""
        body = await request.json()
        if missing := {"name", "label", "type", "fieldType", "groupName"} - body.keys():
            return problem(400, f"{sorted(missing)} missing", "VALIDATION_ERROR")
        if body["name"] in self.properties:
            return problem(409, f"A property named '{body['name']}' already exists.", "OBJECT_ALREADY_EXISTS")
        self.properties[body["name"]] = body
        return web.json_response(body, status=201)

    def _found(self, by: str, value: str) -> str | None:
        return next((record for record, each in self.companies.items() if each.get(by) == value), None)

    def _wrong(self, inputs: list[dict[str, Any]], by: Iterable[str]) -> web.Response | None:
        """Return what a batch as a whole is refused with."""
        self.sizes.append(len(inputs))
        if not 1 <= len(inputs) <= AT_ONCE:
            return problem(
                400, f"the list of inputs has {len(inputs)} and is to have 1 to {AT_ONCE}", "VALIDATION_ERROR"
            )
        if len({each["id"] for each in inputs}) < len(inputs):
            return problem(400, "Duplicate IDs found in batch input", "VALIDATION_ERROR")
        for each in by:
            if not self.properties.get(each, {}).get("hasUniqueValue"):
                text = f"Unable to perform update/upsert by non-unique 0-2 property {each}"
                return problem(400, text, "VALIDATION_ERROR")
        return None

    async def read(self, request: web.Request) -> web.Response:
        """Read companies by a unique property."""
        body = await request.json()
        by = body["idProperty"]
        if wrong := self._wrong(body["inputs"], [by]):
            return wrong
        found = {each["id"]: self._found(by, each["id"]) for each in body["inputs"]}
        results = [
            {"id": record, "properties": {name: self.companies[record].get(name) for name in body["properties"]}}
            for record in found.values()
            if record is not None
        ]
        missing = [each for each, record in found.items() if record is None]
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results}
        if missing:
            error = {"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}
            error["message"] = "Could not get some COMPANY objects, they may be deleted or not exist."
            answer |= {"numErrors": 1, "errors": [error]}
        return web.json_response(answer, status=207 if missing else 200)

    async def upsert(self, request: web.Request) -> web.Response:
        """Write companies by a unique property."""
        inputs = (await request.json())["inputs"]
        if wrong := self._wrong(inputs, {each["idProperty"] for each in inputs}):
            return wrong
        faults = {each["id"]: fault for each in inputs if (fault := self._fault(each["properties"]))}
        is_traced = all(each.get("objectWriteTraceId") for each in inputs)
        if faults and not (self.is_partial and is_traced):
            return problem(400, next(iter(faults.values())), "VALIDATION_ERROR")
        before = {record: dict(each) for record, each in self.companies.items()}
        results = [self._write(each, before) for each in inputs if each["id"] not in faults]
        errors = [
            {
                "status": "error",
                "category": "VALIDATION_ERROR",
                "message": text,
                "context": {"objectWriteTraceId": [trace]},
            }
            for each in inputs
            if (text := faults.get(each["id"])) and (trace := each["objectWriteTraceId"])
        ]
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return web.json_response(answer, status=207 if errors else 200)

    def _fault(self, properties: dict[str, str]) -> str | None:
        for name, value in properties.items():
            if name not in self.properties:
                return f'Property values were not valid: Property "{name}" does not exist'
            if name == "lifecyclestage" and value and value not in STAGES:
                return f"{value} was not one of the allowed options"
            if self.properties[name]["type"] == "number" and value and not value.replace(".", "", 1).isdigit():
                return f"{value} was not a valid number."
            if "refuse this" in value:
                return "a rule of the portal forbids it"
        return None

    def _write(self, given: dict[str, Any], before: dict[str, dict[str, str]]) -> dict[str, Any]:
        record = self._found(given["idProperty"], given["id"])
        is_new = record is None
        record = record or self.add(**{given["idProperty"]: given["id"]})
        company, properties = self.companies[record], dict(given["properties"])
        stage, old = properties.get("lifecyclestage"), before.get(record, {}).get("lifecyclestage")
        if stage and old and STAGES.index(stage) < STAGES.index(old):
            del properties["lifecyclestage"]  # without a word
        company.update(properties)
        for name in [name for name, value in company.items() if not value]:
            del company[name]
        return {"id": record, "new": is_new, "properties": company, "archived": False}

    async def archive(self, request: web.Request) -> web.Response:
        """Archive companies; what is none is passed over."""
        inputs = (await request.json())["inputs"]
        if wrong := self._wrong(inputs, []):
            return wrong
        self.archived += [self.companies.pop(each["id"]) for each in inputs if each["id"] in self.companies]
        return web.Response(status=204)


def problem(status: int, message: str, category: str) -> web.Response:
    """Return an error as the API words it."""
    body = {"status": "error", "message": message, "correlationId": "0", "category": category}
    return web.json_response(body, status=status)


@asynccontextmanager
async def hubspot() -> AsyncIterator[HubSpot]:
    """Serve an account on a free port of loopback until the block ends."""
    here = HubSpot()
    app = web.Application(middlewares=[here.gate])
    app.router.add_get("/crm/v3/properties/companies", here.get_properties)
    app.router.add_post("/crm/v3/properties/companies", here.post_property)
    base = "/crm/v3/objects/companies/batch"
    for name, handler in (("read", here.read), ("upsert", here.upsert), ("archive", here.archive)):
        app.router.add_post(f"{base}/{name}", handler)
    async with served(app) as address:
        here.url = address
        yield here
