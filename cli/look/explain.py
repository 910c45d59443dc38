"""`clientward explain ID --at TIME`: what stood then and why, from a file of events or from Redis."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.look.account_page import print_page
from cli.options import OneJson, open_events, parse_time, print_json
from cli.terminal import console
from relationship.policy.compiled import load_policy
from streams.config.load import load_settings
from streams.config.settings import Settings
from views.accounts.account import AccountView
from views.accounts.stored import account_at
from views.offline.account import account_in_file


def explain_command(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account's id, exactly as in the events.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="The moment, RFC 3339 with an offset.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.jsonl", help="The events; - reads stdin. [the account in Redis]")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="A policy file; default: the one set.")] = None,
    as_json: OneJson = False,
) -> None:
    """Show what stood at a moment, by event time and what is known by now: status, dimensions, why, what next."""
    settings, moment = load_settings(), parse_time(at, "--at")
    if file is None:
        rules = load_policy(policy) if policy else None
        found = asyncio.run(account_at(settings, account_id, moment, rules))
    else:
        found = _in_file(file, account_id, moment, policy, settings)
    print_json(found) if as_json else print_page(console(), found)


def _in_file(file: Path, account_id: str, moment: datetime, policy: Path | None, settings: Settings) -> AccountView:
    rules = load_policy(policy or settings.policy_file)
    with open_events(file) as lines:
        return account_in_file(lines, str(file), account_id, moment, rules, settings, lines.print_refusal)
