"""What these programs share when they call another system: its pace, trying again, what it refuses, and how they end.

A call that the system cannot take now (429, 5xx, no answer) is repeated, after `Retry-After` where it says so. One that
would have to wait longer than the group waits for us is for a later start: the program ends with exit code 75
(`EX_TEMPFAIL`), and nothing is lost, since a position is committed only after its work. What the system refuses for good
of one account is written down in `refused.jsonl`, and the others go on.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout

from clientward_client import ClientwardError, Decision, Gone

# Seconds before a call is repeated where the system does not say how many.
PATIENCE = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# Seconds that a call may wait for its turn again, in all: the group gives us five minutes for a batch.
LONGEST = 180.0
TIMEOUT = ClientTimeout(total=60.0)
TRY_LATER = 75  # sysexits' EX_TEMPFAIL

log = logging.getLogger("calling")


class RefusedError(Exception):
    """The system will not, whoever asks how often: a wrong key, a missing property."""


class LaterError(Exception):
    """The system cannot for longer than we may wait: the limit of a day."""


class Answer(NamedTuple):
    """What was answered; `body` is parsed where it is JSON."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]


class Api:
    """A system's API.

    Args:
        session: aiohttp's.
        base: what all addresses begin with.
        headers: sent with each call; may be changed, by `renew` say.
        per_second: calls a second at most.
        is_over: tells of a 403 or 429 whether a limit is used up that does not come back in minutes.
        renew: gets new credentials after a 401; the call is then made once more.
        secret: addresses are secrets, and stand in no error and no log.
    """

    def __init__(
        self,
        session: ClientSession,
        base: str,
        *,
        headers: dict[str, str],
        per_second: float,
        is_over: Callable[[Answer], bool] = lambda _: False,
        renew: Callable[[], Awaitable[None]] | None = None,
        secret: bool = False,
    ) -> None:
        self.session, self.base, self.headers = session, base, headers
        self.between, self.is_over, self.renew = 1 / per_second, is_over, renew
        self.next, self.secret = 0.0, secret

    async def call(self, method: str, path: str, body: Any = None, *, taken: Iterable[int] = ()) -> Answer:
        """Call the API; return what it answers with 2xx or with a status of `taken`. Raises RefusedError, LaterError."""
        waits, waited, renewed = iter(PATIENCE), 0.0, False
        while True:
            answer = await self._once(method, path, body)
            if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES or answer.status in taken:
                return answer
            text = f"{method} {'(its address)' if self.secret else path}: {answer.status or 'no answer'} {answer.text}"
            if answer.status == HTTPStatus.UNAUTHORIZED and self.renew and not renewed:
                renewed = True
                await self.renew()
                continue
            if self.is_over(answer):
                raise LaterError(f"the limit of calls is used up; start again when it is renewed: {text}")
            if answer.status and answer.status != HTTPStatus.TOO_MANY_REQUESTS and answer.status < 500:  # noqa: PLR2004
                raise RefusedError(text)
            wait = _seconds(answer.headers.get("Retry-After")) or next(waits, LONGEST)
            if (waited := waited + wait) > LONGEST:
                raise LaterError(f"waited {waited - wait:g} s in vain; start again later: {text}")
            log.warning("again in %g s: %s", wait, text)
            await asyncio.sleep(wait)

    async def _once(self, method: str, path: str, body: Any) -> Answer:
        await self._turn()
        try:
            async with self.session.request(
                method, self.base + path, json=body, headers=self.headers, timeout=TIMEOUT
            ) as answer:
                text = await answer.text()
                return Answer(answer.status, _parsed(text), text, answer.headers)
        except (ClientError, TimeoutError) as error:
            return Answer(0, None, type(error).__name__ if self.secret else f"{type(error).__name__} {error}", {})

    async def _turn(self) -> None:
        """Wait until the pace allows a call."""
        now = asyncio.get_running_loop().time()
        wait, self.next = self.next - now, max(now, self.next) + self.between
        if wait > 0:
            await asyncio.sleep(wait)


class Work(NamedTuple):
    """What a batch comes to: of each account the last word, and whom to forget first.

    Attributes:
        erased: accounts to delete. One may stand in `decisions` too: it has come back since, as somebody new.
        merged: accounts that are gone, since others go on with their history.
        decisions: the newest of each account.
    """

    erased: list[str]
    merged: list[str]
    decisions: list[Decision]


def work_of(batch: Iterable[Decision | Gone]) -> Work:
    """Return what a batch comes to."""
    messages = list(batch)
    last = {each.account_id: each for each in messages}
    erased = dict.fromkeys(m.account_id for m in messages if isinstance(m, Gone) and m.reason == "erased")
    merged = [m.account_id for m in last.values() if isinstance(m, Gone) and m.account_id not in erased]
    return Work([*erased], merged, [m for m in last.values() if isinstance(m, Decision)])


def note_refused(account: str, event_id: str, reason: str) -> None:
    """Write down, for good, what the other system does not take of an account."""
    log.error("refused: account %s: %s", account, reason)
    line = {"at": datetime.now(UTC).isoformat(), "account_id": account, "event_id": event_id, "reason": reason}
    with Path(os.environ.get("REFUSED", "refused.jsonl")).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a program to its end: with one line on stderr where it cannot go on."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        asyncio.run(main)
    except LaterError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(TRY_LATER)
    except (RefusedError, ClientwardError) as error:
        sys.exit(str(error))
    except KeyError as error:
        sys.exit(f"set {error.args[0]}: the program's first lines say which variables it wants")


def _seconds(text: str | None) -> float | None:
    """Return what `Retry-After` says, where it is a number and not a date."""
    return float(text) if text and text.replace(".", "", 1).isdigit() else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
