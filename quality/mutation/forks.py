"""Work done in forked processes, some at a time, each of which leaves nothing behind but its answer."""

import os
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import connection, get_context
from typing import Any, Final, Generic, NamedTuple, TypeVar

J = TypeVar("J")
R = TypeVar("R")

_fork: Final = get_context("fork")


class Answer(NamedTuple, Generic[J, R]):
    """What became of a job: what the work on it returned, or None, and why there is nothing."""

    job: J
    answer: R | None
    error: str


def each(jobs: Iterable[J], work: Callable[[J], R], at_a_time: int) -> Iterator[Answer[J, R]]:
    """Yield each job with what the work on it returned, in the order in which they end; None where its process died."""
    waiting, running = list(jobs)[::-1], dict[Any, tuple[Any, J]]()
    while waiting or running:
        while waiting and len(running) < at_a_time:
            job = waiting.pop()
            pipe, theirs = _fork.Pipe(duplex=False)
            process = _fork.Process(target=_answer, args=(theirs, work, job))
            process.start()
            theirs.close()
            running[pipe] = process, job
        for ready in connection.wait([*running]):
            ours: Any = ready
            process, job = running.pop(ours)
            try:
                answer, error = ours.recv()
            except EOFError:
                answer, error = None, "its process ended without an answer"
            ours.close()
            process.join()
            yield Answer(job, answer, error)


def in_child(call: Callable[[], R]) -> R:
    """Return what a call returns in a process of its own. Raises RuntimeError where that ends without an answer."""
    ((_, answer, error),) = each([None], lambda _: call(), 1)
    if answer is None:
        raise RuntimeError(error)
    return answer


def _answer(to: Any, work: Callable[[J], R], job: J) -> None:
    """Work, silently, and send the answer; nothing runs at the end that belongs to the process forked from."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        to.send((work(job), ""))
    except Exception as error:  # noqa: BLE001 - it is told on the other side
        to.send((None, str(error) or repr(error)))
    os._exit(0)
