"""Fetch sessions (KIP-227): a broker remembers what is fetched of it, so that a request names only what has changed.

A worker has 84 partitions with 12 of every topic. Named in each request and each answer, they cost the worker's and the
broker's processor a millisecond a fetch between them, however few records come. In a session the first request names all
partitions; each later one names those whose position has moved or that have come in, and those that are to be forgotten;
and the answer holds those alone of which there is something to say.

`Session` is the client's side for one broker and one assignment, pure. What it must never do is take for said what the
broker does not know: after an error or a request without an answer the next one opens a new session, in place of the old.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

# Session ids and epochs of the protocol: no session, and the request that opens one.
NO_SESSION: Final = 0
FIRST_EPOCH: Final = 0
# The last epoch of a session; after it comes 1, since 0 opens a new one.
LAST_EPOCH: Final = 2**31 - 1
NO_ERROR: Final = 0


#: A topic's name and the number of a partition: a plain tuple, since there are as many at each request as are assigned.
Partition: TypeAlias = tuple[str, int]


class Asked(NamedTuple):
    """What a request says of its session.

    Attributes:
        session: the session's id.
        epoch: which request of the session this is.
        changed: next offset to read and bytes at most, of the partitions that the broker does not know so yet.
        forgotten: partitions that the broker is no longer to look at.
    """

    session: int
    epoch: int
    changed: Mapping[Partition, tuple[int, int]]
    forgotten: tuple[Partition, ...]


class Session:
    """What one broker knows of our fetches."""

    def __init__(self) -> None:
        self._id = NO_SESSION
        self._epoch = FIRST_EPOCH
        self._known: Mapping[Partition, tuple[int, int]] = {}

    def ask(self, wanted: Mapping[Partition, tuple[int, int]]) -> Asked:
        """Return what a request says that wants these partitions: next offset and bytes at most, by partition."""
        if self._epoch == FIRST_EPOCH:
            asked = Asked(self._id, FIRST_EPOCH, wanted, ())
        else:
            known = self._known
            changed = {tp: place for tp, place in wanted.items() if known.get(tp) != place}
            # Of as many partitions with none that is new none has gone: nearly always.
            has_gone = len(wanted) != len(known) or any(tp not in known for tp in changed)
            gone = tuple(tp for tp in known if tp not in wanted) if has_gone else ()
            asked = Asked(self._id, self._epoch, changed, gone)
        self._known = wanted
        return asked

    def heard(self, error: int, session: int) -> None:
        """Note a broker's answer: the code of its error, and the id of the session that it keeps, 0 for none."""
        if error != NO_ERROR or session == NO_SESSION:
            self.lost(NO_SESSION)
            return
        self._id = session
        self._epoch = 1 if self._epoch == LAST_EPOCH else self._epoch + 1

    def lost(self, session: int | None = None) -> None:
        """Begin anew with the next request, which also ends the session of that id at the broker: ours, unless told."""
        self._id = self._id if session is None else session
        self._epoch = FIRST_EPOCH
        self._known = {}
