"""What the other process runs: a policy's backtest against the one in force.

It tells how far it is, and in the end what came of it. It has lower priority than the console, and dies with it.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Final

from msgspec import Struct

from relationship.analysis.backtest import Otherwise
from relationship.contract.messages import Message
from relationship.policy.compiled import parse_policy
from streams.config.settings import Settings
from views.offline.backtest import Backtest
from views.policies.kept import MOST, KeptHistory, kept_history

NICE: Final = 10
SAMPLES: Final = 30  # accounts that are told by name: the dearest mistakes
STEP: Final = 500  # messages between two words on how far it is


class Told(Struct, frozen=True):
    """How far it is: what is being done, and how much of it."""

    doing: str
    done: int
    total: int


class Result(Struct, frozen=True):
    """What came of it.

    Attributes:
        accounts: how many were folded and stand for themselves in the end.
        otherwise: how many of them the two policies class differently for a time.
        now: accounts that stand otherwise in the end, by the status of each policy.
        if_a, if_b: what B's mistakes cost should the policy in force be right, and A's should the draft be.
        samples: the dearest, each account's spans.
        records: how many records the history had, `refused` of them by reason.
        one_in: of so many accounts one was taken.
    """

    accounts: int
    otherwise: int
    now: dict[tuple[str, str], int]
    if_a: float
    if_b: float
    samples: list[Otherwise]
    records: int
    refused: dict[str, int]
    one_in: int


class Failed(Struct, frozen=True):
    """Why nothing came of it, in one line."""

    text: str


def work(told: Connection, settings: Settings, texts: tuple[str, str], most: int = MOST) -> None:
    """Run a backtest of two policies' texts, and send what is told and what came of it. For a process of its own."""
    os.nice(NICE)
    try:
        told.send(_result(told, settings, texts, most))
    except Exception as error:  # noqa: BLE001 - the other process shows it; nothing else would
        told.send(Failed(str(error).partition("\n")[0] or type(error).__name__))
    finally:
        told.close()


def _result(told: Connection, settings: Settings, texts: tuple[str, str], most: int) -> Result:
    a, b = (parse_policy(text, name) for text, name in zip(texts, ("the policy in force", "the text"), strict=True))
    history = asyncio.run(
        kept_history(settings, lambda done, total: told.send(Told("reading the history", done, total)), most)
    )
    run, followed = Backtest(a, b, settings), _Followed(history, told)
    run.fold(followed, None)
    told.send(Told("comparing", history.records, history.records))
    found = list(run.otherwise())
    dearest = sorted(found, key=lambda each: -max(each.if_a, each.if_b))[:SAMPLES]
    ends = Counter((each.span.a, each.span.b) for each in found if each.span.until >= run.until)
    return Result(
        accounts=len(run.known),
        otherwise=len({each.account_id for each in found}),
        now=dict(ends.most_common()),
        if_a=sum(each.if_a for each in found),
        if_b=sum(each.if_b for each in found),
        samples=dearest,
        records=history.records,
        refused=dict(history.refused.most_common()),
        one_in=history.one_in,
    )


class _Followed:
    """A history that tells how far it is read."""

    def __init__(self, history: KeptHistory, told: Connection) -> None:
        self._history, self._told = history, told

    @property
    def newest(self) -> int:
        return self._history.newest

    def messages(self) -> Iterator[tuple[int, str, Message]]:
        for number, topic, message in self._history.messages():
            if number % STEP == 0:
                self._told.send(Told("folding it twice", number, self._history.records))
            yield number, topic, message

    def refuse(self, number: int, why: str) -> None:
        self._history.refuse(number, why)
