"""`clientward policy differences`: the accounts on whose status the active policy and the shadow differ now."""

import asyncio
from typing import Annotated

import typer

from cli.options import print_json
from cli.output import print_line, printable
from relationship.contract.decisions import ShadowDifference
from streams.config.load import load_settings
from views.policies.differences import differences as differences_of


def differences(
    as_json: Annotated[bool, typer.Option("--json", help="The message itself, one a line.")] = False,
) -> None:
    """List the accounts on whose status the active policy and the shadow differ now."""
    found = asyncio.run(differences_of(load_settings()))
    for each in found.differences:
        print_json(each) if as_json else print_line(printable(_sentence(each)))
    if not as_json:
        print_line(printable(f"{len(found.differences)} accounts differ under the shadow {found.id} {found.version}"))


def _sentence(each: ShadowDifference) -> str:
    sides = f"{each.active.status} {each.active.score:.0f}, shadow {each.shadow.status} {each.shadow.score:.0f}"
    about = " (approximate)" if each.approximate else ""
    return f"{each.account_id}  since {each.effective_at}: {sides}{about}"
