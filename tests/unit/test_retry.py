"""How a call is repeated until it passes. No test waits: asyncio's sleep is put by one that notes the seconds asked for."""

import asyncio

import pytest

from streams.retry import FIRST_SECONDS, LONGEST_SECONDS, until_it_passes

TRIES = 12  # enough that doubling from the first delay passes the longest


class AwayError(Exception):
    """A failure that may pass."""


class Server:
    """Fails so many times with an error, and answers then."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.left = failures
        self.calls = 0
        self.error = error or AwayError("not there")

    async def ask(self) -> str:
        """Return the answer, or fail."""
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "answer"


class Heard:
    """Notes what it is told of failures."""

    def __init__(self) -> None:
        self.failures: list[tuple[BaseException, int]] = []

    def __call__(self, failure: BaseException, tries: int) -> None:
        """Note it."""
        self.failures.append((failure, tries))

    @property
    def counts(self) -> list[int]:
        """The tries told of, in order."""
        return [tries for _, tries in self.failures]


def is_away(failure: BaseException) -> bool:
    """Tell whether a failure is the passing one."""
    return isinstance(failure, AwayError)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of every sleep asked for, none of which is slept; other tasks get their turn."""
    noted: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        noted.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return noted


async def test_a_call_that_passes_is_made_once_and_waits_for_nothing(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try is the call itself: nothing is slept, nobody hears of anything, and no machinery is built."""

    def built(**_: object) -> None:
        raise AssertionError("machinery for a call that passes")

    monkeypatch.setattr("streams.retry.AsyncRetrying", built)
    server, heard = Server(0), Heard()
    assert await until_it_passes(server.ask, is_away, heard) == "answer"
    assert (server.calls, slept, heard.failures) == (1, [], [])


@pytest.mark.parametrize("failures", [1, 2, 5])
async def test_a_passing_failure_is_repeated_and_heard_with_its_count(slept: list[float], failures: int) -> None:
    """Each failure is told once, numbered from 1, then slept on, and the answer of the first try that passes is returned."""
    server, heard = Server(failures), Heard()
    assert await until_it_passes(server.ask, is_away, heard) == "answer"
    assert server.calls == failures + 1
    assert heard.counts == list(range(1, failures + 1))
    assert all(failure is server.error for failure, _ in heard.failures)
    assert len(slept) == failures


async def test_the_delays_grow_from_the_first_to_the_longest_and_stay_there(slept: list[float]) -> None:
    """Each delay is the one before doubled, with at most FIRST_SECONDS of jitter, and none is over LONGEST_SECONDS."""
    await until_it_passes(Server(TRIES).ask, is_away, Heard())
    assert slept[0] == FIRST_SECONDS
    for number, seconds in enumerate(slept[1:]):
        least = min(FIRST_SECONDS * 2**number, LONGEST_SECONDS)
        assert least <= seconds <= min(least + FIRST_SECONDS, LONGEST_SECONDS), number
    assert slept[1:] == sorted(slept[1:])
    assert slept[-1] == LONGEST_SECONDS


async def test_two_that_wait_are_not_in_step(slept: list[float]) -> None:
    """The jitter makes the delays of two that repeat differ, so that a group of workers does not ask at once."""
    for _ in range(2):
        await until_it_passes(Server(4).ask, is_away, Heard())
    assert slept[1:4] != slept[5:8]


async def test_what_is_not_passing_is_raised_at_once(slept: list[float]) -> None:
    """A mistake of ours is raised from the first try, without a wait and without a word to whoever counts failures."""
    server, heard = Server(1, ValueError("a mistake")), Heard()
    with pytest.raises(ValueError, match="a mistake") as raised:
        await until_it_passes(server.ask, is_away, heard)
    assert raised.value is server.error
    assert (server.calls, slept, heard.failures) == (1, [], [])


async def test_what_is_not_passing_is_raised_in_the_midst_of_repeats(slept: list[float]) -> None:
    """A later try that fails for good ends the repeats with its own error, not wrapped, and is not told as one to repeat."""
    wrong = ValueError("a mistake")
    errors: list[Exception] = [AwayError("1"), AwayError("2"), wrong]
    heard = Heard()

    async def ask() -> str:
        raise errors.pop(0)

    with pytest.raises(ValueError, match="a mistake") as raised:
        await until_it_passes(ask, is_away, heard)
    assert raised.value is wrong
    assert (heard.counts, len(slept), errors) == ([1, 2], 2, [])


@pytest.mark.parametrize("failures", [1, 3])
async def test_cancelling_ends_the_wait(monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
    """A task cancelled while it waits, for the second try or for a later one, ends there and makes no more calls."""
    waits = 0
    is_waiting = asyncio.Event()
    for_ever = asyncio.Event()

    async def sleep(seconds: float) -> None:  # noqa: ARG001 - asyncio's signature
        nonlocal waits
        waits += 1
        if waits == failures:
            is_waiting.set()
            await for_ever.wait()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    server, heard = Server(100), Heard()
    task = asyncio.ensure_future(until_it_passes(server.ask, is_away, heard))
    await is_waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (server.calls, waits, heard.counts) == (failures, failures, list(range(1, failures + 1)))


async def test_cancelling_a_call_is_never_repeated(slept: list[float]) -> None:
    """Cancelled in the midst of the call, even with everything counted as passing, it ends: no repeat, nobody hears."""
    heard = Heard()
    has_begun = asyncio.Event()

    async def ask() -> str:
        has_begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    task = asyncio.ensure_future(until_it_passes(ask, lambda _: True, heard))
    await has_begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (slept, heard.failures) == ([], [])
