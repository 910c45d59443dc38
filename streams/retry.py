"""The one way to wait for a server that is away: the same call again, with growing delays and jitter, without end.

May be used by every room. A delay grows from `FIRST_SECONDS` to `LONGEST_SECONDS`, so that a server that blinks is asked
again at once and one that is down for an hour is not hammered; the jitter keeps a group of workers from asking in step.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

T = TypeVar("T")
#: Seconds before the second try, and the most before any.
FIRST_SECONDS: Final = 0.05
LONGEST_SECONDS: Final = 2.0
#: Tells whether the same call may go through later.
Passing = Callable[[BaseException], bool]
#: Hears of a failure that will be tried again, and how often the call was tried by then.
OnFailure = Callable[[BaseException, int], None]


async def until_it_passes(do: Callable[[], Awaitable[T]], passing: Passing, on_failure: OnFailure) -> T:
    """Return what a call returns in the end. Raises at once what is not passing; cancelling ends the wait.

    The first try costs no machinery: calls that never fail are most of them.
    """
    try:
        return await do()
    except Exception as error:
        if not passing(error):
            raise
        on_failure(error, 1)

    def heard(state: RetryCallState) -> None:
        if state.outcome is not None and (failure := state.outcome.exception()) is not None:
            on_failure(failure, state.attempt_number + 1)

    retrying = AsyncRetrying(
        retry=retry_if_exception(passing),
        wait=wait_exponential_jitter(multiplier=FIRST_SECONDS, max=LONGEST_SECONDS, jitter=FIRST_SECONDS),
        before_sleep=heard,
        reraise=True,
    )
    await asyncio.sleep(FIRST_SECONDS)
    async for attempt in retrying:
        with attempt:
            return await do()
    raise AssertionError("a retry without end has ended")
