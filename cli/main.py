"""`clientward`: one entry point. Gathers the commands, runs one, and turns what ends it into lines and an exit code.

A command is a function or a `typer.Typer` in a module of its own, listed in `COMMANDS`. Its module imports nothing slow
at its top, so that `clientward --help` comes at once.
"""

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.exceptions import Abort, Exit, TyperException

from cli.mistakes import DONE, INTERRUPTED, PIPE_CLOSED, WRONG_USE, explain
from cli.output import complain

NAME: Final = "clientward"
# Libraries that write to their loggers what the command itself says in one line.
NOISY: Final = ("aiokafka", "asyncio", "faust", "kafka", "mode", "redis")
# Commands that set up logging themselves, since their log is what is to be seen.
LOGGING_COMMANDS: Final = {"worker"}


class Command(NamedTuple):
    """One command or group of commands: its name, where it is, and the heading in the help under which it stands."""

    name: str
    module: str
    attribute: str
    panel: str


COMMANDS: Final = (
    Command("demo", "cli.demo", "demo", "Run"),
    Command("worker", "cli.worker", "worker", "Run"),
    Command("send", "cli.send", "send", "Events in"),
    Command("replay", "cli.replay", "replay", "Events in"),
    Command("import", "cli.importing", "import_app", "Events in"),
    Command("simulate", "cli.simulating", "simulate_command", "Events in"),
    Command("tail", "cli.tail", "tail", "Look"),
    Command("account", "cli.account", "account_app", "Look"),
    Command("explain", "cli.explaining", "explain_command", "Look"),
    Command("dlq", "cli.dlq", "dlq_app", "Look"),
    Command("erasure", "cli.erasure", "erasure_app", "Look"),
    Command("export", "cli.exporting", "export_app", "Look"),
    Command("retention", "cli.retention", "retention", "Look"),
    Command("topics", "cli.topics", "topics_app", "Set up"),
    Command("doctor", "cli.doctor", "doctor", "Set up"),
    Command("settings", "cli.settings", "settings", "Set up"),
    Command("policy", "cli.policy", "policy_app", "Set up"),
)


def build_app() -> typer.Typer:
    """Return the whole command line."""
    app = typer.Typer(
        name=NAME,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None if not sys.stdout.isatty() else "rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    for command in COMMANDS:
        if find_spec(command.module) is not None:
            _register(app, command)
    return app


def _register(app: typer.Typer, command: Command) -> None:
    found: Any = getattr(importlib.import_module(command.module), command.attribute)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=command.name, rich_help_panel=command.panel)
    else:
        app.command(command.name, rich_help_panel=command.panel)(found)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"{NAME} {version(NAME)}")
    except PackageNotFoundError:
        typer.echo(f"{NAME} (not installed: run from its folder)")
    raise typer.Exit


def root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback and what the libraries log.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find, on the event, the moment when a customer becomes a client.

    Settings come from CLIENTWARD_* variables and clientward.toml: `clientward settings` shows them all.

    Exit codes: 0 done, 1 failed, 2 wrong use.
    """
    if debug:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
        logging.getLogger("aiokafka.conn").setLevel(logging.INFO)  # it logs requests whole, passwords among them
    elif context.invoked_subcommand not in LOGGING_COMMANDS:
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. What went wrong is on stderr, one line each."""
    try:
        code = _invoke(list(arguments))
        sys.stdout.flush()
    except Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last stop before the person at the prompt
        return _tell(error, arguments)
    return code


def _invoke(arguments: list[str]) -> int:
    command = typer.main.get_command(build_app())
    with command.make_context(NAME, arguments) as context:
        result = command.invoke(context)
    return result if isinstance(result, int) else DONE


def _tell(error: Exception, arguments: Sequence[str]) -> int:
    if "--debug" in arguments and not isinstance(error, TyperException):
        logging.getLogger(NAME).error("the command failed", exc_info=error)
    if type(error).__name__ == "NoArgsIsHelpError":  # its text is the whole help
        complain(str(error))
        return WRONG_USE
    told = explain(error, _command_of(error))
    for line in told.lines:
        complain(f"{NAME}: {' '.join(line.split())}")
    return told.code


def _command_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else NAME


def _forget_stdout() -> None:
    """Point stdout at nothing, or Python complains about the closed pipe once more when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
