"""Where an import goes and what is said of it: lines, topics, progress, the guess, the summary."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, NamedTuple

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.errors import FAILED, CommandError
from cli.output import columns, print_error, print_line, printable
from cli.terminal import error_console
from importing.building.stream import Event, encode_line
from importing.presets.catalogue import presets
from importing.run import Import
from relationship.analysis.calibration import LEAST, firm_of
from relationship.analysis.findings import findings
from relationship.analysis.recording import Recording
from relationship.policy.compiled import load_policy
from streams.config.load import load_settings

#: Messages that a guess shows, and messages between two looks at the clock.
FIRST: Final = 5
STEP: Final = 5_000


class Output(NamedTuple):
    """Where the lines go: a file, the topics, nowhere, or stdout."""

    out: Path | None
    send: bool
    dry: bool

    def write(self, found: Import) -> Recording | None:
        """Take all messages to where they go; of those that go nowhere, return what a policy would see.

        A file is there whole or as it was before.
        """
        if self.dry:
            return _recorded(found)
        with building_progress(found) as lines:
            if self.send:
                self._send(lines)
            elif self.out is None:
                for line in lines:
                    sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            else:
                first = next(lines, None)  # a file with nothing in it is not written over another
                if first is not None:
                    with _whole_file(self.out) as sink:
                        sink.writelines(chain((first,), lines))
        return None

    def _send(self, lines: Iterator[bytes]) -> None:
        from actions.events import send_events  # noqa: PLC0415 - Kafka's client is slow to import

        def on_bad_line(number: int, text: str) -> None:
            print_error(printable(f"message {number}: {text}; left out"))

        count = asyncio.run(send_events(load_settings(), enumerate(lines, 1), on_bad_line, lambda _: None))
        print_error(f"{count.sent:,} events sent, {count.bad:,} bad lines")
        if count.bad:
            raise CommandError(
                "not all events were sent: import the file again, what is there already stays once", FAILED
            )


@contextmanager
def _whole_file(out: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes its name when it is whole; what is no plain file, such as a pipe, is written to as it is."""
    if out.exists() and not out.is_file():
        with out.open("wb") as sink:
            yield sink
        return
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    place = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            yield sink
        mask = os.umask(0)
        os.umask(mask)
        place.chmod(0o666 & ~mask)
        place.replace(out)
    finally:
        place.unlink(missing_ok=True)


@contextmanager
def reading_progress(files: Sequence[Path]) -> Iterator[Callable[[int], None]]:
    """Show how much of the files is read, on a terminal only."""
    with _progress("{task.description}") as progress:
        total = sum(file.stat().st_size for file in files)
        task = progress.add_task("reading", total=total or None)

        def on_read(size: int) -> None:
            progress.update(task, completed=size)
            if size >= total:
                progress.stop()

        yield on_read


@contextmanager
def building_progress(found: Import, write: Callable[[Event], bytes] = encode_line) -> Iterator[Iterator[bytes]]:
    """Give the messages as `write` has them, and show on a terminal how many there are and how long the rest takes."""
    with _progress("{task.description}") as progress:
        task = progress.add_task("importing", total=found.tally.rows)

        def lines() -> Iterator[bytes]:
            count = 0
            for count, event in enumerate(found.events(), 1):
                if count % STEP == 0:
                    progress.update(task, completed=min(count, found.tally.rows), description=f"{count:,} events")
                yield write(event)
            progress.update(task, completed=found.tally.rows, description=f"{count:,} events")

        yield lines()


def _recorded(found: Import) -> Recording:
    """Take all messages, and return what the policy that is set would see of them."""
    recording = Recording(load_policy(load_settings().policy_file))

    def see(event: Event) -> bytes:
        recording.see(event.message)
        return b""

    with building_progress(found, see) as lines:
        for _ in lines:
            pass
    return recording


def _progress(text: str) -> Progress:
    console = error_console()
    shown = TextColumn(text), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    return Progress(*shown, console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal)


def print_presets() -> None:
    """Print every preset with what it is for."""
    for line in columns(("preset", "files"), [(name, mapping.title) for name, mapping in presets().items()]):
        print_line(line)


def show_guess(found: Import) -> None:
    """Say which preset was taken and why, and show the first messages that it makes."""
    assert found.fit is not None  # noqa: S101 - the caller's condition
    name = found.mapping.name
    print_error(printable(f"taken as {name} ({found.mapping.title}), since {found.fit.why()}; --preset says otherwise"))
    for line in map(encode_line, islice(found.preview(), FIRST)):
        print_error(printable(line.decode().strip()))


def print_summary(found: Import, files: Sequence[Path], recording: Recording | None) -> None:
    """Print what was refused, what was done to cells, and what the rows came to; the last line sums up."""
    tally, name = found.tally, ", ".join(map(str, files))
    for line in found.refusals.lines():
        print_error(printable(line))
    if tally.left_out:
        print_error(f"{_many(tally.left_out, 'row')} left out by --where")
    if tally.rounded:
        print_error(f"rounded: {_many(tally.rounded, 'amount')}")
    if tally.turned:
        print_error(f"refunds: {_many(tally.turned, 'amount')} below zero")
    for moved, count in sorted(tally.moved.items()):
        what = "skipped, and is taken as an hour later" if moved == "skipped" else "repeated, and the first is taken"
        print_error(f"daylight saving: {_many(count, 'time')} in an hour that was {what}")
    if tally.repeats:
        print_error(f"repeats: {_many(tally.repeats, 'message')} came again, and stand once")
    if recording is not None:
        _print_dry(found, recording)
    rest = tally.rows - tally.messages.total()
    made = ", ".join(f"{count} {what}" for what, count in sorted(tally.messages.items()))
    if len(tally.messages) == 1 and rest >= 0 and len(found.mapping.queries) == 1:
        print_error(
            printable(f"{name}: {tally.messages.total()} of {tally.rows} rows became {next(iter(tally.messages))}")
        )
    elif tally.messages:
        told = f"; {found.refusals.rows} told above" if found.refusals.rows else ""
        print_error(printable(f"{name}: {tally.rows} rows became {made}{told}"))
    else:
        print_error(printable(f"{name}: none of {tally.rows} rows became a message"))


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _print_dry(found: Import, recording: Recording) -> None:
    tally = found.tally
    print_error(f"{tally.rows:,} rows, {len(tally.accounts or ()):,} accounts")
    if tally.first and tally.last:
        print_error(f"from {tally.first.isoformat()} to {tally.last.isoformat()}")
    for currency, sums in sorted(tally.sums.items()):
        net = sums["sale"] - sums["refund"]
        print_error(f"{currency}: {sums['sale']:,} sold, {sums['refund']:,} refunded, {net:,} net")
    for count, reason, column in found.refusals.counts():
        print_error(printable(f"refused: {count:,} in column {column}: {reason}"))
    touched = len(recording.in_touch())
    if touched < LEAST:
        print_error(f"what a policy could see is told of {LEAST} accounts in touch with people, and not of {touched}")
        return
    for sentence in findings(recording, firm_of(recording), recording.policy):
        print_error(printable(f"a policy would see: {sentence}"))
