"""Commands that are imported when they are run, asked for their help or completed, and not when they are only listed."""

import importlib
from collections.abc import Iterable
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from cli.commands import Command

#: How help is laid out: by rich on a terminal, and plain in a pipe.
Markup = Literal["markdown", "rich"] | None


class LazyCommand(TyperCommand):
    """A command as the table has it; the real one takes its place where arguments are to be read."""

    def __init__(self, command: Command, markup: Markup) -> None:
        super().__init__(command.name, help=command.help, rich_help_panel=command.panel, rich_markup_mode=markup)
        self._command = command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the command, and let it read its arguments; the context is its own."""
        return load(self._command, self.rich_markup_mode).make_context(info_name, args, parent, **extra)


def add_commands(group: TyperGroup, commands: Iterable[Command], markup: Markup) -> None:
    """Add commands to a group, in order, without importing them."""
    for command in commands:
        group.add_command(LazyCommand(command, markup), command.name)


def load(command: Command, markup: Markup) -> Any:
    """Return the real command or group, imported; one that the table lists is made of lazy commands."""
    if command.commands:
        group = TyperGroup(name=command.name, help=command.help, no_args_is_help=True, rich_markup_mode=markup)
        add_commands(group, command.commands, markup)
        return group
    module, _, attribute = command.target.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    holder = typer.Typer(rich_markup_mode=markup, pretty_exceptions_enable=False)
    holder.callback()(_nothing)  # makes a group of it, whatever it holds
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=command.name)
    else:
        holder.command(command.name)(found)
    return typer.main.get_group(holder).commands[command.name]


def _nothing() -> None:
    """Do nothing."""
