"""Replay: the same fold without a broker. Messages in, in the order given; decisions and states out.

What the core sends to another account (a referral's credit, a merge) is folded right after the message that caused it, as it
would arrive on the worker's own topic. An account's time moves with its own events only; `run_until` moves that of all.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from relationship.classify.transitions import read
from relationship.contract import messages as m
from relationship.contract.decisions import State
from relationship.contract.outcome import Delivered, Fold, Outcome, Outgoing, Refused
from relationship.policy.schedule import Rules
from relationship.state.record import decode
from relationship.timeline.state_message import state_of

_OWN: Final = {topic: m.decoder_for(topic) for topic in (m.REFERRALS, m.MOVES)}


class Replay:
    """Accounts in memory, folded by `core`.

    Attributes:
        records: the encoded record of each account.
        offsets: the next offset of each topic.
    """

    def __init__(self, core: Fold) -> None:
        self.core = core
        self.records: dict[str, bytes] = {}
        self.offsets: dict[str, int] = {}

    def fold(self, topic: str, message: m.Message, decided_at: int) -> tuple[Refused | None, list[Outgoing]]:
        """Fold one message. Returns its refusal or None, and the messages sent, in order. Raises RecordError."""
        offset = self.offsets.get(topic, 0)
        self.offsets[topic] = offset + 1
        account = message.account_id
        outcome = self.core.step(account, self.records.get(account), [Delivered(topic, offset, message)], decided_at)
        self._store(account, outcome)
        verdict = outcome.verdicts[0]
        sends = list(outcome.sends)
        for sent in outcome.sends:
            if sent.topic in _OWN and sent.value is not None:
                sends += self.fold(sent.topic, _OWN[sent.topic].decode(sent.value), decided_at)[1]
        return (verdict if isinstance(verdict, Refused) else None), sends

    def _store(self, account: str, outcome: Outcome) -> None:
        if outcome.record is None:
            self.records.pop(account, None)
        else:
            self.records[account] = outcome.record

    def run_until(self, now: int, decided_at: int) -> Iterator[Outgoing]:
        """Run every account's timers up to `now` (µs since the epoch), and yield the messages sent, account by account."""
        for _, sends in self.ends(now, decided_at):
            yield from sends

    def ends(self, now: int, decided_at: int) -> Iterator[tuple[str, Sequence[Outgoing]]]:
        """Run every account's timers as `run_until` does, and yield each account with the messages sent."""
        for account in sorted(self.records):
            outcome = self.core.run_timers(account, self.records[account], now, decided_at)
            self._store(account, outcome)
            yield account, outcome.sends

    def states(self, rules: Rules) -> Iterator[State]:
        """Yield the state of every account that is not merged into another, by id."""
        for account in sorted(self.records):
            record = decode(self.records[account])
            if record.merged_into is None:
                policy = rules.at(record.head.t)
                yield state_of(account, record, read(record.head, policy).score, policy)


def run(core: Fold, messages: Iterable[tuple[str, m.Message]], decided_at: int) -> tuple[Replay, list[Outgoing]]:
    """Fold messages, each with its topic; return the replay and all messages sent."""
    replay = Replay(core)
    sent: list[Outgoing] = []
    for topic, message in messages:
        sent += replay.fold(topic, message, decided_at)[1]
    return replay, sent
