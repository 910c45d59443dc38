"""A file of events as messages, for commands that fold a history: refused lines are told on stderr, the rest goes on."""

import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Final

from cli.lines import BadLine, parse_line, policy_of_line
from cli.mistakes import WRONG_USE, MistakeError
from cli.output import complain, printable
from relationship.contract.messages import Message
from relationship.contract.outcome import Refused
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import Policy, load_policy
from relationship.timeline.published import PublishedPolicies
from streams.config.settings import Settings
from streams.wire.codecs import Codec, Limits

STDIN: Final = Path("-")
OWN: Final = Path("default")  # names the policy that comes with the package
MINUTE_US: Final = 60_000_000  # microseconds


class Reader:
    """Reads a file of events; `refused` counts the lines that were refused, by it or by who folds them.

    A line that publishes a policy is handed to `core`, where one is given; what follows it folds by it. Where none is given,
    whoever folds has policies of his own, as a backtest has, and such a line is passed over.
    """

    def __init__(self, file: Path, settings: Settings, core: Core | None = None) -> None:
        self._file = file
        self._codec = Codec(Limits(settings.max_record_bytes, settings.max_depth, settings.future_minutes * MINUTE_US))
        self._core = core
        self._published = PublishedPolicies(core.rules.at(0)) if core else None
        self.refused = 0

    def messages(self) -> Iterator[tuple[int, str, Message]]:
        """Yield the messages, each with its line's number and its topic."""
        with nullcontext(sys.stdin.buffer) if self._file == STDIN else self._file.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                text = raw.strip()
                if not text or self._is_policy(number, text):
                    continue
                found = _message(self._codec, text, number, time.time_ns() // 1000)
                if isinstance(found, str):
                    self.refuse(number, found)
                else:
                    yield number, *found

    def _is_policy(self, number: int, text: bytes) -> bool:
        value = policy_of_line(text)
        if value is None or self._core is None or self._published is None:
            return value is not None
        wrong = self._published.apply(value)
        if wrong is not None:
            self.refuse(number, f"a policy is rejected: {wrong}")
        self._core.follow(self._published)
        return True

    def refuse(self, number: int, why: str) -> None:
        """Tell that a line was refused."""
        self.refused += 1
        complain(f"line {number}: {printable(why)}")


def _message(codec: Codec, text: bytes, number: int, now: int) -> tuple[str, Message] | str:
    line = parse_line(text)
    if isinstance(line, BadLine):
        return f"DECODE: {line.text}"
    found = codec.decode(line.topic, line.key, line.value, now, offset=number, timestamp_us=now, headers=line.headers)
    return f"{found.reason}: {found.text}" if isinstance(found, Refused) else (line.topic, found)


def policy_at(file: Path) -> Policy:
    """Return the policy of a file; `default`, where there is no such file, is the one that comes with the package."""
    return load_policy(None if file == OWN and not file.exists() else file)


def moment(text: str, option: str) -> int:
    """Return the µs of an RFC 3339 time with an offset. Raises MistakeError, which names the option."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        line = f"{option} {text!r} is no time; give one with an offset, as 2026-01-31T00:00:00Z"
        raise MistakeError(line, WRONG_USE)
    return micros(found)
