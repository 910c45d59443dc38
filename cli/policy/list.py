"""`clientward policy list`: the policies that the workers follow."""

import asyncio

from cli.options import OneJson, print_json
from cli.output import print_line, printable
from cli.policy.publications import sentence
from streams.config.load import load_settings
from views.policies.published import PolicyVersion, policies


def list_policies(as_json: OneJson = False) -> None:
    """List the switches of the active policy in order, the one in force, and the shadow."""
    found = asyncio.run(policies(load_settings()))
    if as_json:
        print_json(found)
        return
    for each in found.history:
        mark = "*" if each.phase == "in force" else " "
        print_line(printable(f"{mark} {_line(each)}"))
    trial = found.shadow
    if trial is not None:
        name = f"{trial.id} {trial.version}"
        print_line(printable(f"shadow: {sentence(name, trial.effective_at, trial.by, trial.published_at)}"))


def _line(each: PolicyVersion) -> str:
    name = f"{each.id} {each.version}"
    if each.effective_at is None or each.published_at is None:
        return f"{name}, the workers' own, first"
    return sentence(name, each.effective_at, str(each.by), each.published_at)
