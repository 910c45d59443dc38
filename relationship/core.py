"""The core as the engine and `replay` call it: one account's record and some messages in, an outcome out.

Messages are taken one by one, in the order given, so how they were cut into batches changes nothing. A message at or
below the offset that the record reflects was folded before and is recognised as a repeat.
"""

from collections.abc import Sequence
from typing import Final

from relationship.contract import times
from relationship.contract.decisions import State, to_json
from relationship.contract.outcome import Delivered, Outcome, Outgoing
from relationship.policy.schedule import Rules
from relationship.state.record import AccountRecord, RecordError, decode, newer
from relationship.timeline.account_step import AccountStep
from relationship.timeline.history import KEPT, MOST_KEPT, HistoryLimits
from relationship.timeline.posting import LEFT_OUT, unpack
from relationship.timeline.published import PublishedPolicies
from relationship.timeline.shadow import Shadow
from relationship.timeline.state_message import state_of

LATENESS_DAYS: Final = 30  # how much older than its account's newest event an event may be, and still be folded


class Core:
    """Folds messages into accounts by the rules in force. What it knows of an account is in the account's record.

    Attributes:
        rules: one policy, or a schedule of several. May be replaced between two steps by a schedule with more switches.
        shadow: a second policy that only tells where it differs. May come and go between two steps.
        limits: how much of a history stays open to change: the lateness allowed, and how many facts are kept.
    """

    def __init__(
        self, rules: Rules, lateness_days: float = LATENESS_DAYS, *, kept: int = KEPT, most_kept: int = MOST_KEPT
    ) -> None:
        self.rules = rules
        self.shadow: Shadow | None = None
        self.limits = HistoryLimits(int(lateness_days * times.DAY_US), kept, most_kept)

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Fold messages into an account; see `relationship.contract.outcome.Fold`. Raises RecordError for foreign bytes."""
        case = self._case(account_id, record, decided_at)
        return case.close([case.take(message) for message in delivered])

    def wake(self, account_id: str, record: bytes, now: int, decided_at: int) -> Outcome:
        """Let the account's timers run up to event time `now` (µs). Raises RecordError."""
        case = self._case(account_id, record, decided_at)
        case.wake(now)
        return case.close([])

    def follow(self, published: PublishedPolicies) -> None:
        """Decide by the policies published, from the next step on."""
        self.rules, self.shadow = published.rules, published.shadow

    def newer(self, old: bytes, new: bytes) -> bool:
        """Tell whether a record may replace another: by its revision."""
        return newer(old, new)

    def pending(self, account_id: str, record: bytes) -> Sequence[Outgoing]:
        """Return what the record's latest step sent. Raises RecordError."""
        found = decode(record)
        return [
            sent._replace(value=to_json(self._state(account_id, found))) if sent.value == LEFT_OUT else sent
            for sent in unpack(found.pending)
        ]

    def _state(self, account_id: str, record: AccountRecord) -> State:
        """Return the state that the record's latest step told: it noted the score, and the rest is the head's."""
        if record.shown is None:
            raise RecordError("an account record that left a state out has none shown")
        return state_of(account_id, record, record.shown.score, self.rules.at(record.head.t))

    def _case(self, account_id: str, record: bytes | None, decided_at: int) -> AccountStep:
        found = decode(record) if record else None
        return AccountStep(self.rules, self.limits, account_id, found, decided_at, self.shadow)
