"""For the tests of a subscriber: a stream of decisions from a file, with neither Kafka nor a worker.

    async with decisions_from("decisions.jsonl", repeats=True) as decisions:
        await handlers.run(decisions)

A file of decisions is what `clientward replay STORY.jsonl` prints. `decisions_of_story` runs that command for you, where
Clientward is installed.
"""

import shutil
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from clientward_client.decoding import decode_decision
from clientward_client.errors import WrongUseError
from clientward_client.messages import Decision, Gone
from clientward_client.settling import net_change


class FakeSubscription:
    """Stands in for what `subscribe` returns, over messages that are given; it ends with the last one.

    Attributes:
        handled: the messages that were handled, in order, repeats included.
    """

    def __init__(self, messages: Iterable[Decision | Gone], *, repeats: bool = False, settled: bool = False) -> None:
        given = [*messages]
        if settled:
            given = [*_settled(given)]
        self._messages = [each for each in given for _ in range(2 if repeats else 1)]
        self._is_stopped = False
        self.handled: list[Decision | Gone] = []

    def __aiter__(self) -> AsyncIterator[Decision | Gone]:
        return self._run()

    async def _run(self) -> AsyncGenerator[Decision | Gone, None]:
        while self._messages and not self._is_stopped:
            yield self._messages[0]
            self.handled.append(self._messages.pop(0))

    async def batches(self, most: int) -> AsyncGenerator[list[Decision | Gone], None]:
        """Give them by lists, as a subscription's `batches` does."""
        while (batch := self._messages[:most]) and not self._is_stopped:
            yield batch
            self.handled += batch
            del self._messages[: len(batch)]

    def stop(self) -> None:
        """End the iteration once what is in hand is handled."""
        self._is_stopped = True

    def stop_on_signals(self) -> Self:
        """Do nothing: a test sends no signals."""
        return self

    async def commit(self) -> None:
        """Do nothing: what is in hand counts as handled when the next is asked for."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def read_decisions(lines: Iterable[bytes | str], where: str = "line") -> list[Decision]:
    """Return the decisions of JSON lines. Raises UnreadableError, which names the line."""
    texts = ((number, line.encode() if isinstance(line, str) else line) for number, line in enumerate(lines, start=1))
    return [decode_decision(line, f"{where} {number}") for number, line in texts if line.strip()]


def decisions_from(file: str | Path, *, repeats: bool = False, settled: bool = False) -> FakeSubscription:
    """Return a stream of the decisions of a file.

    Args:
        file: one decision a line.
        repeats: give each twice, as a crash would: a handler that is right does its work once.
        settled: give of each account its net change only, as `settle` would if all came within it.

    Raises:
        UnreadableError: a line is no decision.
    """
    with Path(file).open("rb") as lines:
        return FakeSubscription(read_decisions(lines, f"{file} line"), repeats=repeats, settled=settled)


def decisions_of_story(
    story: str | Path, *arguments: str, repeats: bool = False, settled: bool = False, command: Sequence[str] = ()
) -> FakeSubscription:
    """Return a stream of what `clientward replay STORY` decides; `arguments` are more of its own, such as `--until`.

    Raises:
        WrongUseError: Clientward is not installed here, or refuses the story.
    """
    program = [*command] or [shutil.which("clientward") or ""]
    if not program[0]:
        raise WrongUseError("`clientward` is not installed here: replay the story where it is, and use decisions_from")
    done = subprocess.run(  # noqa: S603 - the program is Clientward's own
        [*program, "replay", str(story), *arguments], capture_output=True, check=False
    )
    if done.returncode:
        raise WrongUseError(f"{story}: clientward replay ends with {done.returncode}: {done.stderr.decode().strip()}")
    return FakeSubscription(read_decisions(done.stdout.splitlines()), repeats=repeats, settled=settled)


def _settled(messages: Sequence[Decision | Gone]) -> Iterable[Decision | Gone]:
    by_account: dict[str, list[Decision]] = {}
    for each in messages:
        if isinstance(each, Gone):
            by_account.pop(each.account_id, None)
        else:
            by_account.setdefault(each.account_id, []).append(each)
    nets = {account: net_change(decisions) for account, decisions in by_account.items()}
    yield from (each for each in messages if isinstance(each, Gone))
    yield from (net for net in nets.values() if net is not None)
