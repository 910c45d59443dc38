"""Handlers by transition: functions that are called for the decisions that they want, with a key to do their work once."""

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Collection
from typing import Any, NamedTuple, TypeVar

from clientward_client.errors import WrongUseError
from clientward_client.messages import Decision, Direction, Gone, Industry, Status

Handler = Callable[[Decision, str], Awaitable[None]]
GoneHandler = Callable[[Gone, str], Awaitable[None]]
H = TypeVar("H", bound=Callable[..., Awaitable[None]])
OneOrMore = str | Collection[str] | None


class Wanted(NamedTuple):
    """Which decisions are wanted; an empty set wants all."""

    from_: frozenset[str] = frozenset()
    to: frozenset[str] = frozenset()
    direction: frozenset[str] = frozenset()
    industry: frozenset[str] = frozenset()

    def matches(self, decision: Decision) -> bool:
        """Tell whether a decision is wanted."""
        return (
            (not self.from_ or decision.from_ in self.from_)
            and (not self.to or decision.to in self.to)
            and (not self.direction or decision.direction in self.direction)
            and (not self.industry or decision.segment.industry in self.industry)
        )


def wanted(
    *, from_: OneOrMore = None, to: OneOrMore = None, direction: OneOrMore = None, industry: OneOrMore = None
) -> Wanted:
    """Return which decisions are wanted, each by one value or several. Raises WrongUseError for an unknown value."""
    return Wanted(
        _chosen("from_", from_, Status),
        _chosen("to", to, Status),
        _chosen("direction", direction, Direction),
        _chosen("industry", industry, Industry),
    )


class _Entry(NamedTuple):
    name: str
    wanted: Wanted
    handler: Handler


class Handlers:
    """Functions for decisions: registered by `on`, and called by `run`, one after the other, in the order of registration.

    Each gets the decision and an idempotency key: the function's name and the decision's id, the same however often the
    decision comes. Note it with what you do, or pass it to whom you call (`Idempotency-Key`), and nothing is done twice.
    A handler that raises ends `run`; the decision comes again at the next start, to all of its handlers.
    """

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._gone: list[tuple[str, GoneHandler]] = []

    def on(
        self,
        *,
        from_: OneOrMore = None,
        to: OneOrMore = None,
        direction: OneOrMore = None,
        industry: OneOrMore = None,
        name: str | None = None,
    ) -> Callable[[H], H]:
        """Register a handler of the decisions that match; with `name`, under another name than the function's.

        The name is part of the key: keep it when the function is renamed. Raises WrongUseError.
        """
        which = wanted(from_=from_, to=to, direction=direction, industry=industry)

        def register(handler: H) -> H:
            self._entries.append(_Entry(self._named(handler, name), which, handler))
            return handler

        return register

    def on_gone(self, handler: GoneHandler) -> GoneHandler:
        """Register a handler of accounts that are erased or merged away; subscribe with `erasures=True`."""
        self._gone.append((self._named(handler, None), handler))
        return handler

    async def handle(self, message: Decision | Gone) -> int:
        """Call the handlers of a message; return how many there were."""
        if isinstance(message, Gone):
            for name, handler in self._gone:
                await handler(message, f"{name}:{message.account_id}:{message.event_id}")
            return len(self._gone)
        matching = [entry for entry in self._entries if entry.wanted.matches(message)]
        for entry in matching:
            await entry.handler(message, f"{entry.name}:{message.event_id}")
        return len(matching)

    async def run(self, messages: AsyncIterable[Any]) -> None:
        """Handle all that a subscription tells, until it is stopped. Raises what a handler raises."""
        async for message in messages:
            await self.handle(message)

    def _named(self, handler: Callable[..., Any], name: str | None) -> str:
        if not inspect.iscoroutinefunction(handler):
            raise WrongUseError(f"{handler}: a handler is an `async def`")
        found = name or handler.__qualname__
        if found in {entry.name for entry in self._entries} | {each for each, _ in self._gone}:
            raise WrongUseError(f"two handlers are called {found}: give one a name of its own with name=")
        return found


def _chosen(field: str, given: OneOrMore, allowed: Any) -> frozenset[str]:
    values = frozenset() if given is None else frozenset([given] if isinstance(given, str) else given)
    known = allowed.__args__
    if strange := sorted(values - set(known)):
        raise WrongUseError(f"{field}={', '.join(strange)}: give one of {', '.join(known)}")
    return values
