"""Keeps an e-mail platform's tags and segments in step with Clientward, as Mailchimp's Marketing API 3.0 has them.

    MAILCHIMP_API_KEY=…-us6 MAILCHIMP_LIST=a1b2c3d4e5 python email_platform.py emails.csv [--once]

`emails.csv` (`account_id,email`, with that heading) is yours: Clientward knows no addresses. For each change of standing

- the member gets the tag of its status and loses the others (`status: client`),
- and is moved into the static segment of its play (`play: keep`), which campaigns are sent to: promotions to
  `serve_at_scale`, one-to-one letters to `keep`.

A contact that is not in the list is added as `transactional`: to ask for a subscription is not ours. When an account is
erased its contact is deleted for good, here and in `emails.csv`; one that was merged into another only loses its tags.
Every call says how things shall be, so that a decision that comes twice changes nothing.
"""

import asyncio
import csv
import hashlib
import json
import logging
import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import BasicAuth, ClientConnectionError, ClientSession

from clientward_client import Decision, Gone, subscribe

STATUSES = ("prospect", "customer", "candidate", "client", "lapsed")
PLAYS = ("attract", "serve_at_scale", "court", "keep", "win_back", "win_back_at_scale", "let_go")
LATER = {HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)}  # what the platform cannot do now
# Seconds before such a call is repeated, or one that did not arrive.
PATIENCE = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
MOST_SEGMENTS = 1000  # of a list that are asked for at once; the API's own limit

log = logging.getLogger("email_platform")


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

    def __init__(self, session: ClientSession, url: str, key: str, audience: str) -> None:
        self.session = session
        self.base = f"{url}/lists/{audience}"
        self.auth = BasicAuth("anystring", key)
        self.segments: dict[str, int] = {}

    async def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Call the API, again where it says that it cannot now. Raises RuntimeError with its words where it will not."""
        for wait in (*PATIENCE, None):
            try:
                async with self.session.request(method, self.base + path, json=body or None, auth=self.auth) as answer:
                    if answer.ok:
                        return json.loads(await answer.text() or "{}")
                    text = f"{method} {path}: {answer.status} {await answer.text()}"
                    if answer.status == HTTPStatus.NOT_FOUND and method == "POST" and "/members/" in path:
                        return {}  # not in the list: what was to be taken away is gone
                    if answer.status not in LATER:
                        raise RuntimeError(text)
            except ClientConnectionError as error:
                text = str(error)
            if wait is None:
                raise RuntimeError(text)
            log.warning("again in %s s: %s", wait, text)
            await asyncio.sleep(wait)
        raise AssertionError

    async def prepare(self) -> None:
        """Learn the numbers of the static segments, and make those that are missing."""
        found = await self.call("GET", f"/segments?type=static&count={MOST_SEGMENTS}")
        self.segments = {each["name"]: each["id"] for each in found["segments"]}
        for name in (f"play: {play}" for play in PLAYS):
            if name not in self.segments:
                made = await self.call("POST", "/segments", name=name, static_segment=[])
                self.segments[name] = made["id"]

    async def put(self, email: str, status: str | None, play: str | None) -> None:
        """Let a member stand where it stands now; None takes it out of all tags and segments."""
        member = f"/members/{hash_of(email)}"
        if status is not None:
            await self.call("PUT", member, email_address=email, status_if_new="transactional")
        tags = [{"name": f"status: {each}", "status": "active" if each == status else "inactive"} for each in STATUSES]
        await self.call("POST", f"{member}/tags", tags=tags)
        for each in PLAYS:
            change = {"members_to_add": [email]} if each == play else {"members_to_remove": [email]}
            await self.call("POST", f"/segments/{self.segments[f'play: {each}']}", **change)

    async def delete(self, email: str) -> None:
        """Delete a contact for good."""
        await self.call("POST", f"/members/{hash_of(email)}/actions/delete-permanent")


def hash_of(email: str) -> str:
    """Return the name that the API has for a contact: the MD5 of its address in lower case."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


async def handle(message: Decision | Gone, audience: Audience, addresses: Addresses) -> None:
    """Bring one account in step."""
    email = addresses.known.get(message.account_id)
    if email is None:
        return
    if isinstance(message, Decision):
        await audience.put(email, message.to, message.play.name)
    elif message.reason == "erased":
        await audience.delete(email)
        addresses.forget(message.account_id)
    else:
        await audience.put(email, None, None)


async def main(file: Path, *, once: bool) -> None:
    """Follow the decisions."""
    key, audience_id = os.environ["MAILCHIMP_API_KEY"], os.environ["MAILCHIMP_LIST"]
    url = os.environ.get("MAILCHIMP_URL", f"https://{key.rpartition('-')[2]}.api.mailchimp.com/3.0")
    addresses = Addresses(file)
    async with ClientSession() as session:
        audience = Audience(session, url, key, audience_id)
        await audience.prepare()
        async with subscribe("email-platform", erasures=True, once=once).stop_on_signals() as messages:
            async for message in messages:
                await handle(message, audience, addresses)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    asyncio.run(main(Path(sys.argv[1]), once="--once" in sys.argv))
