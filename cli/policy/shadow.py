"""`clientward policy shadow FILE`: a policy tried on the live stream, deciding nothing."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from actions import policies
from cli.errors import DONE, FAILED, WRONG_USE, CommandError
from cli.policy.check import check
from cli.policy.publications import By, print_published
from streams.config.load import load_settings


def shadow(
    by: By,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The policy file to try.")] = None,
    off: Annotated[bool, typer.Option("--off", help="End the trial.")] = False,
) -> int:
    """Try a policy on the live stream: it folds beside the active one, decides nothing, and shows where it differs.

    An account is compared from its next event or timer on.
    """
    policies.require_name(by)
    if (file is None) != off:
        raise CommandError("give a FILE to try, or --off to end the trial", WRONG_USE)
    if file is None:
        print_published(asyncio.run(policies.end_shadow(load_settings(), by)))
        return DONE
    if check(file) != DONE:
        return FAILED
    text = file.read_text(encoding="utf-8")
    print_published(asyncio.run(policies.try_in_shadow(load_settings(), text, str(file), by)))
    return DONE
