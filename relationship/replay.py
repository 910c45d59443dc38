"""Replay: the same fold without a broker. Messages in the order given, decisions and states out.

What the core sends to another account (a referral's credit, a merge) is folded right behind the message that sent it, as the
worker's own topic would bring it. An account's time moves with its own events only; `run_until` moves everybody's.
"""

from collections.abc import Iterable, Iterator
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
    """Accounts in memory, folded by `core`. `sent` grows by everything the core would publish, in order."""

    def __init__(self, core: Fold) -> None:
        self.core = core
        self.records: dict[str, bytes] = {}
        self.offsets: dict[str, int] = {}

    def take(self, topic: str, message: m.Message, decided_at: int) -> tuple[Refused | None, list[Outgoing]]:
        """Fold one message. Returns its refusal, if it is refused, and what is sent. Raises RecordError."""
        offset = self.offsets.get(topic, 0)
        self.offsets[topic] = offset + 1
        account = message.account_id
        outcome = self.core.step(account, self.records.get(account), [Delivered(topic, offset, message)], decided_at)
        self._store(account, outcome)
        verdict = outcome.verdicts[0]
        sends = list(outcome.sends)
        for sent in outcome.sends:
            if sent.topic in _OWN and sent.value is not None:
                sends += self.take(sent.topic, _OWN[sent.topic].decode(sent.value), decided_at)[1]
        return (verdict if isinstance(verdict, Refused) else None), sends

    def _store(self, account: str, outcome: Outcome) -> None:
        if outcome.record is None:
            self.records.pop(account, None)
        else:
            self.records[account] = outcome.record

    def run_until(self, now: int, decided_at: int) -> Iterator[Outgoing]:
        """Let every account's timers run up to `now` (µs since the epoch), and yield what is sent, account by account."""
        for account in sorted(self.records):
            outcome = self.core.wake(account, self.records[account], now, decided_at)
            self._store(account, outcome)
            yield from outcome.sends

    def states(self, rules: Rules) -> Iterator[State]:
        """Yield the state of every account that stands for itself, by id."""
        for account in sorted(self.records):
            record = decode(self.records[account])
            if record.merged_into is None:
                policy = rules.at(record.head.t)
                yield state_of(account, record, read(record.head, policy).score, policy)


def run(core: Fold, messages: Iterable[tuple[str, m.Message]], decided_at: int) -> tuple[Replay, list[Outgoing]]:
    """Fold messages, each with its topic, and return the replay with everything that was sent."""
    replay = Replay(core)
    sent: list[Outgoing] = []
    for topic, message in messages:
        sent += replay.take(topic, message, decided_at)[1]
    return replay, sent
