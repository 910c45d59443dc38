"""A replay by several processes, each of which folds the accounts of its shard.

The lines are read and ordered once, into a file; the processes are forked, take from it what is theirs, and write what they
say into files of their own. Put together by place and by account, that is what one process would have said, byte for byte
but for the moments of deciding. It is said when all have ended, and not before.
"""

import heapq
import multiprocessing
import pickle
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import IO, Any, Final

from relationship.analysis.recording import Recording
from streams.wire.lines import Line, parse_line, policy_of_line
from views.offline.replaying import LINES_A_WORD, Asked, Fold, Numbered, OnProgress, Said
from views.offline.shards import Groups

# Seconds between two looks at how far the processes are.
LOOK_SECONDS: Final = 0.2
#: The shard of lines that no account has; and what stands for the accounts of all shards, of a policy published.
FIRST: Final = 0
ALL: Final = None

_fork: Final = multiprocessing.get_context("fork")


class ShardedFold:
    """A replay by `jobs` processes; `folder` is empty, and for its files alone."""

    def __init__(self, asked: Asked, jobs: int, folder: Path) -> None:
        self._asked = asked
        self._jobs = jobs
        self._folder = folder
        self._recording: Recording | None = None

    @property
    def recording(self) -> Recording | None:
        """What was recorded of the firm, in the order in which one process would have seen the accounts."""
        return self._recording

    def lines(self, lines: Iterable[Numbered], on_progress: OnProgress) -> Iterator[Said]:
        """Fold lines; see `Replaying`. Raises what a process has raised."""
        groups, total = self._spool(lines, on_progress)
        self._fold(groups, total, on_progress)
        self._recording = self._recorded()
        last = -1
        for said in self._merged("lines", "place"):
            if said.refused is not None and said.refused[0] == last:
                continue  # a policy's line, which every shard has seen
            last = said.refused[0] if said.refused is not None else last
            yield said

    def ends(self) -> Iterator[Said]:
        """Yield what the timers decide; see `Replaying`."""
        return self._merged("ends", "account")

    def states(self) -> Iterator[Said]:
        """Yield the states; see `Replaying`."""
        return self._merged("states", "account")

    def _spool(self, lines: Iterable[Numbered], on_progress: OnProgress) -> tuple[Groups, int]:
        """Write the lines down, each with its account, and return the groups of accounts and how many lines there are."""
        groups, total = Groups(), 0
        with self._file("spool").open("wb") as file:
            for total, (number, text) in enumerate(lines, 1):
                line = parse_line(text)
                if isinstance(line, Line):
                    groups.note(line)
                    account: bytes | None = line.key
                else:
                    account = ALL if policy_of_line(text) is not None else b""
                pickle.dump((number, text, account), file, pickle.HIGHEST_PROTOCOL)
                if total % LINES_A_WORD == 0:
                    on_progress(0, None)
        return groups, total

    def _fold(self, groups: Groups, total: int, on_progress: OnProgress) -> None:
        """Run the processes to their ends. Raises what one of them has raised."""
        counts = _fork.Array("Q", self._jobs, lock=False)
        started = [
            _fork.Process(target=self._shard, args=(shard, groups, counts), daemon=True) for shard in range(self._jobs)
        ]
        for process in started:
            process.start()
        try:
            for process in started:
                while process.exitcode is None:
                    process.join(LOOK_SECONDS)
                    on_progress(sum(counts), total)
        finally:
            for process in started:
                process.kill()
                process.join()
        for shard, process in enumerate(started):
            if process.exitcode:
                raise self._error_of(shard, process.exitcode)

    def _error_of(self, shard: int, code: int) -> BaseException:
        try:
            with self._file("error", shard).open("rb") as file:
                error: BaseException = pickle.load(file)  # noqa: S301 - our own child's
        except (OSError, EOFError, pickle.UnpicklingError):
            return RuntimeError(f"a process of the replay ended with code {code}; --jobs 1 needs no other")
        return error

    def _shard(self, shard: int, groups: Groups, counts: Any) -> None:
        """Fold a shard: what a forked process does. It leaves the terminal's interruption to the one that forked it."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._write(shard, groups, counts)
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever forked
            with self._file("error", shard).open("wb") as file:
                pickle.dump(error, file)
            raise SystemExit(1) from None

    def _write(self, shard: int, groups: Groups, counts: Any) -> None:
        folding = Fold(self._asked)

        def heard(done: int, _: int | None) -> None:
            counts[shard] = done

        parts: dict[str, Callable[[], Iterator[Said]]] = {
            "lines": lambda: folding.placed(self._own(shard, groups), heard),
            "ends": folding.ends,
            "states": folding.states,
        }
        for name, say in parts.items():
            with self._file(name, shard).open("wb") as file:
                for said in say():
                    pickle.dump(said, file, pickle.HIGHEST_PROTOCOL)
        recording = folding.recording
        if recording is not None:
            seen = [*zip(folding.first_seen, recording.accounts.items(), strict=True)]
            counted = recording.messages, recording.filled, recording.kinds, recording.contacts
            with self._file("recording", shard).open("wb") as file:
                pickle.dump((counted, seen), file, pickle.HIGHEST_PROTOCOL)

    def _own(self, shard: int, groups: Groups) -> Iterator[tuple[int, Numbered]]:
        """Yield the lines of a shard, with their places."""
        with self._file("spool").open("rb") as file:
            for place, (number, text, account) in enumerate(_pickled(file), 1):
                if account is ALL or (groups.shard(account, self._jobs) if account else FIRST) == shard:
                    yield place, (number, text)

    def _recorded(self) -> Recording | None:
        """Return the recordings of all shards as one."""
        if self._asked.rules.source.firm:
            return None
        whole, seen = Recording(self._asked.rules), []
        for shard in range(self._jobs):
            with self._file("recording", shard).open("rb") as file:
                counted, accounts = pickle.load(file)  # noqa: S301 - our own child's
            totals: list[Counter[Any]] = [whole.messages, whole.filled, whole.kinds, whole.contacts]
            for total, part in zip(totals, counted, strict=True):
                total.update(part)
            seen.append(accounts)
        whole.accounts.update(item for _, item in heapq.merge(*seen, key=itemgetter(0)))
        return whole

    def _merged(self, name: str, by: str) -> Iterator[Said]:
        with ExitStack() as opened:
            files = [opened.enter_context(self._file(name, shard).open("rb")) for shard in range(self._jobs)]
            yield from heapq.merge(*map(_pickled, files), key=attrgetter(by))

    def _file(self, name: str, shard: int = FIRST) -> Path:
        return self._folder / f"{name}-{shard}"


def _pickled(file: IO[bytes]) -> Iterator[Any]:
    """Yield what was written into a file, one after the other."""
    while True:
        try:
            yield pickle.load(file)  # noqa: S301 - written by this program a moment ago
        except EOFError:
            return
