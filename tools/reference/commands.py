"""Every command, of the command line's own tables: what it does, its arguments, its options and their defaults."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from cli.commands import COMMANDS, Command
from cli.lazy import load
from cli.main import NAME, build_app
from tools.reference.tables import code, page, table

INTRO: Final = """\
`clientward --help` lists them, and `clientward COMMAND --help` shows one. Exit codes: 0 done, 1 failed, 2 wrong use,
130 by Ctrl-C. `clientward --install-completion` makes the shell complete commands and options."""


def commands() -> str:
    """Return the page."""
    build_app()  # commands are made as the command line makes them
    parts = [INTRO]
    for panel, group in groupby(COMMANDS, key=lambda command: command.panel):
        parts.append(f"## {panel}")
        for command in group:
            parts.extend(_described([NAME, command.name], load(command, None), command))
    return page("Commands", "`cli/commands.py` and the commands themselves", *parts)


def _described(path: Sequence[str], made: Any, command: Command | None = None) -> Iterator[str]:
    """Yield the parts of a page that tell of a command, and of those in it."""
    yield f"{'#' * min(len(path) + 1, 4)} {' '.join(path[1:])}"
    yield _help(made)
    listed = {each.name: each for each in command.commands} if command else {}
    nested = getattr(made, "commands", None)
    if nested is None:
        context = made.make_context(" ".join(path), [], resilient_parsing=True)
        yield code(" ".join([*path, *made.collect_usage_pieces(context)]))
        yield table(("option", "what it does"), _options(made, context))
        return
    for name, each in nested.items():
        yield from _described([*path, name], load(listed[name], None) if name in listed else each)


def _help(made: Any) -> str:
    """Return a command's help as Markdown: paragraphs, without the marks of where a line may not be broken."""
    return "\n\n".join(" ".join(part.split()) for part in (made.help or "").replace("\b", "").split("\n\n"))


def _options(made: Any, context: Any) -> Iterator[tuple[str, str]]:
    """Yield arguments and options as the command's help has them: the name, and what it does with its default."""
    for each in made.params:
        record = None if getattr(each, "hidden", False) else each.get_help_record(context)
        if record and record[1]:
            yield code(record[0]), record[1]
