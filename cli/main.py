"""`clientward`: one entry point. Runs one command, and turns what ends it into lines and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, Exit, TyperException

from cli.commands import COMMANDS
from cli.errors import DONE, INTERRUPTED, PIPE_CLOSED, WRONG_USE, explain
from cli.lazy import Markup, add_commands
from cli.output import print_error, printable

NAME: Final = "clientward"
# The variable by which a shell asks for completion, as the script of `--show-completion` sets it.
COMPLETION: Final = f"_{NAME.upper()}_COMPLETE"
# Libraries that write to their loggers what the command itself says in one line.
NOISY: Final = ("aiokafka", "asyncio", "faust", "kafka", "mode", "redis")
# Commands that set up logging themselves, since their log is what is to be seen.
LOGGING_COMMANDS: Final = {"deliver", "worker"}


def build_app() -> TyperGroup:
    """Return the whole command line. No command is imported."""
    markup: Markup = "rich" if sys.stdout.isatty() else None
    app = typer.Typer(
        name=NAME,
        no_args_is_help=True,
        rich_markup_mode=markup,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101 - a callback makes it one
    add_commands(group, COMMANDS, markup)
    return group


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
        return _report(error, arguments)
    return code


def _invoke(arguments: list[str]) -> int:
    command = build_app()
    with command.make_context(NAME, arguments) as context:
        result = command.invoke(context)
    return result if isinstance(result, int) else DONE


def _report(error: Exception, arguments: Sequence[str]) -> int:
    if "--debug" in arguments and not isinstance(error, TyperException):
        logging.getLogger(NAME).error("the command failed", exc_info=error)
    if type(error).__name__ == "NoArgsIsHelpError":  # its text is the whole help
        print_error(str(error))
        return WRONG_USE
    explained = explain(error, _command_of(error))
    for line in explained.lines:
        print_error(f"{NAME}: {printable(' '.join(line.split()))}")
    return explained.code


def _command_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else NAME


def _forget_stdout() -> None:
    """Point stdout at nothing, or Python complains about the closed pipe once more when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line of this process, or answer the shell that asks how to complete one."""
    if COMPLETION in os.environ:
        build_app().main(prog_name=NAME)  # ends the process
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
