"""`clientward settings`: what is in force, and from where."""

from typing import Annotated

import msgspec
import typer

from cli.output import print_line, printable
from cli.terminal import console
from streams.config.load import InForce, in_force, load_settings
from streams.config.sources import variable


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each setting is for, and its variable.")] = False,
) -> None:
    """Show every setting in force and where its value comes from; secrets are masked.

    A value comes from the first that has it: CLIENTWARD_<NAME>; for a secret, the file that CLIENTWARD_<NAME>_FILE
    names; clientward.toml, or the file that CLIENTWARD_CONFIG names; the default.
    """
    rows = in_force(load_settings())
    if as_json:
        _print_json(rows)
    elif explain:
        for row in rows:
            print_line(f"{variable(row.name)}={printable(row.value)}  ({printable(row.origin)})\n    {row.description}")
    else:
        _print_table(rows)


def _print_json(rows: list[InForce]) -> None:
    print_line(msgspec.json.encode({row.name: {"value": row.value, "origin": row.origin} for row in rows}).decode())


def _print_table(rows: list[InForce]) -> None:
    names, values = (
        max(len(text) for text in column) for column in zip(*[(r.name, r.value) for r in rows], strict=True)
    )
    for row in rows:
        line = f"{row.name:<{names}}  {printable(row.value):<{values}}  {printable(row.origin)}"
        console().print(line, style="dim" if row.origin == "default" else None, soft_wrap=True)
