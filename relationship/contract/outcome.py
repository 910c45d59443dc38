"""The input and the output of a step of the core: values only.

The engine passes `Delivered` messages in and carries an `Outcome` out: it writes the record, publishes `sends`, moves what
was refused into the dead-letter topic, and runs the account's timers at `due_at`. The core itself sends and stores nothing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from relationship.contract.messages import Message

RECLASSIFIED: Final = "crm.relationship.reclassified.v1"
STATE: Final = "crm.relationship.state.v1"
REJECTED: Final = "crm.intake.rejected.v1"
AUDIT: Final = "crm.audit.v1"
POLICIES: Final = "crm.policy.published.v1"
SHADOWED: Final = "crm.policy.shadowed.v1"


class Reason(StrEnum):
    """Why a record was refused; these codes are the values of the dead-letter topic's reason header."""

    DECODE = "DECODE"
    SCHEMA = "SCHEMA"
    VERSION = "VERSION"
    SIZE = "SIZE"
    TIME = "TIME"
    KEY = "KEY"
    CONFLICT = "CONFLICT"
    LATE = "LATE"
    FAULT = "FAULT"


class Delivered(Struct, frozen=True, gc=False):
    """One accepted message and its position. `offset` is that of its topic, in the account's partition.

    `covered` says that its account was erased after it was published: it is not folded, and whoever waits for an answer
    gets one.
    """

    topic: str
    offset: int
    message: Message
    traceparent: str | None = None
    covered: bool = False

    @property
    def arrived_ms(self) -> int:
        """When Kafka stored it, in ms since the epoch; 0 where there is no Kafka, and the order given is that of storing."""
        return 0

    @property
    def lateness_us(self) -> int:
        """How late (µs) this one may be where whoever sent it again allowed it more than others have; else 0."""
        return 0


class Applied(NamedTuple):
    """The message is part of the account's history."""


class Repeat(NamedTuple):
    """The message was folded before: the same id and payload, or an offset that the record already reflects."""


class Refused(NamedTuple):
    """The message belongs in the dead-letter topic."""

    reason: Reason
    text: str


Verdict = Applied | Repeat | Refused


class Outgoing(NamedTuple):
    """One record to publish, keyed by an account. `value` is JSON, or None for a tombstone.

    `event_id` and `time` (RFC 3339) become the CloudEvents headers `ce_id` and `ce_time`; a repeat of the same decision
    has the same `event_id`. `label` is what a metric counts it by: of a decision its direction and its `to`, with a blank
    between them; of a shadow's difference its kind; empty for all else.
    """

    topic: str
    key: str
    value: bytes | None
    event_id: str
    time: str
    traceparent: str | None = None
    label: str = ""


class Outcome(NamedTuple):
    """The result of one step of one account.

    Attributes:
        record: the account's new record, encoded; None where the account is to be deleted from every store (erased).
        changed: False where the record is unchanged, so that nothing need be written.
        verdicts: one for each message, in the same order.
        sends: the messages to publish, in order: decisions, the new state, audit entries, messages to other accounts.
        due_at: the next event time (µs since the epoch) at which the account can change without a message, or None.
    """

    record: bytes | None
    changed: bool
    verdicts: Sequence[Verdict]
    sends: Sequence[Outgoing]
    due_at: int | None


class StepTooLargeError(Exception):
    """Several messages of one account make a record that does not fit: fold fewer at a time."""


class Fold(Protocol):
    """The core as the engine uses it: pure functions of one account's encoded record."""

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Fold messages, in any order, into an account.

        `decided_at` is wall-clock time (µs): no decision depends on it; which of two records is the newer one does.
        Raises StepTooLargeError where the account's record would not fit after them, and there is more than one.
        """

    def run_timers(self, account_id: str, record: bytes, until: int, decided_at: int) -> Outcome:
        """Run the account's timers up to event time `until` (µs): a lapse, or the end of an override."""

    def newer(self, old: bytes, new: bytes) -> bool:
        """Tell whether an encoded record may replace another of the same account in a rebuild from the changelog."""

    def reflects(self, record: bytes) -> Mapping[str, int]:
        """Return, by topic, the offset of the last message that an encoded record reflects."""

    def latest(self, account_id: str, record: bytes | None, decided_at: int) -> Sequence[Outgoing]:
        """Return what may have to be published again of an account that was restored, or that a former owner wrote late.

        That is the messages of the record's latest step, under the same ids, and the account's state in any case; of an
        account without a record, that it is gone.
        """
