"""What an erasure covers: every record of the account that Kafka stored before it, whenever either is dated.

A partition folds its topics by event time, and an erasure may be dated long before or after what it covers: read as a
backlog, or anew by another group, records would be folded behind the erasure that had removed them, and the account would
live on. So a partition knows of every erasure ahead: those that are stored when it is opened are read from the topic
(`streams/kafka/erasures.py`), later ones are noted as soon as they are fetched. Then

- what Kafka stored before an account's last erasure is not folded, and counts as a repeat;
- the first record stored after it that is due before the erasure brings the erasure forward, so that it begins a new
  account; the erasure's own turn is then a repeat, since it was stored before everything that the new record reflects;
- records that were folded before the erasure was fetched, though Kafka stored them after it, are folded again behind it.

What other accounts' partitions send (a credit, a history that joins) is stored whenever they come to it. It is covered by
its event time, and answered: whoever sent it is told that the account is gone. In a rebuild neither is done again, the
erasure and the answers: the group had acknowledged it, and whoever had to do with the account was told then. But where the
account is there again as it was before (a paused owner had written its record to the changelog behind the tombstone), it
is erased again.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from relationship.contract.messages import MOVES, REFERRALS, is_erasure
from streams.wire.arrivals import Arrival

# Topics of messages that one account's partition sends to another account.
OWN: Final = frozenset({MOVES, REFERRALS})
# Arrivals that are remembered after they were folded. Live, an erasure is fetched within a fraction of a second of what was
# stored beside it: these are more than come in that time, and two megabytes at the most.
REMEMBERED: Final = 2_000


class Erasure(msgspec.Struct):
    """An account's last erasure; `done` is the offset of the last one folded."""

    arrival: Arrival
    done: int = -1

    def before(self, arrival: Arrival) -> bool:
        """Tell whether it covers a record. Of two that were stored in the same millisecond it does: privacy goes first."""
        stored = arrival.at.timestamp() * 1000 if arrival.topic in OWN else arrival.arrived_ms
        return stored <= self.arrival.arrived_ms

    def to_fold(self, at: datetime) -> Arrival:
        """Return the erasure to be folded now; brought forward, it does not move the clock of the partition."""
        self.done = self.arrival.offset
        return msgspec.structs.replace(self.arrival, at=at)


class ErasureGuard:
    """One partition's erasures. `note` every command that is read, and take what is to be folded from `part`.

    `acknowledged` is the offset up to which the group had acknowledged the commands when the partition was opened.
    """

    def __init__(self, acknowledged: int = 0) -> None:
        self._acknowledged = acknowledged
        self._erasures: dict[str, Erasure] = {}
        self._folded: deque[Arrival] = deque(maxlen=REMEMBERED)

    def note(self, arrivals: Iterable[Arrival]) -> None:
        """Take note of the erasures among commands; noting one again changes nothing."""
        for arrival in arrivals:
            if not is_erasure(arrival.message):
                continue
            known = self._erasures.get(arrival.message.account_id)
            if known is None:
                self._erasures[arrival.message.account_id] = Erasure(arrival, self._acknowledged - 1)
            elif arrival.offset > known.arrival.offset:
                known.arrival = arrival

    def carried_out(self) -> dict[str, int]:
        """Return the accounts whose last erasure counts as carried out, and when Kafka stored it (ms since the epoch)."""
        known = self._erasures.items()
        return {account: each.arrival.arrived_ms for account, each in known if each.done >= each.arrival.offset}

    def carry_out_again(self, account: str) -> None:
        """Let an account's erasure be folded, although the group had acknowledged it."""
        self._erasures[account].done = -1

    def part(self, arrivals: Sequence[Arrival]) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
        """Return what is to be folded, in order, and what was erased and needs no answer."""
        if not self._erasures:
            self._folded.extend(arrivals)
            return arrivals, ()
        alive: list[Arrival] = []
        erased: list[Arrival] = []
        for arrival in arrivals:
            erasure = None if arrival.refused else self._erasures.get(arrival.message.account_id)
            if erasure is None:
                alive.append(arrival)
            elif is_erasure(arrival.message):
                self._part_erasure(erasure, arrival, alive, erased)
            elif not erasure.before(arrival):
                if erasure.done < erasure.arrival.offset:
                    alive.append(erasure.to_fold(arrival.at))
                alive.append(arrival)
            elif arrival.topic in OWN and erasure.arrival.offset >= self._acknowledged:
                alive.append(msgspec.structs.replace(arrival, covered=True))
            else:
                erased.append(arrival)
        self._folded.extend(arrivals)
        return alive, erased

    def _part_erasure(self, erasure: Erasure, arrival: Arrival, alive: list[Arrival], erased: list[Arrival]) -> None:
        """Fold an erasure in its turn, unless it was brought forward, and again what it does not cover."""
        if arrival.offset <= erasure.done:
            erased.append(arrival)
            return
        if arrival.offset < erasure.arrival.offset:  # an earlier one of the same account
            alive.append(arrival)
            return
        account = arrival.message.account_id
        after = [each for each in self._folded if not each.refused and each.message.account_id == account]
        alive.append(erasure.to_fold(arrival.at))
        alive += [each for each in after if not is_erasure(each.message) and not erasure.before(each)]
