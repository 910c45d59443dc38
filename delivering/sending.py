"""One attempt: a signed POST, and what came of it. No redirect is followed, and no proxy of the environment is used."""

import asyncio
import time
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from delivering.addresses import PrivateAddressError, PublicResolver, refuse_private
from delivering.events import CONTENT_TYPE
from delivering.file import Endpoint
from delivering.retrying import Answer, retry_after_of
from delivering.signing import Signer

# Of an answer's body, how much is read to be told to a person; the rest is not waited for.
TOLD_BYTES: Final = 200


class Sender:
    """Posts to endpoints: to public addresses by one pool of connections, to private ones that are allowed by another."""

    def __init__(self, agent: str) -> None:
        self._agent = agent
        self._stack = AsyncExitStack()
        self._public: ClientSession | None = None
        self._any: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._public = await self._session(TCPConnector(limit=0, resolver=PublicResolver()))
        self._any = await self._session(TCPConnector(limit=0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _session(self, connector: TCPConnector) -> ClientSession:
        headers = {"User-Agent": self._agent, "Content-Type": CONTENT_TYPE}
        return await self._stack.enter_async_context(
            ClientSession(connector=connector, headers=headers, trust_env=False)
        )

    async def post(self, endpoint: Endpoint, signer: Signer, event_id: str, body: str) -> Answer:
        """Post once; whatever happens is the answer."""
        url, now = URL(endpoint.file.url), time.time()
        session = self._any if endpoint.file.allow_private else self._public
        assert session is not None  # noqa: S101 - a Sender is entered first
        try:
            if not endpoint.file.allow_private:
                refuse_private(url.host or "")
            async with session.post(
                url,
                data=body.encode(),
                headers=endpoint.file.headers | signer.headers(event_id, body, now),
                timeout=ClientTimeout(total=endpoint.file.timeout_seconds),
                allow_redirects=False,
            ) as answer:
                if answer.status // 100 == 2:  # noqa: PLR2004 - the class of success
                    return Answer(ok=True, status=answer.status)
                text = (await answer.content.read(TOLD_BYTES)).decode("utf-8", "replace")
                why = " ".join(f"{answer.status} {answer.reason or ''} {text}".split())
                after = retry_after_of(answer.headers.get("Retry-After"), now)
                return Answer(ok=False, why=why, status=answer.status, retry_after=after)
        except TimeoutError:
            return Answer(ok=False, why=f"no answer within {endpoint.file.timeout_seconds:g} s")
        except PrivateAddressError as error:
            return Answer(ok=False, why=str(error))
        except (ClientError, OSError, asyncio.IncompleteReadError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, PrivateAddressError) else error
            return Answer(ok=False, why=f"{cause}" or type(error).__name__)
