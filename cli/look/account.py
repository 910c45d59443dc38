"""`clientward account show ID`: one account, read straight from Redis, where the worker keeps it."""

import asyncio
from typing import Annotated

import typer

from cli.look.account_page import print_page
from cli.options import OneJson, print_json
from cli.terminal import console
from streams.config.load import load_settings
from views.accounts.stored import account_now

account_app = typer.Typer(no_args_is_help=True, help="Look at one account.")


@account_app.command("show")
def show(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account's id, exactly as in the events.")],
    as_json: OneJson = False,
) -> None:
    """Show an account's state, its dimensions, its timeline, and why it is what it is."""
    found = asyncio.run(account_now(load_settings(), account_id))
    print_json(found) if as_json else print_page(console(), found)
