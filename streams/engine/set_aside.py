"""What Kafka refuses to store for its own sake: it stays in the outbox in Redis, with an alarm, and all others go on.

A limit of a topic was lowered, or a message has outgrown it. What is set aside is never dropped: it is tried again every
`AGAIN_SECONDS`, and by whoever takes the partition over. Until it is stored, what follows of its account waits with it:
whoever reads a decision can rely on its state, and on the order of an account's messages.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from streams.engine.ports import Clock
from streams.engine.step import OutboxEntry
from streams.kafka.refusals import RecordsRefusedError

log = structlog.get_logger(__name__)

# Seconds until what was refused is tried again: soon enough for whoever has raised a limit and looks on.
AGAIN_SECONDS: Final = 60.0
# Records of the outbox that may be set aside, a partition. More are no matter of single records: the topic takes none.
MOST_ASIDE: Final = 1_000


class SetAside:
    """One partition's. `counted` hears how many states and messages were set aside that were not before."""

    def __init__(self, clock: Clock, counted: Callable[[int], None]) -> None:
        self._clock = clock
        self._counted = counted
        self._accounts: set[bytes] = set()  # table keys
        self._ids: set[bytes] = set()
        self._known: set[bytes] = set()  # table keys and ids that were counted
        self._again_at = 0.0

    def may_go(self, entries: Mapping[bytes, OutboxEntry]) -> Mapping[bytes, OutboxEntry]:
        """Return the messages of accounts of which nothing is set aside, and set the others aside too."""
        if not self._accounts:
            return entries
        going = {identity: each for identity, each in entries.items() if each.account.encode() not in self._accounts}
        self._ids.update(entries.keys() - going.keys())
        return going

    def states(self, error: RecordsRefusedError, markers: Iterable[bytes]) -> None:
        """Set the refused states of accounts aside. Raises the error where there are too many."""
        keys = {each.record[0] or b"" for each in error.refused}
        self._hold(error, {key: key for key in keys}, [*markers])

    def messages(self, error: RecordsRefusedError, entries: Mapping[bytes, OutboxEntry]) -> set[bytes]:
        """Set the refused ones of these messages aside, and return their ids. Raises the error where there are too many."""
        refused = {(each.place[0], *each.record[:2]) for each in error.refused}
        found = {
            identity: each.account.encode()
            for identity, each in entries.items()
            if (each.outgoing.topic, each.outgoing.key.encode() or None, each.outgoing.value) in refused
        }
        self._hold(error, found, [*found])
        return set(found)

    def _hold(self, error: RecordsRefusedError, accounts: Mapping[bytes, bytes], ids: Iterable[bytes]) -> None:
        self._accounts.update(accounts.values())
        self._ids.update(ids)
        self._again_at = self._clock.monotonic() + AGAIN_SECONDS
        if len(self._ids) > MOST_ASIDE:
            raise error
        new = accounts.keys() - self._known
        self._known |= new
        for account in sorted({accounts[each] for each in new}):
            log.error("set aside: Kafka refuses it", account=account.decode(), reason=str(error))
        self._counted(len(new))

    def are_due(self) -> bool:
        """Tell whether anything is set aside, and to be tried again now."""
        return bool(self._accounts) and self._clock.monotonic() >= self._again_at

    def begin_again(self) -> None:
        """Let everything be tried again; what is refused once more is counted no second time."""
        self._accounts.clear()
        self._ids.clear()
