"""Policy files as arguments: `default` names the one that comes with the package, where there is no file of that name."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import WRONG_USE, CommandError
from relationship.policy.compiled import Policy, load_policy

DEFAULT: Final = Path("default")

PolicyA = Annotated[Path, typer.Argument(metavar="A", help="A policy file, or `default`.")]
PolicyB = Annotated[Path, typer.Argument(metavar="B", help="The other one.")]


def policy_at(file: Path) -> Policy:
    """Return the policy of a file. Raises PolicyError."""
    return load_policy(None if file == DEFAULT and not file.exists() else file)


def text_of(file: Path) -> str:
    """Return a policy's text as it is, line ends and all. Raises CommandError, OSError."""
    try:
        own = files("relationship.policy") / "default.toml"
        return (own.read_bytes() if file == DEFAULT and not file.exists() else file.read_bytes()).decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: not UTF-8; a policy is a TOML file", WRONG_USE) from error
