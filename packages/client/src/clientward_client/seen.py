"""The ids that a partition has told lately, by which a repeat is known. Pure.

Whether a record is a repeat depends on the records before it in its partition and on nothing else: so the memory is the
same after a restart, when the records before the position are read once more.
"""

from collections import OrderedDict


class Seen:
    """The ids of the last `reach` offsets of a partition."""

    def __init__(self, reach: int) -> None:
        self._reach = reach
        self._offsets: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._offsets)

    def note(self, event_id: str, offset: int) -> bool:
        """Note an id at an offset; offsets come in order. Returns whether it was there within the reach: a repeat."""
        if self._reach <= 0 or not event_id:
            return False
        offsets = self._offsets
        while offsets and next(iter(offsets.values())) < offset - self._reach:
            offsets.popitem(last=False)
        is_repeat = event_id in offsets
        offsets[event_id] = offset
        offsets.move_to_end(event_id)
        return is_repeat
