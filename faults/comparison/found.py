"""What a run left, as values; and how a comparison with the oracle is told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from relationship.contract.outcome import Reason
from relationship.state.record import AccountRecord

MOST_TOLD: Final = 3  # faults told of an invariant; the first ones say enough
Letter = tuple[str, bytes | None, bytes, Reason]


class Verdict(NamedTuple):
    """Whether an invariant held; `what` says what was compared, or what differs."""

    name: str
    passed: bool
    what: str


class Found(NamedTuple):
    """What a run left.

    Attributes:
        records: every account's record, by account.
        twice: accounts that stand in two partitions, or in one that is not theirs.
        decisions: all that was published to the topic of reclassifications, in order, repeats included.
        states: the last state that was published of every account, as the compacted topic keeps it.
        letters: the dead letters by where the refused record stood; a refusal published again is there once.
        letters_published: how many there are with those published again.
        produced: how many records the intake has had, the core's own included, by account; those refused are not there.
        doubled: records of the core's own that were published again, by account: the account recognises them as repeats.
        quiet: accounts that had their last event before the first fault.
        retold: whether all that knew of what had been told was destroyed, so that an account with late events may be told
            of again in other words.
    """

    records: dict[str, AccountRecord]
    twice: list[str]
    decisions: list[bytes]
    states: dict[str, bytes]
    letters: Mapping[tuple[str, int, int], Letter]
    letters_published: int
    produced: Counter[str]
    doubled: Counter[str]
    quiet: set[str]
    retold: bool = False


def listed(wrong: Sequence[str]) -> str:
    """Return the first faults, and how many more there are."""
    more = f" and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
    return "; ".join(wrong[:MOST_TOLD]) + more
