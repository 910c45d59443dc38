"""The product's worker with a fold that counts and sums: the engine alone, with as little core as there can be.

Answers markers, or with BENCH_ANSWER=all every event, through the outbox like any decision.
"""

import os
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from agents.worker import run_worker
from benchmarks.events import ANSWERS, MARKER
from relationship.contract.messages import Purchase
from relationship.contract.outcome import Applied, Delivered, Outcome, Outgoing, Repeat, Verdict
from streams.config.load import load_settings

WHEN: Final = "2026-01-01T00:00:00Z"
APPLIED: Final = Applied()
REPEAT: Final = Repeat()


class Total(msgspec.Struct, array_like=True):
    """An account's record: its revision, the last offset that it reflects, how many purchases, and their exact sum."""

    revision: int = 0
    offset: int = -1
    count: int = 0
    sum: str = "0"


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Total).decode


class CountAndSum:
    """Counts purchases and sums their amounts."""

    def __init__(self, *, answers_all: bool) -> None:
        self._answers_all = answers_all

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:  # noqa: ARG002 - the protocol's
        """Count messages."""
        total = decode(record) if record else Total()
        verdicts: list[Verdict] = []
        sends: list[Outgoing] = []
        amount, before = Decimal(total.sum), total.count
        answers = self._answers_all or account_id.startswith(MARKER)
        for each in delivered:
            offset, message = each.offset, each.message
            if offset <= total.offset or not isinstance(message, Purchase):
                verdicts.append(REPEAT)
                continue
            verdicts.append(APPLIED)
            total.offset = offset
            total.count += 1
            amount += Decimal(message.amount)
            if answers:
                sends.append(Outgoing(ANSWERS, account_id, answer(message.event_id), message.event_id, WHEN))
        total.sum = str(amount)
        total.revision += 1
        return Outcome(encode(total), total.count != before, verdicts, sends, None)

    def run_timers(self, account_id: str, record: bytes, until: int, decided_at: int) -> Outcome:  # noqa: ARG002 - the protocol's
        """Change nothing: a count has no timers."""
        return Outcome(record, changed=False, verdicts=(), sends=(), due_at=None)

    def reflects(self, record: bytes) -> dict[str, int]:  # noqa: ARG002 - the protocol's
        """Return nothing: no account is erased here."""
        return {}

    def newer(self, old: bytes, new: bytes) -> bool:
        """Tell whether a record has the higher revision."""
        return decode(new).revision > decode(old).revision

    def latest(self, account_id: str, record: bytes | None, decided_at: int) -> Sequence[Outgoing]:  # noqa: ARG002 - the protocol's
        """Return nothing: an answer that was sent before the crash has been seen."""
        return ()


def answer(event_id: str) -> bytes:
    """Return an answer as every program gives it; the fields are those that the worker's metrics look at."""
    return msgspec.json.encode({"event_id": event_id, "direction": "promotion", "to": "customer"})


if __name__ == "__main__":
    raise SystemExit(run_worker(load_settings(), fold=CountAndSum(answers_all=os.environ.get("BENCH_ANSWER") == "all")))
