"""From an exception to what a person reads: lines that say what to do, and an exit code.

Known errors get their own words. An unknown one gets a line that names it, and its traceback goes into a file, since
nobody can act on it at the prompt and whoever reports it needs it. Errors of the project are known by their names: to import
their modules in order to explain a misspelt option would be slow.
"""

import os
import tempfile
import traceback
from pathlib import Path
from typing import Any, Final, NamedTuple

from typer.exceptions import TyperException

DONE: Final = 0
FAILED: Final = 1
WRONG_USE: Final = 2
# 128 + the signal's number, as shells say it: SIGINT is 2, SIGPIPE is 13.
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

# Errors whose text is a line for a person, and the exit code of a command that they end. The first of its classes counts.
ONE_LINE: Final = {
    "actions.errors.ActionError": FAILED,
    "actions.errors.InputError": WRONG_USE,
    "adapting.errors.AdapterError": WRONG_USE,
    "advising.keys.KeysError": WRONG_USE,
    "clientward_client.errors.ClientwardError": FAILED,
    "console.access.oidc_file.OidcFileError": WRONG_USE,
    "console.access.users.UsersError": WRONG_USE,
    "console.run.ConsoleError": WRONG_USE,
    "delivering.file.DeliveriesError": WRONG_USE,
    "delivering.state.LeaseLostError": FAILED,
    "importing.errors.ImportingError": WRONG_USE,
    "intake.keys.KeysError": WRONG_USE,
    "faust.exceptions.ImproperlyConfigured": FAILED,
    "readmodel.errors.ReadModelError": FAILED,
    "relationship.policy.file.PolicyError": FAILED,
    "relationship.state.record.RecordError": FAILED,
    "serving.pages.ServingError": FAILED,
    "streams.embedded.errors.EmbeddedError": FAILED,
    "streams.health.server_errors.ServerError": FAILED,
    "streams.kafka.admin.TopicsError": FAILED,
    "streams.wire.backup_file.BackupError": WRONG_USE,
    "streams.kafka.refusals.PublishRefusedError": FAILED,
    "views.errors.InputError": WRONG_USE,
    "views.errors.ViewError": FAILED,
}
SETTINGS_ERROR: Final = "streams.config.sources.SettingsError"


class CommandError(Exception):
    """What a command says when it cannot go on: one line that says what to do, and an exit code."""

    def __init__(self, line: str, code: int = FAILED) -> None:
        super().__init__(line)
        self.line = line
        self.code = code


class ErrorLines(NamedTuple):
    """What to print on stderr, and the exit code."""

    lines: list[str]
    code: int


def explain(error: BaseException, command: str) -> ErrorLines:
    """Return what to say about an error that ended `command` (its name, for the hint on its help)."""
    return _own(error) or _usage(error, command) or _file(error) or _unknown(error)


def _own(error: Any) -> ErrorLines | None:
    if isinstance(error, CommandError):
        return ErrorLines([error.line], error.code)
    names = [f"{each.__module__}.{each.__name__}" for each in type(error).__mro__]
    if SETTINGS_ERROR in names:
        return ErrorLines(error.lines, WRONG_USE)
    code = next((ONE_LINE[name] for name in names if name in ONE_LINE), None)
    return None if code is None else ErrorLines([str(error)], code)


def _usage(error: BaseException, command: str) -> ErrorLines | None:
    if not isinstance(error, TyperException):
        return None
    text = error.format_message().strip().removesuffix(".")
    return ErrorLines([f"{text}; see `{command} --help`"], WRONG_USE)


def _file(error: BaseException) -> ErrorLines | None:
    if not isinstance(error, OSError):
        return None
    if error.filename is None:  # a socket's: a server that is away or too slow
        return ErrorLines([f"no answer: {error or type(error).__name__}; `clientward doctor` says from what"], FAILED)
    reason = error.strerror or type(error).__name__
    return ErrorLines(
        [f"{os.fsdecode(error.filename)}: {reason[0].lower() + reason[1:]}; give another path"], WRONG_USE
    )


def _unknown(error: BaseException) -> ErrorLines:
    name = type(error).__name__
    text = f"failed by an error of our own, {name}; details for a report are in {_write_details(error)}"
    return ErrorLines([text], FAILED)


def _write_details(error: BaseException) -> Path:
    handle, path = tempfile.mkstemp(prefix="clientward-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return Path(path)
