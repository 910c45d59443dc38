"""A file of events as messages, for whoever folds a history: what is refused is handed to the caller, the rest goes on."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from relationship.analysis.recording import Recording
from relationship.contract.messages import Message
from relationship.contract.outcome import Outgoing, Refused
from relationship.contract.times import micros
from relationship.core import Core
from relationship.replay import Replay
from relationship.timeline.published import PublishedPolicies
from streams.config.settings import Settings
from streams.wire.codecs import Codec, Limits
from streams.wire.lines import BadLine, parse_line, policy_of_line

#: Is told of every line that is refused: its number, from 1, and why.
OnRefusal = Callable[[int, str], None]


class EventReader:
    """Reads the lines of a file of events, each with its number.

    A line that publishes a policy is handed to `core`, where one is given; what follows it folds by it. Where none is given,
    whoever folds has policies of his own, as a backtest has, and such a line is passed over. Where a `recording` is given,
    it sees every message.

    Attributes:
        refused: how many lines were refused, by the reader or by whoever folds them.
        newest: event time (µs) of the newest message read so far; 0 before the first.
    """

    def __init__(
        self,
        lines: Iterable[tuple[int, bytes]],
        settings: Settings,
        on_refusal: OnRefusal,
        core: Core | None = None,
        recording: Recording | None = None,
    ) -> None:
        self._lines = lines
        self._codec = Codec(Limits(**settings.record_limits()))
        self._on_refusal = on_refusal
        self._core = core
        self._recording = recording
        self._published = PublishedPolicies(core.rules.at(0)) if core else None
        self.refused = 0
        self.newest = 0

    def messages(self) -> Iterator[tuple[int, str, Message]]:
        """Yield the messages, each with its line's number and its topic."""
        for number, raw in self._lines:
            text = raw.strip()
            if not text or self._is_policy(number, text):
                continue
            found = _message(self._codec, text, number, time.time_ns() // 1000)
            if isinstance(found, str):
                self.refuse(number, found)
            else:
                self.newest = max(self.newest, event_time(found[1]))
                if self._recording is not None:
                    self._recording.see(found[1])
                yield number, *found

    def refuse(self, number: int, why: str) -> None:
        """Count a line as refused, and hand on why."""
        self.refused += 1
        self._on_refusal(number, why)

    def _is_policy(self, number: int, text: bytes) -> bool:
        value = policy_of_line(text)
        if value is None or self._core is None or self._published is None:
            return value is not None
        wrong = self._published.apply(value)
        if wrong is not None:
            self.refuse(number, f"a policy is rejected: {wrong}")
        self._core.follow(self._published)
        return True


def _message(codec: Codec, text: bytes, number: int, now: int) -> tuple[str, Message] | str:
    line = parse_line(text)
    if isinstance(line, BadLine):
        return f"DECODE: {line.text}"
    found = codec.decode(line.topic, line.key, line.value, now, offset=number, timestamp_us=now, headers=line.headers)
    return f"{found.reason}: {found.text}" if isinstance(found, Refused) else (line.topic, found)


def event_time(message: Message) -> int:
    """Return when a message happened, in µs: the clock of a fold that must not depend on the day on which it is run."""
    return micros(message.occurred_at)


def fold(
    run: Replay, reader: EventReader, decided_at: Callable[[Message], int] = event_time
) -> Iterator[Sequence[Outgoing]]:
    """Fold a file message by message, and yield what each of them makes the core send.

    `decided_at` tells the clock (µs) of a message's decisions.
    """
    for number, topic, message in reader.messages():
        refusal, sends = run.fold(topic, message, decided_at(message))
        if refusal:
            reader.refuse(number, f"{refusal.reason}: {refusal.text}")
        yield sends
