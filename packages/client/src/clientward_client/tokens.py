"""Tokens for a login by OAUTHBEARER: from a file that something else keeps fresh, or from a command that prints one.

aiokafka asks for a token with every connection. A file is read each time, so that what renews it needs to tell nobody; what
a command printed is used again for a minute, since connections come in bursts. No token stands in any error.
"""

import asyncio
import base64
import binascii
import json
import re
import shlex
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiokafka.abc import AbstractTokenProvider

from clientward_client.aiokafka_private import heed_refusals
from clientward_client.errors import TokenError

# Seconds that a command may take: less than aiokafka waits for a broker, and a person for an answer.
COMMAND_SECONDS: Final = 10.0
# Seconds for which a command's token is used again. No longer: one that the broker refuses is else offered until it expires.
REUSE_SECONDS: Final = 60.0
# Seconds before its end in which a token is not used again: a connection that it opens would end at once.
SPARE_SECONDS: Final = 30.0
# Characters of what a command says of its failure.
SAID: Final = 200
# RFC 7628 ends a token with a control character: what has one in it would be another message.
TOKEN: Final = re.compile(r"[!-~]+")


class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """What aiokafka takes for `sasl_oauth_token_provider`.

    Attributes:
        failure: why there was no token the last time, or why the broker refused it. aiokafka keeps the reason to itself.
        subject: whom the last token is about, where it is a JWT; brokers take it for the user unless told otherwise.
    """

    def __init__(self, read: Callable[[], Awaitable[str]], where: str, reuse_seconds: float) -> None:
        heed_refusals()
        self._read, self._where, self._reuse_seconds = read, where, reuse_seconds
        self._token, self._until = "", 0.0
        self._lock, self._loop = asyncio.Lock(), None
        self.subject: str | None = None
        self.failure: str | None = None

    async def token(self) -> str:
        """Return a token that is not expired. Raises TokenError, in one line."""
        loop: Any = asyncio.get_running_loop()
        if self._loop is not loop:  # a lock is of one loop, and a command line may run two, one after the other
            self._lock, self._loop = asyncio.Lock(), loop
        async with self._lock:
            try:
                return await self._fresh()
            except TokenError as error:
                self.failure = str(error)
                raise

    def refused(self, why: str) -> None:
        """Note that the broker refuses the token that it was given, and ask for another one the next time."""
        self._until = 0.0
        self.failure = f"the broker refuses the token of {self._where} ({why}); look at its issuer and audience"

    async def _fresh(self) -> str:
        now = time.time()
        if now < self._until:
            return self._token
        token = (await self._read()).strip()
        if not TOKEN.fullmatch(token):
            raise TokenError(f"{self._where} gives no token: one line without blanks is wanted; look at what writes it")
        said = claims(token)
        expires = float(said["exp"]) if isinstance(said.get("exp"), int | float) else None
        if expires is not None and expires <= now:
            at = datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds")
            raise TokenError(f"the token of {self._where} expired at {at}; have it renewed, or look at this clock")
        self._token, self._until = token, min(now + self._reuse_seconds, (expires or float("inf")) - SPARE_SECONDS)
        self.failure, self.subject = None, said.get("sub")
        return token


def file_tokens(path: str | Path) -> Tokens:
    """Return tokens that are read from a file, anew for each connection."""

    async def read() -> str:
        try:
            return await asyncio.to_thread(Path(path).read_text, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8"
            raise TokenError(
                f"the token file {path} cannot be read ({why}); name one that this user may read"
            ) from None

    return Tokens(read, str(path), 0.0)


def command_tokens(command: str) -> Tokens:
    """Return tokens that a command prints. It is run without a shell; of its words only the first is ever told."""
    words = shlex.split(command)
    where = f"the token command {words[0]}"

    async def read() -> str:
        return await _printed(words, where)

    return Tokens(read, where, REUSE_SECONDS)


async def _printed(words: list[str], where: str) -> str:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        raise TokenError(f"{where} cannot be run ({error.strerror}); correct its path") from None
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        raise TokenError(f"{where} took more than {COMMAND_SECONDS:.0f} s; run it by hand to see why") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = (err.decode(errors="replace").strip().splitlines() or ["it says nothing"])[-1][:SAID]
        raise TokenError(f"{where} failed with exit code {process.returncode}: {said}; run it by hand to see why")
    return out.decode(errors="replace")


def claims(token: str) -> Mapping[str, Any]:
    """Return what a token says of itself where it is a JWT, unverified: the broker verifies it. Empty for any other."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}
