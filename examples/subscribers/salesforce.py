r"""Keeps Salesforce's accounts in step with Clientward, by its REST API's sObject Collections.

    SALESFORCE_URL=https://MYDOMAIN.my.salesforce.com SALESFORCE_CLIENT_ID=… SALESFORCE_CLIENT_SECRET=… \
        python salesforce.py [--create] [--once]

The credentials are those of a connected app with the client credentials flow. An account is found by `Clientward_Id__c`
(Text 255, External ID, Unique, Case Sensitive), which holds the account's id. Add it to the object Account, and beside it
`Clientward_Standing__c` (Text), `_Score__c` and `_Confidence__c` (Number, two decimals), `_Since__c` (Date/Time) and
`_Reason__c` (Long Text Area). Each change of standing sets them, two hundred accounts a call.

An account that Salesforce does not have is passed over; `--create` makes it, under its id for a name. One that was merged
into another keeps its record, which says so; merging two records is yours to decide. When an account is erased what we
wrote is emptied and its record deleted, into the recycle bin: empty that by hand. What Salesforce refuses of one record,
such as deleting it with its cases, is written down in `refused.jsonl`, and the others go on.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession
from calling import TIMEOUT, Answer, Api, LaterError, RefusedError, Work, note_refused, run, work_of

from clientward_client import Decision, subscribe

VERSION = "v62.0"
ID = "Clientward_Id__c"
EMPTY: dict[str, Any] = dict.fromkeys(
    [
        "Clientward_Standing__c",
        "Clientward_Score__c",
        "Clientward_Confidence__c",
        "Clientward_Since__c",
        "Clientward_Reason__c",
    ]
)
AT_ONCE = 200  # records that a call takes
PER_SECOND = 10.0  # what is counted is the calls of 24 hours; no need to hurry through them
# Of a record: somebody else has it open just now.
LOCKED = "UNABLE_TO_LOCK_ROW"
LOCK_WAITS = (1.0, 5.0, 20.0)


class Salesforce:
    """A Salesforce organisation."""

    def __init__(self, session: ClientSession, url: str, *, create: bool) -> None:
        self.session, self.url, self.create = session, url, create
        base = f"{url}/services/data/{VERSION}"
        self.api = Api(session, base, headers={}, per_second=PER_SECOND, is_over=is_over, renew=self.log_in)

    async def log_in(self) -> None:
        """Begin a session; they expire. Raises RefusedError, LaterError."""
        names = {"client_id": "SALESFORCE_CLIENT_ID", "client_secret": "SALESFORCE_CLIENT_SECRET"}
        form = {"grant_type": "client_credentials", **{name: os.environ[variable] for name, variable in names.items()}}
        try:
            async with self.session.post(f"{self.url}/services/oauth2/token", data=form, timeout=TIMEOUT) as answer:
                if not answer.ok:
                    raise RefusedError(f"no session: {answer.status} {await answer.text()}")
                self.api.headers["Authorization"] = f"Bearer {(await answer.json())['access_token']}"
        except (ClientError, TimeoutError) as error:
            raise LaterError(f"no session: {type(error).__name__} {error}") from None

    async def upsert(self, fields: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Set fields of accounts; return what came of each, again where a record was locked."""
        results: dict[str, dict[str, Any]] = {}
        for wait in (*LOCK_WAITS, None):
            left = [each for each in fields if each not in results]
            records = [{"attributes": {"type": "Account"}, ID: each, **fields[each]} for each in left]
            for begin in range(0, len(records), AT_ONCE):
                body = {"allOrNone": False, "records": records[begin : begin + AT_ONCE]}
                answer = await self.api.call("PATCH", f"/composite/sobjects/Account/{ID}", body)
                pairs = zip(left[begin : begin + AT_ONCE], answer.body, strict=True)
                results |= {account: each for account, each in pairs if wait is None or LOCKED not in codes(each)}
            if len(results) == len(fields):
                break
            await asyncio.sleep(wait or 0)
        return results

    async def set(self, fields: Mapping[str, Mapping[str, Any]], event_ids: Mapping[str, str]) -> list[str]:
        """Set fields of accounts, and make those that are missing where that is wanted; return the ids of the records."""
        results = await self.upsert(fields)
        missing = {each: {"Name": each, **fields[each]} for each, result in results.items() if is_missing(result)}
        if self.create and event_ids:
            results |= await self.upsert(missing)
        for account, result in results.items():
            if not result["success"] and not is_missing(result):
                note_refused(account, event_ids.get(account, ""), words(result))
        return [result["id"] for result in results.values() if result["success"]]

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete records, and note those that cannot be."""
        if ids:
            answer = await self.api.call("DELETE", f"/composite/sobjects?ids={','.join(ids)}&allOrNone=false")
            for record, result in zip(ids, answer.body, strict=True):
                if not result["success"] and "ENTITY_IS_DELETED" not in codes(result):
                    note_refused(f"of the record {record}, which is to be erased", "", words(result))

    async def handle(self, work: Work) -> None:
        """Bring a batch of accounts in step."""
        await self.delete(await self.set(dict.fromkeys(work.erased, EMPTY), {}))
        merged = EMPTY | {"Clientward_Reason__c": "merged into another account, which goes on with its history"}
        await self.set(dict.fromkeys(work.merged, merged), {})
        fields = {each.account_id: _fields(each) for each in work.decisions}
        await self.set(fields, {each.account_id: each.event_id for each in work.decisions})


def _fields(decision: Decision) -> dict[str, Any]:
    """Return what a record says of a decision."""
    return {
        "Clientward_Standing__c": decision.to,
        "Clientward_Score__c": round(decision.score, 2),
        "Clientward_Confidence__c": round(decision.confidence, 2),
        "Clientward_Since__c": decision.effective_at.isoformat(),
        "Clientward_Reason__c": decision.why,
    }


def codes(result: Mapping[str, Any]) -> set[str]:
    """Return the codes of a record's errors."""
    return {error["statusCode"] for error in result["errors"]}


def words(result: Mapping[str, Any]) -> str:
    """Return a record's errors as one line."""
    return "; ".join(f"{error['statusCode']}: {error['message']}" for error in result["errors"])


def is_missing(result: Mapping[str, Any]) -> bool:
    """Tell whether there is no such record: one that is made needs a name, which one that is changed has."""
    return any(each["statusCode"] == "REQUIRED_FIELD_MISSING" and "Name" in each["fields"] for each in result["errors"])


def is_over(answer: Answer) -> bool:
    """Tell whether the calls of 24 hours are used up."""
    errors = answer.body if isinstance(answer.body, list) else []
    return any(each.get("errorCode") == "REQUEST_LIMIT_EXCEEDED" for each in errors)


async def main(*, create: bool, once: bool) -> None:
    """Follow the decisions."""
    async with ClientSession() as session:
        salesforce = Salesforce(session, os.environ["SALESFORCE_URL"], create=create)
        await salesforce.log_in()
        async with subscribe("salesforce", erasures=True, once=once).stop_on_signals() as messages:
            async for batch in messages.batches(AT_ONCE):
                await salesforce.handle(work_of(batch))


if __name__ == "__main__":
    run(main(create="--create" in sys.argv, once="--once" in sys.argv))
