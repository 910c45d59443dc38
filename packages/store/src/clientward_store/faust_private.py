"""All that the store touches of Faust and that Faust does not promise to keep.

Seen in faust-streaming 0.15.3 with mode-streaming 0.7.1. `gone` names what another version has taken away; a unit test
asks it. Two things are touched:

- `SerializedStore` leaves reading and writing to methods with private names, and encodes keys and values in others. Here
  they lead to public ones, which the store implements.
- Before it commits its input, hands partitions over or ends, Faust awaits the producer's `flush`. `FlushBarrier` takes its
  place, so that the store is written by then as well.
"""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from faust.stores.base import SerializedStore
from faust.transport.producer import Producer

#: The names that are touched, by class.
TOUCHED: Final[Mapping[type, tuple[str, ...]]] = {
    SerializedStore: (
        "_get",
        "_set",
        "_del",
        "_contains",
        "_iteritems",
        "_iterkeys",
        "_itervalues",
        "_size",
        "_clear",
        "_encode_key",
        "_encode_value",
        "_repr_info",
    ),
    Producer: ("flush",),
}


def gone(touched: Mapping[type, tuple[str, ...]] = TOUCHED) -> list[str]:
    """Return the names among those touched that the installed Faust does not have."""
    return [
        f"{owner.__module__}.{owner.__qualname__}.{name}"
        for owner, names in touched.items()
        for name in names
        if not hasattr(owner, name)
    ]


class RawStore(SerializedStore[Any, Any]):
    """A Faust store of encoded keys and values, by public methods."""

    @abstractmethod
    def read_value(self, key: bytes) -> bytes | None:
        """Return a key's value, None where there is none."""

    @abstractmethod
    def write_values(self, values: dict[bytes, bytes | None]) -> None:
        """Set values."""

    @abstractmethod
    def delete_value(self, key: bytes) -> None:
        """Delete a key, whether it is there or not."""

    @abstractmethod
    def scan_values(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key with its value."""

    @abstractmethod
    def count_values(self) -> int:
        """Return the number of keys."""

    @abstractmethod
    def delete_all(self) -> None:
        """Delete every key."""

    @abstractmethod
    def description(self) -> str:
        """Return the store's table and URL for logs, without a password."""

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set many keys at once."""
        items = dict(*args, **kwargs)
        values = {self._encode_key(key): self._encode_value(value) for key, value in items.items()}
        if values:
            self.write_values(values)

    def _get(self, key: bytes) -> bytes | None:
        return self.read_value(key)

    def _set(self, key: bytes, value: bytes | None) -> None:
        self.write_values({key: value})

    def _del(self, key: bytes) -> None:
        self.delete_value(key)

    def _contains(self, key: bytes) -> bool:
        return self.read_value(key) is not None

    def _iteritems(self) -> Iterator[tuple[bytes, bytes]]:
        return self.scan_values()

    def _iterkeys(self) -> Iterator[bytes]:
        return (key for key, _ in self.scan_values())

    def _itervalues(self) -> Iterator[bytes]:
        return (value for _, value in self.scan_values())

    def _size(self) -> int:
        return self.count_values()

    def _clear(self) -> None:
        self.delete_all()

    def _repr_info(self) -> str:
        return self.description()


class FlushBarrier:
    """Stands in for the `flush` of an app's producer; one for an app, however many tables it has.

    Kafka is flushed first, so that the changelog offsets that it confirms are written with the values.
    """

    def __init__(self, flush: Callable[[], Awaitable[None]]) -> None:
        self.flush = flush
        self.store_flushes: set[Callable[[], Awaitable[None]]] = set()

    async def __call__(self) -> None:
        """Return once Kafka has what was produced, and Redis what was set."""
        await self.flush()
        for flush in list(self.store_flushes):
            await flush()


def barrier_of(producer: Any) -> FlushBarrier:
    """Return a producer's barrier, put there where it has none."""
    if not isinstance(producer.flush, FlushBarrier):
        producer.flush = FlushBarrier(producer.flush)
    barrier: FlushBarrier = producer.flush
    return barrier
