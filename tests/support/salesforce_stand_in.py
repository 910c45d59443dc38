"""A stand-in of Salesforce: what of its REST API's sObject Collections is used, its limits and errors, on loopback.

What it knows of the real one, from its reference and its users: a collection has two hundred records, of which no two may
have one external id; what comes of each stands in their order, and one that fails stops no other (`allOrNone` false); a
record that is made needs its required fields, one that is changed does not; ids are external ones in an upsert, and records'
own in a deletion, which is refused of an account with cases; a session expires, and what comes then is 401; when the calls
of 24 hours are used up, all are refused with 403. A body that names a field that there is not is refused whole.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web
from gate import Gate
from web_server import served

CLIENT, SECRET = "3MVG9clientward", "0123456789ABCDEF"
AT_ONCE = 200
ID = "Clientward_Id__c"
FIELDS = {ID, "Name"} | {f"Clientward_{each}__c" for each in ("Standing", "Score", "Confidence", "Since", "Reason")}
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
USED_UP = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


class Salesforce(Gate):
    """An organisation: its accounts by record id, and who has them open or has cases with them."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, dict[str, Any]] = {}
        self.deleted: list[dict[str, Any]] = []
        self.locked: dict[str, int] = {}
        self.with_cases: set[str] = set()
        self.sizes: list[int] = []
        self.session = ""
        self.url = ""
        self._ids = count(1)

    def add(self, account: str, **fields: Any) -> None:
        """Put an account there."""
        self.accounts[f"001{next(self._ids):015}"] = {ID: account, "Name": account, **fields}

    def of(self, account: str) -> dict[str, Any]:
        """Return the record of an account."""
        (found,) = [each for each in self.accounts.values() if each[ID] == account]
        return found

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who has a session."""
        if request.path == "/services/oauth2/token":
            return await handler(request)
        if not self.session or request.headers.get("Authorization") != f"Bearer {self.session}":
            self.calls.append(f"401 {request.method}")
            return web.json_response(EXPIRED, status=401)
        return await self.pass_on(request, handler)

    async def token(self, request: web.Request) -> web.Response:
        """Begin a session by the client credentials flow."""
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return web.json_response(
                {"error": "invalid_client", "error_description": "invalid client credentials"}, status=400
            )
        self.session = f"00D!{next(self._ids)}"
        return web.json_response({"access_token": self.session, "instance_url": self.url, "token_type": "Bearer"})

    async def upsert(self, request: web.Request) -> web.Response:
        """Make or change accounts by their external id."""
        body, by = await request.json(), request.match_info["field"]
        records = body["records"]
        self.sizes.append(len(records))
        if by != ID:
            return problem("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + by, 404)
        if len(records) > AT_ONCE:
            return problem("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {AT_ONCE} records", 400)
        for each in records:
            if each.get("attributes", {}).get("type") != "Account":
                return problem("INVALID_TYPE", "the records are to be of the type of the address", 400)
            if strange := sorted(each.keys() - FIELDS - {"attributes"}):
                return problem("INVALID_FIELD", f"No such column '{strange[0]}' on sobject of type Account", 400)
        given = [each[ID] for each in records]
        twice = {each for each in given if given.count(each) > 1}
        return web.json_response([self._one(each, is_twice=each[ID] in twice) for each in records])

    def _one(self, record: dict[str, Any], *, is_twice: bool) -> dict[str, Any]:
        fields = {name: value for name, value in record.items() if name != "attributes"}
        account = fields[ID]
        found = next((number for number, each in self.accounts.items() if each[ID] == account), None)
        if is_twice:
            return failed("DUPLICATE_VALUE", f"Duplicate external id specified: {account}", [ID])
        if self.locked.get(account):
            self.locked[account] -= 1
            return failed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])
        if "refuse this" in (fields.get("Clientward_Reason__c") or ""):
            return failed("FIELD_CUSTOM_VALIDATION_EXCEPTION", "a rule of the organisation forbids it", [])
        if found is None and not fields.get("Name"):
            return failed("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"])
        is_new = found is None
        if found is None:
            found = f"001{next(self._ids):015}"
            self.accounts[found] = {}
        self.accounts[found] |= fields
        return {"id": found, "success": True, "errors": [], "created": is_new}

    async def delete(self, request: web.Request) -> web.Response:
        """Delete accounts by their records' ids."""
        ids = request.query["ids"].split(",")
        assert request.query["allOrNone"] == "false"
        if len(ids) > AT_ONCE:
            return problem("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {AT_ONCE} records", 400)
        return web.json_response([self._deleted(each) for each in ids])

    def _deleted(self, record: str) -> dict[str, Any]:
        if record not in self.accounts:
            return failed("ENTITY_IS_DELETED", "entity is deleted", [])
        if self.accounts[record][ID] in self.with_cases:
            return failed("DELETE_FAILED", "Your attempt to delete it could not be completed: it has cases", [])
        self.deleted.append(self.accounts.pop(record))
        return {"id": record, "success": True, "errors": []}


def failed(code: str, message: str, fields: list[str]) -> dict[str, Any]:
    """Return what came of a record that was refused."""
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": fields}]}


def problem(code: str, message: str, status: int) -> web.Response:
    """Return an error as the API words it."""
    return web.json_response([{"message": message, "errorCode": code}], status=status)


@asynccontextmanager
async def salesforce() -> AsyncIterator[Salesforce]:
    """Serve an organisation on a free port of loopback until the block ends."""
    here = Salesforce()
    app = web.Application(middlewares=[here.gate])
    app.router.add_post("/services/oauth2/token", here.token)
    app.router.add_patch("/services/data/v62.0/composite/sobjects/Account/{field}", here.upsert)
    app.router.add_delete("/services/data/v62.0/composite/sobjects", here.delete)
    async with served(app) as address:
        here.url = address
        yield here
