"""Tells an account's manager in Slack, or in what takes Slack's messages, when somebody must act.

    SLACK_TOKEN=xoxb-… python notices.py managers.csv notices.sqlite [--once]

`managers.csv` (`account_id,to`, with that heading) is yours. `to` is a channel's or a person's id (`C0123456789`), which
is written to by `chat.postMessage` as the bot of the token, which wants `chat:write`; or an incoming webhook's address,
which needs no token. A line for `*` is for all accounts that have none of their own; without one they are passed over.

Told is who became a candidate or a client, who lapsed from one, and who is a client no more: the change that stands after
a quarter of an hour, so that an event which comes late calls nobody twice. A notice may come twice after a crash, since
neither way of writing has a key to drop a repeat by. When an account is erased the messages about it are deleted, as far
as a bot wrote them: `notices.sqlite` has where they are, and nothing of what they say. What came by a webhook nobody can
delete by program.
"""

import csv
import os
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from calling import Answer, Api, LaterError, RefusedError, note_refused, run

from clientward_client import Decision, Gone, Handlers, subscribe

EVERYBODY = "*"
LONGEST = 2900  # characters of a block's text, of the 3,000 that it may have
PER_SECOND = 1.0  # messages to one channel
SETTLE = timedelta(minutes=float(os.environ.get("SETTLE_MINUTES", "15")))
# What the API answers about a token rather than a channel, with 200; nothing can be told until it is mended.
OF_THE_TOKEN = {
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
}  # fmt: skip
NOT_NOW = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}


class PlaceError(Exception):
    """This channel or webhook cannot be written to; others can."""


def escaped(text: str) -> str:
    """Return text as it may stand in a message: Slack reads `<!channel>` and links in what is not escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str) -> str:
    """Return a text that fits into a block, cut where no escape is broken."""
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] + " …"


def message_of(decision: Decision) -> dict[str, Any]:
    """Return a message: a line for the notification, and blocks for who reads it."""
    account, play = escaped(decision.account_id), decision.play
    line = f"{account}: {decision.from_} → {decision.to}"
    lists = [f"*{name}*\n" + "\n".join(f"• {escaped(each)}" for each in each_of) for name, each_of in _lists(play)]
    sure = f"score {decision.score:.0f}, confidence {decision.confidence:.0%}, since {decision.effective_at.date()}"
    texts = [f"*{line}*\n{escaped(decision.why)}", *lists, f"_{sure}_"]
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": shortened(each)}} for each in texts]
    return {"text": line, "blocks": blocks, "unfurl_links": False}


def _lists(play: Any) -> list[tuple[str, list[str]]]:
    return [(name, each) for name, each in (("Do now", play.actions), ("Stop", play.stop)) if each]


class Book:
    """Where messages about accounts are, in SQLite, and who manages which account, in a CSV file."""

    def __init__(self, managers: Path, file: Path) -> None:
        with managers.open(encoding="utf-8", newline="") as text:
            self.managers = {row["account_id"]: row["to"] for row in csv.DictReader(text)}
        self.rows = sqlite3.connect(file, isolation_level=None)
        self.rows.executescript(
            "PRAGMA secure_delete = ON; CREATE TABLE IF NOT EXISTS messages (account TEXT, channel TEXT, ts TEXT);"
        )

    def manager_of(self, account: str) -> str | None:
        """Return where to tell of an account; None for nowhere."""
        return self.managers.get(account) or self.managers.get(EVERYBODY)


class Slack:
    """Where messages are written to."""

    def __init__(self, session: ClientSession, url: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.has_token = token is not None
        self.api = Api(session, url, headers=headers, per_second=PER_SECOND)
        self.hooks = Api(session, "", headers={}, per_second=PER_SECOND, secret=True)

    async def post(self, to: str, message: dict[str, Any]) -> tuple[str, str] | None:
        """Write a message; return where it is, if that is told. Raises PlaceError, RefusedError, LaterError."""
        if to.startswith(("https://", "http://")):
            try:
                await self.hooks.call("POST", to, message)
            except RefusedError as error:
                raise PlaceError(str(error)) from None
            return None
        body = await self.method("chat.postMessage", message | {"channel": to})
        return body["channel"], body["ts"]

    async def method(self, name: str, arguments: dict[str, Any], fine: str = "") -> dict[str, Any]:
        """Call a method, for which one error may be `fine`. Raises PlaceError, RefusedError, LaterError."""
        if not self.has_token:
            raise RefusedError("set SLACK_TOKEN: a channel is written to by a bot, and only a webhook without one")
        answer: Answer = await self.api.call("POST", f"/{name}", arguments)
        body = answer.body
        if body["ok"] or body["error"] == fine:
            return dict(body)
        if body["error"] in NOT_NOW:
            raise LaterError(f"{name}: {body['error']}; start again later")
        raise (RefusedError if body["error"] in OF_THE_TOKEN else PlaceError)(f"{name}: {body['error']}")


def handlers_of(slack: Slack, book: Book) -> Handlers:
    """Return what is done at which change."""
    handlers = Handlers()

    async def tell(decision: Decision, _: str) -> None:
        to = book.manager_of(decision.account_id)
        if to is None:
            return
        try:
            place = await slack.post(to, message_of(decision))
        except PlaceError as error:
            note_refused(decision.account_id, decision.event_id, str(error))
        else:
            if place is not None:
                book.rows.execute("INSERT INTO messages VALUES (?, ?, ?)", (decision.account_id, *place))

    handlers.on(to=("candidate", "client"), name="rise")(tell)
    handlers.on(from_=("candidate", "client"), to="lapsed", name="lapse")(tell)
    handlers.on(from_="client", to=("customer", "prospect"), name="fall")(tell)

    @handlers.on_gone
    async def forget(gone: Gone, _: str) -> None:
        if gone.reason != "erased":
            return
        told = book.rows.execute("SELECT channel, ts FROM messages WHERE account = ?", (gone.account_id,)).fetchall()
        for channel, ts in told:
            try:
                await slack.method("chat.delete", {"channel": channel, "ts": ts}, fine="message_not_found")
            except PlaceError as error:
                note_refused(gone.account_id, gone.event_id, f"delete message {ts} in {channel} by hand: {error}")
        book.rows.execute("DELETE FROM messages WHERE account = ?", (gone.account_id,))

    return handlers


async def main(managers: Path, file: Path, *, once: bool) -> None:
    """Follow the decisions."""
    book = Book(managers, file)
    async with ClientSession() as session:
        slack = Slack(session, os.environ.get("SLACK_URL", "https://slack.com/api"), os.environ.get("SLACK_TOKEN"))
        settle = SETTLE or None
        async with subscribe("notices", settle=settle, erasures=True, once=once).stop_on_signals() as messages:
            await handlers_of(slack, book).run(messages)


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), Path(sys.argv[2]), once="--once" in sys.argv))
