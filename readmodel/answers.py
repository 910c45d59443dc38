"""What is answered: msgspec Structs, so that `msgspec.json.encode` makes JSON of them. Times are aware, in UTC."""

from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from msgspec import Struct, field

from relationship.contract.decisions import Audit, Reclassification, SegmentPart, ShadowDifference, State
from relationship.contract.messages import Industry, Status
from relationship.contract.outcome import Reason
from streams.wire.redriving import State as LetterState

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """A part of a list.

    Attributes:
        items: in the list's order.
        after: the cursor of the next page, to be handed in as `after`; None where this is the last.
        total: how many the whole list has, where that is known without counting it; else None.
    """

    items: list[T]
    after: str | None
    total: int | None = None


class StoredDecision(Struct, frozen=True):
    """A decision, and whether it holds.

    Attributes:
        decision: as the topic has it.
        stored_at: when Kafka stored it.
        corrected_by: the correction that supersedes it; None where it is in force, or was followed by another in its turn.
    """

    decision: Reclassification
    stored_at: datetime
    corrected_by: Reclassification | None = None


class Account(Struct, frozen=True):
    """Where an account stands. `stored_at` is when Kafka stored its state."""

    state: State
    stored_at: datetime


class Departed(Struct, frozen=True):
    """An account that was merged into another one; which one, the topics do not tell. `at` is when the command was dated."""

    account_id: str
    reason: Literal["merged"]
    at: datetime | None


class AccountView(Struct, frozen=True):
    """One account whole.

    Attributes:
        account: its state; None where it was merged, or its state has not been read yet.
        departed: that it was merged into another one.
        decisions: the newest, corrections under what they correct; `queries.decisions` pages through all of them.
        shadow: how it differs under the shadow; None where it does not.
        audit: the newest entries about it.
    """

    account: Account | None
    departed: Departed | None
    decisions: Page[StoredDecision]
    shadow: ShadowDifference | None
    audit: Page[Audit]


class SegmentCount(Struct, frozen=True):
    """How many accounts of a segment have a status."""

    segment: SegmentPart
    status: Status
    accounts: int


class BaseCounts(Struct, frozen=True):
    """The base: every account that has a state.

    Attributes:
        accounts: how many there are.
        statuses: by status, all five, in their order.
        industries: the same by industry, the largest first.
        segments: every segment and status that occurs, the largest first.
    """

    accounts: int
    statuses: dict[Status, int]
    industries: dict[Industry, dict[Status, int]]
    segments: list[SegmentCount]


class Flow(Struct, frozen=True):
    """How many decisions of a period took accounts from one status to another.

    Attributes:
        start: the period's first day, of event time in UTC.
        decisions: those in force: neither corrections nor what they correct.
    """

    start: date
    from_: Status = field(name="from")
    to: Status
    decisions: int


class Levels(Struct, frozen=True):
    """The scores at which an account of a trade turns, in points: the thresholds of a policy with the trade's own moves."""

    candidate_up: float
    candidate_down: float
    client_up: float
    client_down: float


class Near(Struct, frozen=True):
    """An account near a threshold.

    Attributes:
        account: its state.
        to: the status beyond the threshold. That the score gets there is not all that a change asks for.
        level: the threshold, in points.
        distance: from the score to the threshold, in points, 0 or more.
    """

    account: Account
    to: Status
    level: float
    distance: float


class Settled(Struct, frozen=True):
    """Who sent a dead letter again, or gave it up; `at` is None where the note has no time that can be read."""

    by: str
    why: str
    at: datetime | None


class Refusal(Struct, frozen=True):
    """One dead letter.

    Attributes:
        topic, partition, offset: where the refused record stood.
        reason, text: why it was refused: the code, and a sentence.
        refused_at: when; where the worker did not note it, when Kafka stored the dead letter.
        account: the record's key, or the account that its value names; None where neither can be read.
        key, value: the record's bytes, in base64 where this is encoded as JSON; of the value the first `VALUE_BYTES`.
        value_bytes: how long the value is.
        omitted: what did not fit into the dead letter: "", "value", "value, headers" or "value, headers, key".
        dead_letter_partition, dead_letter_offset, stored_at: where the dead letter itself stands, and since when.
        state: whether it is still open, or was sent again (redriven), or given up (discarded).
        settled: by whom, when and why; None of one that is open.
        redriven: how often the record had been sent again before this refusal.
    """

    topic: str
    partition: int
    offset: int
    reason: Reason
    text: str
    refused_at: datetime
    account: str | None
    key: bytes | None
    value: bytes | None
    value_bytes: int
    omitted: str
    dead_letter_partition: int
    dead_letter_offset: int
    stored_at: datetime
    state: LetterState = "open"
    settled: Settled | None = None
    redriven: int = 0


class RefusalCount(Struct, frozen=True):
    """How many records of a topic were refused for a reason in a period that begins at `start`, and how many are open."""

    start: datetime
    reason: Reason
    topic: str
    refusals: int
    open: int = 0


class ShadowCount(Struct, frozen=True):
    """How many accounts have one status by the policy in force, and another by the shadow."""

    active: Status
    shadow: Status
    accounts: int


class TopicStanding(Struct, frozen=True):
    """How far a topic has been read.

    Attributes:
        topic: its name.
        records: read since the tables were built.
        behind: how many records Kafka had more when it was last asked.
        newest_at: when Kafka stored the newest record read; None where there was none.
    """

    topic: str
    records: int
    behind: int
    newest_at: datetime | None


class Standing(Struct, frozen=True):
    """How far the tables are.

    Attributes:
        built_at: when they were last begun anew; None where nothing was read yet.
        why: why they were: "new", "asked for", or what was found.
        caught_up: whether everything has been read that the topics held when that began: until then, lists are not whole.
        asked_at: when Kafka was last asked how much there is; an old one says that no follower is at work.
        topics: each.
    """

    built_at: datetime | None
    why: str
    caught_up: bool
    asked_at: datetime | None
    topics: list[TopicStanding]
