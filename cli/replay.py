"""`clientward replay`: fold a file of events through the same code as the worker, with no broker."""

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, NamedTuple

import typer

from cli.lines import BadLine, parse_line
from cli.mistakes import DONE, FAILED, WRONG_USE, MistakeError
from cli.output import complain, printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relationship.outcome import Outgoing
    from relationship.replay import Replay
    from streams.codecs import Codec

STDIN: Final = Path("-")
MINUTE_US: Final = 60_000_000  # microseconds


class Told(NamedTuple):
    """How many lines were read, and how many of them were refused."""

    lines: int
    refused: int


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="The events, one a line; - reads stdin.")],
    states: Annotated[bool, typer.Option("--states", help="Print the final states instead of the decisions.")] = False,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Let the lapse timers run to this moment (RFC 3339).")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="A policy file; default: the one set.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a line was refused.")] = False,
) -> int:
    """Fold a file of events with no broker, and print one reclassification a line.

    A line is {"topic": …, "value": …} or a CloudEvent. Refused lines are told on stderr; the rest goes on.
    """
    from relationship.core import Core  # noqa: PLC0415 - not for --help
    from relationship.facts import micros  # noqa: PLC0415
    from relationship.policy import load_policy  # noqa: PLC0415
    from relationship.replay import Replay  # noqa: PLC0415
    from streams.codecs import Codec, Limits  # noqa: PLC0415
    from streams.settings_load import load_settings  # noqa: PLC0415

    settings = load_settings()
    limits = Limits(settings.max_record_bytes, settings.max_depth, settings.future_minutes * MINUTE_US)
    end = None if until is None else micros(_moment(until))
    rules = load_policy(policy or settings.policy_file)
    run = Replay(Core(rules, settings.lateness_days))
    with _open(file) as stream:
        told = _fold(run, stream, Codec(limits), printing=not states)
    if end is not None:
        _print(run.run_until(end, time.time_ns() // 1000), printing=not states)
    if states:
        from relationship.decisions import to_json  # noqa: PLC0415

        for state in run.states(rules):
            sys.stdout.write(printable_json(to_json(state).decode()) + "\n")
    return FAILED if strict and told.refused else DONE


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MistakeError(f"--until {text!r} is no time; give one with an offset, as 2026-01-31T00:00:00Z", WRONG_USE)
    return moment


def _open(file: Path) -> BinaryIO:
    return sys.stdin.buffer if file == STDIN else file.open("rb")


def _fold(run: "Replay", stream: BinaryIO, codec: "Codec", *, printing: bool) -> Told:
    """Fold every line; print what it decides, and tell what is refused."""
    number = refused = 0
    for number, raw in enumerate(stream, start=1):
        text = raw.strip()
        if not text:
            continue
        now = time.time_ns() // 1000
        wrong = _line(run, codec, text, number, now, printing=printing)
        if wrong:
            refused += 1
            complain(f"line {number}: {printable(wrong)}")
    return Told(number, refused)


def _line(run: "Replay", codec: "Codec", text: bytes, number: int, now: int, *, printing: bool) -> str | None:
    """Fold one line; return why it is refused, if it is."""
    from relationship.outcome import Refused  # noqa: PLC0415 - not for --help

    line = parse_line(text)
    if isinstance(line, BadLine):
        return f"DECODE: {line.text}"
    message = codec.decode(line.topic, line.key, line.value, now, offset=number, timestamp_us=now, headers=line.headers)
    if isinstance(message, Refused):
        return f"{message.reason}: {message.text}"
    refusal, sends = run.take(line.topic, message, now)
    _print(sends, printing=printing)
    return f"{refusal.reason}: {refusal.text}" if refusal else None


def _print(sends: "Iterable[Outgoing]", *, printing: bool) -> None:
    from relationship.outcome import RECLASSIFIED  # noqa: PLC0415 - not for --help

    for sent in sends:
        if printing and sent.topic == RECLASSIFIED and sent.value is not None:
            sys.stdout.write(printable_json(sent.value.decode()) + "\n")
