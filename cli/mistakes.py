"""From an exception to what a person reads: lines that say what to do, and an exit code.

Known errors get their own words. An unknown one gets a line that names it, and its traceback goes into a file, since
nobody can act on it at the prompt and whoever reports it needs it. Libraries are only asked about errors if they are
loaded already: importing them to explain a misspelt option would be slow.
"""

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Final, NamedTuple

from typer.exceptions import TyperException

from streams.config.load import load_settings, shown
from streams.config.sources import SettingsError

DONE: Final = 0
FAILED: Final = 1
WRONG_USE: Final = 2
# 128 + the signal's number, as shells say it: SIGINT is 2, SIGPIPE is 13.
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141


class MistakeError(Exception):
    """What a command says when it cannot go on: one line that says what to do, and an exit code."""

    def __init__(self, line: str, code: int = FAILED) -> None:
        super().__init__(line)
        self.line = line
        self.code = code


class Told(NamedTuple):
    """What to print on stderr and the exit code."""

    lines: list[str]
    code: int


def explain(error: BaseException, command: str) -> Told:
    """Return what to say about an error that ended `command` (its name, for the hint on its help)."""
    for explain_one in (_own, _usage, _kafka, _redis, _file):
        told = explain_one(error, command)
        if told is not None:
            return told
    return _unknown(error)


def _own(error: BaseException, _command: str) -> Told | None:
    if isinstance(error, MistakeError):
        return Told([error.line], error.code)
    if isinstance(error, SettingsError):
        return Told(error.lines, WRONG_USE)
    names = {f"{each.__module__}.{each.__name__}" for each in type(error).__mro__}
    if names & ONE_LINERS:
        return Told([str(error)], FAILED)
    return None


# Errors of the project whose text is a line for a person, by name: their modules are slow to import.
ONE_LINERS: Final = {
    "faust.exceptions.ImproperlyConfigured",
    "relationship.policy.file.PolicyError",
    "relationship.state.record.RecordError",
    "streams.kafka.admin.TopicsError",
    "streams.embedded.errors.EmbeddedError",
    "streams.kafka.publisher.PublishRefusedError",
}


def _usage(error: BaseException, command: str) -> Told | None:
    if not isinstance(error, TyperException):
        return None
    text = error.format_message().strip().removesuffix(".")
    return Told([f"{text}; see `{command} --help`"], WRONG_USE)


def _kafka(error: BaseException, _command: str) -> Told | None:
    errors = sys.modules.get("aiokafka.errors")
    if errors is None or not isinstance(error, errors.KafkaError):
        return None
    if isinstance(error, errors.KafkaConnectionError | errors.KafkaTimeoutError | errors.NodeNotReadyError):
        where = _setting("kafka_bootstrap")
        return Told(
            [f"Kafka does not answer at {where}: start it, or set CLIENTWARD_KAFKA_BOOTSTRAP and the login"], FAILED
        )
    return Told([f"Kafka refuses: {error}; `clientward doctor` looks closer"], FAILED)


def _redis(error: BaseException, _command: str) -> Told | None:
    errors = sys.modules.get("redis.exceptions")
    if errors is None or not isinstance(error, errors.RedisError):
        return None
    if isinstance(error, errors.ConnectionError | errors.TimeoutError) and not isinstance(
        error, errors.AuthenticationError
    ):
        where = _setting("redis_url")
        return Told([f"Redis does not answer at {where}: start it, or set CLIENTWARD_REDIS_URL"], FAILED)
    return Told([f"Redis refuses: {error}; `clientward doctor` looks closer"], FAILED)


def _file(error: BaseException, _command: str) -> Told | None:
    if not isinstance(error, OSError):
        return None
    if error.filename is None:  # a socket's: a server that is away or too slow
        return Told([f"no answer: {error or type(error).__name__}; `clientward doctor` says from what"], FAILED)
    reason = error.strerror or type(error).__name__
    return Told([f"{os.fsdecode(error.filename)}: {reason[0].lower() + reason[1:]}; give another path"], WRONG_USE)


def _setting(name: str) -> str:
    return shown(getattr(load_settings(), name))


def _unknown(error: BaseException) -> Told:
    name = type(error).__name__
    return Told([f"failed by an error of our own, {name}; details for a report are in {_write_details(error)}"], FAILED)


def _write_details(error: BaseException) -> Path:
    handle, path = tempfile.mkstemp(prefix="clientward-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return Path(path)
