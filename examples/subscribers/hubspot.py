"""Keeps HubSpot's companies in step with Clientward, by its CRM API v3.

    HUBSPOT_TOKEN=pat-… python hubspot.py [--create] [--once]

The token is that of a private app with `crm.objects.companies.read` and `.write`, `crm.schemas.companies.read` and
`.write`. A company is found by its property `clientward_account`, which holds the account's id and is unique; put it there
when you import or link your companies. The program makes this property and those below where they are missing. For each
change of standing, a hundred companies a call,

- `clientward_standing`, `_score`, `_confidence`, `_since` and `_reason` say where the account stands, and why;
- `lifecyclestage` follows, as STAGES has it. HubSpot lets a stage go forward only, and passes over an earlier one without a
  word: where it has to go back it is emptied first, in a call of its own, since the order within one is not defined.

A company that HubSpot does not have is passed over; `--create` makes it, under the account's id for a name. An account that
was merged into another keeps its company, which says so; merging two companies is yours to decide. When an account is erased
what we wrote is emptied and its company archived, which HubSpot can undo for 90 days: delete it for good by hand.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import ClientSession
from calling import Answer, Api, RefusedError, Work, note_refused, run, work_of

from clientward_client import Decision, subscribe

ID = "clientward_account"
PROPERTIES = {
    ID: ("Clientward: account", "string", "text"),
    "clientward_standing": ("Clientward: standing", "string", "text"),
    "clientward_score": ("Clientward: score", "number", "number"),
    "clientward_confidence": ("Clientward: confidence", "number", "number"),
    "clientward_since": ("Clientward: since", "datetime", "date"),
    "clientward_reason": ("Clientward: reason", "string", "textarea"),
}
EMPTY = dict.fromkeys([each for each in PROPERTIES if each != ID], "")
# HubSpot's own stages, in their order; one that is not here (yours, say) is taken for a later one.
ORDER = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other",
)  # fmt: skip
# The stage of each standing: give the internal names of your own where you have made some.
STAGES = {
    "prospect": "lead",
    "customer": "customer",
    "candidate": "customer",
    "client": "evangelist",
    "lapsed": "other",
}
SALES = ORDER[: ORDER.index("customer")]  # where a prospect stands among these is for sales to say
AT_ONCE = 100  # inputs that a call takes
PER_SECOND = 9.0  # of a private app, HubSpot takes a hundred calls in ten seconds from the smallest of its tiers


class Company(NamedTuple):
    """A company as HubSpot has it."""

    id: str
    stage: str


class Change(NamedTuple):
    """What is to be written of a company, and of which message."""

    event_id: str
    properties: dict[str, str]


class HubSpot:
    """A HubSpot account."""

    def __init__(self, api: Api, *, create: bool) -> None:
        self.api, self.create = api, create

    async def prepare(self) -> None:
        """Make the properties that are missing. Raises RefusedError."""
        answer = await self.api.call("GET", "/crm/v3/properties/companies")
        found = {each["name"]: each for each in answer.body["results"]}
        for name, (label, kind, field) in PROPERTIES.items():
            body = {"name": name, "label": label, "type": kind, "fieldType": field, "groupName": "companyinformation"}
            if name not in found:
                await self.api.call("POST", "/crm/v3/properties/companies", body | {"hasUniqueValue": name == ID})
            elif name == ID and not found[name].get("hasUniqueValue"):
                raise RefusedError(
                    f"the property {ID} is there and not unique, which cannot be changed: delete it first"
                )

    async def read(self, accounts: Sequence[str]) -> dict[str, Company]:
        """Return the companies that there are of these accounts."""
        body = {"idProperty": ID, "properties": [ID, "lifecyclestage"], "inputs": [{"id": each} for each in accounts]}
        answer = await self.api.call("POST", "/crm/v3/objects/companies/batch/read", body)
        return {
            each["properties"][ID]: Company(each["id"], each["properties"].get("lifecyclestage") or "")
            for each in answer.body["results"]
        }

    async def write(self, changes: Mapping[str, Change]) -> None:
        """Write what is to be said of each account, and note what is not taken."""
        if not changes:
            return
        inputs = [
            {
                "id": account,
                "idProperty": ID,
                "objectWriteTraceId": account,
                "properties": {ID: account, **change.properties},
            }
            for account, change in changes.items()
        ]
        answer = await self.api.call(
            "POST", "/crm/v3/objects/companies/batch/upsert", {"inputs": inputs}, taken=[HTTPStatus.BAD_REQUEST]
        )
        if answer.status == HTTPStatus.BAD_REQUEST:
            await self._halves(changes, answer)
        elif answer.status == HTTPStatus.MULTI_STATUS:
            for error in answer.body["errors"]:
                for account in error.get("context", {}).get("objectWriteTraceId", []):
                    note_refused(account, changes[account].event_id, error["message"])

    async def _halves(self, changes: Mapping[str, Change], answer: Answer) -> None:
        """Write the halves of what was refused as a whole, until it is known whose fault it is."""
        if len(changes) == 1:
            ((account, change),) = changes.items()
            note_refused(account, change.event_id, answer.body["message"] if answer.body else answer.text)
            return
        items = [*changes.items()]
        for half in (items[: len(items) // 2], items[len(items) // 2 :]):
            await self.write(dict(half))

    async def archive(self, companies: Sequence[Company]) -> None:
        """Archive companies. One that is archived already is none for HubSpot."""
        if companies:
            body = {"inputs": [{"id": each.id} for each in companies]}
            await self.api.call("POST", "/crm/v3/objects/companies/batch/archive", body)

    async def handle(self, work: Work) -> None:
        """Bring a batch of accounts in step."""
        accounts = dict.fromkeys([*work.erased, *work.merged, *(each.account_id for each in work.decisions)])
        found = await self.read([*accounts])
        erased = [each for each in work.erased if each in found]
        await self.write({each: Change("", EMPTY) for each in erased})
        await self.archive([found.pop(each) for each in erased])
        merged = EMPTY | {"clientward_reason": "merged into another account, which goes on with its history"}
        told = [each for each in work.decisions if each.account_id in found or self.create]
        stages = {each.account_id: _stage(each, found.get(each.account_id)) for each in told}
        back = [each for each in told if _goes_back(stages[each.account_id], found.get(each.account_id))]
        await self.write({each.account_id: Change(each.event_id, {"lifecyclestage": ""}) for each in back})
        changes = {each: Change("", merged) for each in work.merged if each in found}
        for each in told:
            name = {} if each.account_id in found else {"name": each.account_id}
            changes[each.account_id] = Change(each.event_id, {**name, **_properties(each), **stages[each.account_id]})
        await self.write(changes)


def _properties(decision: Decision) -> dict[str, str]:
    """Return what a company says of a decision."""
    return {
        "clientward_standing": decision.to,
        "clientward_score": f"{decision.score:g}",
        "clientward_confidence": f"{decision.confidence:g}",
        "clientward_since": decision.effective_at.isoformat(),
        "clientward_reason": decision.why,
    }


def _stage(decision: Decision, company: Company | None) -> dict[str, str]:
    """Return the stage to set; none for a prospect that sales has put somewhere."""
    if decision.to == "prospect" and company is not None and company.stage in SALES:
        return {}
    return {"lifecyclestage": STAGES[decision.to]}


def _goes_back(stage: dict[str, str], company: Company | None) -> bool:
    if company is None or not company.stage or not stage:
        return False
    if company.stage not in ORDER or stage["lifecyclestage"] not in ORDER:
        return company.stage != stage["lifecyclestage"]
    return ORDER.index(stage["lifecyclestage"]) < ORDER.index(company.stage)


def is_daily(answer: Answer) -> bool:
    """Tell whether the calls of a day are used up, rather than those of a second or of ten."""
    return isinstance(answer.body, dict) and answer.body.get("policyName") == "DAILY"


async def main(*, create: bool, once: bool) -> None:
    """Follow the decisions."""
    url = os.environ.get("HUBSPOT_URL", "https://api.hubapi.com")
    headers = {"Authorization": f"Bearer {os.environ['HUBSPOT_TOKEN']}"}
    async with ClientSession() as session:
        hubspot = HubSpot(Api(session, url, headers=headers, per_second=PER_SECOND, is_over=is_daily), create=create)
        await hubspot.prepare()
        async with subscribe("hubspot", erasures=True, once=once).stop_on_signals() as messages:
            async for batch in messages.batches(AT_ONCE):
                await hubspot.handle(work_of(batch))


if __name__ == "__main__":
    run(main(create="--create" in sys.argv, once="--once" in sys.argv))
