"""The backtests that were asked for: one at a time, each by whom, how far it is, and what came of it.

They are kept while the console runs, the last `MOST` of them; a policy's text that was checked is kept with who checked it.
"""

import asyncio
import multiprocessing
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from console.jobs.work import Failed, Result, Told, work
from streams.config.settings import Settings

MOST: Final = 20  # texts with what came of them
#: A fork would have the console's threads and connections; a new interpreter has none of them.
_processes: Final = multiprocessing.get_context("spawn")


class BusyError(Exception):
    """Another backtest runs. The text is one line that says what to do."""


@dataclass
class Draft:
    """A policy's text that somebody brought.

    Attributes:
        number: its name in addresses.
        text, id, version: the policy.
        checked_by, checked_at: who had it checked last, and when.
        asked_by, asked_at: who had it backtested last; None where nobody did.
        against: the version that it was held against.
        told: how far that is; `result` what came of it.
    """

    number: str
    text: str
    id: str
    version: str
    checked_by: str
    checked_at: datetime
    asked_by: str | None = None
    asked_at: datetime | None = None
    against: str = ""
    told: Told = field(default_factory=lambda: Told("waiting", 0, 0))
    result: Result | Failed | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether it is being backtested."""
        return self.asked_by is not None and self.result is None


class Backtests:
    """All of them. `clock` is the wall's, in seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._drafts: OrderedDict[str, Draft] = OrderedDict()
        self._running: tuple[Draft, SpawnProcess, asyncio.Task[None]] | None = None

    def drafts(self) -> list[Draft]:
        """Return the texts, the newest last."""
        return list(self._drafts.values())

    def find(self, number: str) -> Draft | None:
        """Return a text by its number."""
        return self._drafts.get(number)

    def checked(self, text: str, policy_id: str, version: str, by: str) -> Draft:
        """Note that somebody had a text checked which is a policy."""
        number = sha256(text.encode()).hexdigest()[:16]
        draft = self._drafts.pop(number, None) or Draft(number, text, policy_id, version, by, self._now())
        draft.checked_by, draft.checked_at = by, self._now()
        self._drafts[number] = draft
        for old in [each for each in self._drafts.values() if not each.is_running][: max(0, len(self._drafts) - MOST)]:
            del self._drafts[old.number]
        return draft

    def begin(self, draft: Draft, against: tuple[str, str], by: str) -> None:
        """Begin a text's backtest against a policy (version, text). Raises BusyError while another runs."""
        if self._running is not None:
            other = self._running[0]
            raise BusyError(f"{other.version} is being backtested for {other.asked_by}: wait for it, or stop it")
        draft.asked_by, draft.asked_at, draft.against = by, self._now(), against[0]
        draft.told, draft.result = Told("starting", 0, 0), None
        here, there = _processes.Pipe(duplex=False)
        process = _processes.Process(
            target=work, args=(there, self._settings, (against[1], draft.text)), daemon=True, name="backtest"
        )
        process.start()
        there.close()
        self._running = draft, process, asyncio.create_task(self._follow(draft, process, here))

    def stop(self, draft: Draft, by: str) -> None:
        """End a text's backtest, if it runs."""
        if self._running is not None and self._running[0] is draft:
            draft.result = Failed(f"stopped by {by}")
            self._running[1].kill()

    async def close(self) -> None:
        """End what runs."""
        if self._running is not None:
            _, process, task = self._running
            process.kill()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, draft: Draft, process: SpawnProcess, told: Connection) -> None:
        """Take what the process tells until it has ended."""
        try:
            while (found := await asyncio.to_thread(_received, told)) is not None:
                if isinstance(found, Told):
                    draft.told = found
                elif draft.result is None:
                    draft.result = found
            await asyncio.to_thread(process.join)
            if draft.result is None:
                draft.result = Failed(f"its process ended with {process.exitcode}: there may be too little memory")
        finally:
            told.close()
            self._running = None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _received(told: Connection) -> Any:
    """Return what the process tells next; None when it tells nothing any more."""
    try:
        return told.recv()
    except (EOFError, OSError):
        return None
