"""Keeps an e-mail platform's tags in step with Clientward, as Mailchimp's Marketing API 3.0 has them.

    MAILCHIMP_API_KEY=…-us6 MAILCHIMP_LIST=a1b2c3d4e5 python email_platform.py emails.csv [--once]

`emails.csv` (`account_id,email`, with that heading) is yours: Clientward knows no addresses. For each change of standing

- the member gets the tag of its status and loses the others (`status: client`),
- and that of its play (`play: keep`), which campaigns are sent to: promotions to `serve_at_scale`, one-to-one letters to
  `keep`. To the API a tag is a static segment; it takes 500 addresses a call, and so does the program.

A contact that is not in the list is added as `transactional`: to ask for a subscription is not ours. When an account is
erased its contact is deleted for good, here and in `emails.csv`; one that was merged into another only loses its tags.
Every call says how things shall be, so that a decision that comes twice changes nothing.
"""

import base64
import csv
import hashlib
import os
import sys
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from aiohttp import ClientSession
from calling import Api, Work, note_refused, run, work_of

from clientward_client import subscribe

STATUSES = ("prospect", "customer", "candidate", "client", "lapsed")
PLAYS = ("attract", "serve_at_scale", "court", "welcome", "keep", "win_back", "win_back_at_scale", "let_go")
TAGS = (*(f"status: {each}" for each in STATUSES), *(f"play: {each}" for each in PLAYS))
AT_ONCE = 500  # members that a call takes
MOST_SEGMENTS = 1000  # of a list that are asked for at once; the API's own limit
PER_SECOND = 10.0  # the API wants no more than ten calls under way; here there is one at a time


class Addresses:
    """The account's e-mail addresses, in a CSV file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with file.open(encoding="utf-8", newline="") as text:
            self.known = {row["account_id"]: row["email"] for row in csv.DictReader(text)}

    def forget(self, account: str) -> None:
        """Take an account out of the file, whole or not at all."""
        del self.known[account]
        draft = self.file.with_suffix(".new")
        with draft.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows([("account_id", "email"), *self.known.items()])
        draft.replace(self.file)


class Audience:
    """One audience ("list") of the platform."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.segments: dict[str, int] = {}

    async def prepare(self) -> None:
        """Learn the numbers of the tags, and make those that are missing."""
        found = await self.api.call("GET", f"/segments?type=static&count={MOST_SEGMENTS}")
        self.segments = {each["name"]: each["id"] for each in found.body["segments"]}
        for name in TAGS:
            if name not in self.segments:
                made = await self.api.call("POST", "/segments", {"name": name, "static_segment": []})
                self.segments[name] = made.body["id"]

    async def add(self, emails: Mapping[str, str]) -> None:
        """Add those of these contacts (event ids and accounts by address) that are not in the list; leave the others."""
        members = [{"email_address": email, "status": "transactional"} for email in emails]
        answer = await self.api.call("POST", "", {"members": members, "update_existing": False})
        for error in answer.body["errors"]:
            if error["error_code"] != "ERROR_CONTACT_EXISTS":
                account, _, event_id = emails[error["email_address"]].partition("\n")
                note_refused(account, event_id, error["error_code"])

    async def tag(self, wanted: Mapping[str, frozenset[str]]) -> None:
        """Let these contacts have exactly those of our tags."""
        for tag in TAGS:
            change = {
                "members_to_add": [email for email, tags in wanted.items() if tag in tags],
                "members_to_remove": [email for email, tags in wanted.items() if tag not in tags],
            }
            await self.api.call("POST", f"/segments/{self.segments[tag]}", change)

    async def delete(self, email: str) -> None:
        """Delete a contact for good."""
        name = hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()  # as the API calls it
        await self.api.call("POST", f"/members/{name}/actions/delete-permanent", taken=[HTTPStatus.NOT_FOUND])


async def handle(work: Work, audience: Audience, addresses: Addresses) -> None:
    """Bring a batch of accounts in step."""
    known = addresses.known
    wanted = {known[each]: frozenset[str]() for each in work.merged if each in known}
    erased = [each for each in work.erased if each in known]
    added = {}
    for each in work.decisions:
        if each.account_id in known and each.account_id not in erased:  # whose address was erased has none any more
            email = known[each.account_id]
            added[email] = f"{each.account_id}\n{each.event_id}"
            wanted[email] = frozenset({f"status: {each.to}", f"play: {each.play.name}"})
    for account in erased:
        await audience.delete(known[account])
        addresses.forget(account)
    if added:
        await audience.add(added)
    if wanted:
        await audience.tag(wanted)


async def main(file: Path, *, once: bool) -> None:
    """Follow the decisions."""
    key, audience_id = os.environ["MAILCHIMP_API_KEY"], os.environ["MAILCHIMP_LIST"]
    url = os.environ.get("MAILCHIMP_URL", f"https://{key.rpartition('-')[2]}.api.mailchimp.com/3.0")
    headers = {"Authorization": "Basic " + base64.b64encode(f"anystring:{key}".encode()).decode()}
    addresses = Addresses(file)
    async with ClientSession() as session:
        audience = Audience(Api(session, f"{url}/lists/{audience_id}", headers=headers, per_second=PER_SECOND))
        await audience.prepare()
        async with subscribe("email-platform", erasures=True, once=once).stop_on_signals() as messages:
            async for batch in messages.batches(AT_ONCE):
                await handle(work_of(batch), audience, addresses)


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), once="--once" in sys.argv))
