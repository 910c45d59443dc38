"""Logs: one line an event, to standard error, for a person or as JSON; the libraries' own lines in the same form.

Of Faust, mode and aiokafka only warnings and errors are shown, as one line without their tracebacks, and without those
that tell nothing here: each service on the way up repeats "Crashed", and the reason is told once, by the worker; and a
group that forms meets errors that pass.
"""

import logging
import sys
from typing import Any, Final

import structlog

from streams.config.settings import Settings

LIBRARIES: Final = ("faust", "mode", "aiokafka", "asyncio", "redis")
# Messages that are noise in this project: what they tell is told better, or is meant to be so.
NOISE: Final = (
    "Crashed reason",
    "Topic creation disabled",
    "Unclosed ",
    "Unable to stop service",
    "is overlapping",  # a look of mode's at its own timers; what is late is told by the metrics
)
# What a group that forms and topics that are new bring about, for a moment: the libraries try again by themselves.
PASSING: Final = ("GroupCoordinatorNotAvailableError", "NotLeaderForPartitionError", "CoordinatorLoadInProgressError")
# Seconds after which such a thing has not passed, and is told; and that it must be gone to count as another.
PASSING_SECONDS: Final = 30.0
# How mode begins the lines of every service, also of our own subclasses, whose loggers bear our modules' names.
MODE: Final = "[^"


class OneLine(logging.Filter):
    """Drops noise, what passes by itself, and the traceback of a library's record."""

    def __init__(self) -> None:
        super().__init__()
        self._since: dict[str, tuple[float, float]] = {}  # of what should pass: when it was first and last met

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be shown."""
        if record.name.partition(".")[0] in LIBRARIES or str(record.msg).startswith(MODE):
            text = " ".join(record.getMessage().split())
            if record.levelno < logging.WARNING or any(noise in text for noise in NOISE):
                return False
            if any(self._may_pass(each, record.created) for each in PASSING if each in text):
                return False
            reason = record.exc_info[1] if record.exc_info else None
            record.msg, record.args = f"{text}: {reason!r}" if reason else text, ()
            record.exc_info = record.exc_text = record.stack_info = None
        return True

    def _may_pass(self, what: str, now: float) -> bool:
        """Tell whether something that should pass may still do so, at `now` (seconds since the epoch)."""
        first, last = self._since.get(what, (now, now))
        if now - last > PASSING_SECONDS:
            first = now
        self._since[what] = first, now
        return now - first < PASSING_SECONDS


def configure_logs(settings: Settings) -> None:
    """Send structlog's and the libraries' lines to standard error in the form that the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # A stack is code and the error's own words: never the variables of its frames, which are accounts and passwords.
    form: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    if settings.log_format == "console":
        plain = structlog.dev.plain_traceback
        form = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(OneLine())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *form], foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
