"""`clientward policy check FILE`: the mistakes in a policy file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import DONE, FAILED, WRONG_USE, CommandError
from cli.output import print_error, print_line, printable
from relationship.policy.check import mistakes_in
from relationship.policy.compiled import load_policy


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
) -> int:
    """Name file, line and field of every mistake in a policy. contracts/policy.schema.json lets an editor do so too."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: not UTF-8; a policy is a TOML file", WRONG_USE) from error
    found = mistakes_in(text)
    for mistake in found:
        place = ".".join(mistake.path) or "text"
        print_error(printable(f"{file}:{mistake.line}: {place}: {mistake.text}"))
    if found:
        return FAILED
    policy = load_policy(file)
    print_line(printable(f"{file}: {policy.id} {policy.version} is a policy"))
    return DONE
