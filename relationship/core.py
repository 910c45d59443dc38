"""The core as the engine and `replay` call it: one account's record and messages in, an outcome out.

Messages are folded one by one, in the order given, so how they are divided into batches changes nothing. A message at or
below the offset that the record reflects was folded before, and is a repeat.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from relationship.contract import times
from relationship.contract.decisions import State, to_json
from relationship.contract.outcome import STATE, Delivered, Outcome, Outgoing, Reason, Refused, StepTooLargeError
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord, RecordError, decode, newer
from relationship.timeline import posting
from relationship.timeline.account_step import AccountStep
from relationship.timeline.history import KEPT, MOST_BYTES, MOST_KEPT, HistoryLimits
from relationship.timeline.posting import LEFT_OUT, unpack
from relationship.timeline.published import PublishedPolicies
from relationship.timeline.shadow import Shadow
from relationship.timeline.state_message import state_of

LATENESS_DAYS: Final = 30  # how much older than its account's newest event an event may be, and still be folded

_TOPIC_OF_RANK: Final = {rank: topic for topic, rank in f.RANK_OF_TOPIC.items()}


class Core:
    """Folds messages into accounts under the policies in force. All that it knows of an account is in its record.

    Attributes:
        rules: one policy, or a schedule of several. May be replaced between two steps by a schedule with more switches.
        shadow: a second policy of which only the differences are published. May be set and removed between two steps.
        limits: how much of a history can still be changed: the lateness allowed, the number of facts kept, and their bytes.
    """

    def __init__(
        self,
        rules: Rules,
        lateness_days: float = LATENESS_DAYS,
        *,
        kept: int = KEPT,
        most_kept: int = MOST_KEPT,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.rules = rules
        self.shadow: Shadow | None = None
        self.limits = HistoryLimits(int(lateness_days * times.DAY_US), kept, most_kept, most_bytes)

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Fold messages into an account; see `relationship.contract.outcome.Fold`. Raises RecordError for foreign bytes."""
        step = self._account_step(account_id, record, decided_at)
        outcome = step.close([step.fold(message) for message in delivered])
        if outcome.record is None or len(outcome.record) <= self.limits.most_bytes:
            return outcome
        return self._refused(account_id, record, delivered, len(outcome.record))

    def _refused(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], size: int) -> Outcome:
        """Refuse the message after which the account's record would not fit. Raises StepTooLargeError for several."""
        if len(delivered) > 1:
            raise StepTooLargeError(
                f"the record of {account_id!r} would have {size} bytes after {len(delivered)} messages"
            )
        why = f"the record of account {account_id!r} would have {size} bytes, more than {self.limits.most_bytes}"
        return Outcome(record, changed=False, verdicts=[Refused(Reason.SIZE, why)], sends=[], due_at=None)

    def run_timers(self, account_id: str, record: bytes, until: int, decided_at: int) -> Outcome:
        """Run the account's timers up to event time `until` (µs). Raises RecordError."""
        step = self._account_step(account_id, record, decided_at)
        step.run_timers(until)
        return step.close([])

    def follow(self, published: PublishedPolicies) -> None:
        """Use the policies published from the next step on."""
        self.rules, self.shadow = published.rules, published.shadow

    def newer(self, old: bytes, new: bytes) -> bool:
        """Tell whether an encoded record may replace another, by its revision."""
        return newer(old, new)

    def pending(self, account_id: str, record: bytes) -> Sequence[Outgoing]:
        """Return the messages that the record's latest step sent. Raises RecordError."""
        return self._pending(account_id, decode(record))

    def _pending(self, account_id: str, record: AccountRecord) -> list[Outgoing]:
        return [
            sent._replace(value=to_json(self._state(account_id, record))) if sent.value == LEFT_OUT else sent
            for sent in unpack(record.pending)
        ]

    def reflects(self, record: bytes) -> Mapping[str, int]:
        """Return, by topic, the offset of the last message that a record reflects. Raises RecordError."""
        return {_TOPIC_OF_RANK[rank]: offset for rank, offset in decode(record).offsets.items()}

    def latest(self, account_id: str, record: bytes | None, decided_at: int) -> Sequence[Outgoing]:
        """Return what may have to be published again of an account; see `Fold`. Raises RecordError."""
        decoded = decode(record) if record else None
        sends = self._pending(account_id, decoded) if decoded else []
        if any(sent.topic == STATE for sent in sends):
            return sends
        if decoded is None or decoded.merged_into is not None:
            action = "erase" if decoded is None else "merge"
            return [*sends, Outgoing(STATE, account_id, None, f"{action}-restored", times.rfc3339(decided_at))]
        if decoded.published_state is None:
            return sends
        return [*sends, posting.state(self._state(account_id, decoded), f"state-{decoded.revision}-{decoded.seq}")]

    def _state(self, account_id: str, record: AccountRecord) -> State:
        """Return the state that the record's latest step published: the record has its score, the rest is the head's."""
        if record.published_state is None:
            raise RecordError("an account record that left a state out has none shown")
        return state_of(account_id, record, record.published_state.score, self.rules.at(record.head.t))

    def _account_step(self, account_id: str, record: bytes | None, decided_at: int) -> AccountStep:
        decoded = decode(record) if record else None
        return AccountStep(self.rules, self.limits, account_id, decoded, decided_at, self.shadow)
