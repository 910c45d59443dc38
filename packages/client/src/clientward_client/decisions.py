"""`subscribe`: decisions as they come, in a consumer group."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Generic, Literal, Self, TypeVar, cast, overload

from clientward_client.connection import kafka_options
from clientward_client.errors import WrongUseError
from clientward_client.following import Following
from clientward_client.lanes import lanes_of_decisions
from clientward_client.messages import RECLASSIFIED, STATE, Decision, Gone
from clientward_client.stopping import Signals, stop_on

T = TypeVar("T")
U = TypeVar("U")
#: Decisions of a partition whose ids are remembered, unless told otherwise: a megabyte, read back in a second.
REMEMBERED: Final = 10_000
LONGEST_SETTLE: Final = timedelta(days=7)
#: More would be fetched at once than five minutes of slow work get through.
MOST_IN_A_BATCH: Final = 1_000
Start = Literal["earliest", "latest"] | datetime


class Subscription(Generic[T]):
    """A stream of messages: `async for message in subscription`, best inside of `async with subscription`; or `batches`.

    A message counts as handled when the next one is asked for, and the position is committed after that, at the latest a
    second later, and when the subscription is stopped. What a crash, an exception or a `break` leaves unhandled comes again,
    under the same id. Errors: those of `clientward_client.errors`.
    """

    def __init__(self, following: Following) -> None:
        self._following = following
        self._is_running = False
        # What is iterated inside of `async with`: kept, so that leaving closes it and no garbage collector beside that.
        self._opened: list[AsyncGenerator[Any, None]] | None = None
        self._signals: Signals | None = None

    def __aiter__(self) -> AsyncIterator[T]:
        return self._open(self._messages())

    def _open(self, generator: AsyncGenerator[U, None]) -> AsyncGenerator[U, None]:
        if self._opened is not None:
            self._opened.append(generator)
        return generator

    async def _messages(self) -> AsyncGenerator[T, None]:
        async with aclosing(self._batches(1)) as batches:
            async for (message,) in batches:
                yield message

    def batches(self, most: int) -> AsyncGenerator[list[T], None]:
        """Iterate by lists of `most` messages at most, for work that costs as much for many as for one.

        A list has what is there, and waits for no more; it is never empty, and an account's messages are in order. It
        counts as handled, all of it, when the next one is asked for. Raises WrongUseError.
        """
        if not 1 <= most <= MOST_IN_A_BATCH:
            raise WrongUseError(f"most={most}: give 1 to {MOST_IN_A_BATCH:,} messages a batch")
        return self._open(self._batches(most))

    async def _batches(self, most: int) -> AsyncGenerator[list[T], None]:
        if self._is_running:
            raise WrongUseError("this subscription is being iterated already; make another one for another loop")
        self._is_running = True
        try:
            async with aclosing(self._following.batches(most)) as batches:
                async for batch in batches:
                    yield cast("list[T]", batch)
        finally:
            self._is_running = False

    def stop(self) -> None:
        """End the iteration once what is in hand is handled; its position is committed."""
        self._following.stop()

    def stop_on_signals(self) -> Self:
        """Stop on SIGTERM and on Ctrl-C, until the subscription is left. Returns itself."""
        self._signals = stop_on(self.stop)
        return self

    async def commit(self) -> None:
        """Count what is in hand as handled, and commit the position now: before a `break`, or after important work."""
        await self._following.commit()

    async def __aenter__(self) -> Self:
        self._opened = []
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        opened, self._opened = self._opened or [], None
        for each in opened:
            await each.aclose()
        if self._signals is not None:
            self._signals.restore()


@overload
def subscribe(
    group: str,
    *,
    settle: timedelta | None = None,
    erasures: Literal[False] = False,
    start: Start = "earliest",
    remember: int = REMEMBERED,
    skip_unreadable: bool = False,
    once: bool = False,
    kafka: Mapping[str, Any] | None = None,
) -> Subscription[Decision]: ...


@overload
def subscribe(
    group: str,
    *,
    settle: timedelta | None = None,
    erasures: Literal[True],
    start: Start = "earliest",
    remember: int = REMEMBERED,
    skip_unreadable: bool = False,
    once: bool = False,
    kafka: Mapping[str, Any] | None = None,
) -> Subscription[Decision | Gone]: ...


def subscribe(
    group: str,
    *,
    settle: timedelta | None = None,
    erasures: bool = False,
    start: Start = "earliest",
    remember: int = REMEMBERED,
    skip_unreadable: bool = False,
    once: bool = False,
    kafka: Mapping[str, Any] | None = None,
) -> Any:
    """Follow the decisions: each at least once, an account's in order, repeats dropped by id.

    Args:
        group: the consumer group: where it stands is Kafka's to remember. Members of one group share the accounts.
        settle: tell of each account only the net change that stands after so long without another one.
        erasures: tell `Gone` too, in its place between the account's decisions.
        start: where a group begins that has no position: with the oldest decision, the next one, or those since a time.
        remember: over how many decisions of a partition a repeat is known. An older one comes again, under the same id.
        skip_unreadable: log a record that breaks the contract and go on, instead of raising.
        once: end when everything is handled that was stored at the start: for a program that a timer starts. What then still
            waits to settle is told at a later start.
        kafka: arguments of aiokafka's consumer; by default those of the `CLIENTWARD_KAFKA_…` variables.

    Raises:
        WrongUseError: the arguments do not fit together.
    """
    check(group, settle, start, remember)
    settle_ms = None if settle is None else settle // timedelta(milliseconds=1)
    topics = [RECLASSIFIED, STATE] if erasures else [RECLASSIFIED]
    lanes = lanes_of_decisions(remember, settle_ms, erasures=erasures)
    following = Following(
        kafka_options(kafka), group, topics, lanes, start=start_of(start), skip_unreadable=skip_unreadable, once=once
    )
    return Subscription[Any](following)


def check(group: str, settle: timedelta | None, start: Start, remember: int) -> None:
    """Raise WrongUseError for arguments that do not fit."""
    if not group:
        raise WrongUseError("give the group a name: it is by the group that Kafka remembers where you stand")
    if settle is not None and not timedelta(0) < settle <= LONGEST_SETTLE:
        raise WrongUseError(f"settle={settle}: give more than nothing, and {LONGEST_SETTLE.days} days at most")
    if isinstance(start, datetime) and start.tzinfo is None:
        raise WrongUseError(f"start={start}: give a time with an offset, as datetime.now(UTC)")
    if remember < 0:
        raise WrongUseError(f"remember={remember}: give 0 or more decisions")


def start_of(start: Start) -> str | int:
    """Return where a group begins without a position, as `Following` wants it."""
    return int(start.timestamp() * 1000) if isinstance(start, datetime) else start
