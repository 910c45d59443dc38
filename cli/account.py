"""`clientward account show ID`: one account, read straight from Redis, where the worker keeps it."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.mistakes import FAILED, WRONG_USE, MistakeError
from cli.output import console, printable, printable_json, say
from streams.config.load import load_settings

if TYPE_CHECKING:
    from cli.account_view import AccountView
    from relationship.policy.schedule import Rules
    from streams.config.settings import Settings

account_app = typer.Typer(no_args_is_help=True, help="Look at one account.")


@account_app.command("show")
def show(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account's id, exactly as in the events.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show an account's state, its dimensions, its timeline, and why it is what it is."""
    if not account_id.isprintable() and any("\ud800" <= character <= "\udfff" for character in account_id):
        raise MistakeError("the id is not UTF-8: give it as it is in the events", WRONG_USE)
    settings = load_settings()
    raw = read_record(settings, account_id)
    if raw is None:
        raise MistakeError(
            f"no account {printable(account_id)} in group {settings.group}: check its id (ids are never normalised), and "
            "whether a worker has read its events (`clientward doctor`)",
            FAILED,
        )
    found = _view(settings, account_id, raw)
    if as_json:
        from cli.account_view import as_json as encoded  # noqa: PLC0415 - not for --help

        say(printable_json(encoded(found).decode()))
    else:
        from cli.account_page import print_page  # noqa: PLC0415 - not for --help

        print_page(console(), found)


def read_record(settings: "Settings", account_id: str) -> bytes | None:
    """Return the account's stored record, or None. Its partition is murmur2's, as for its events."""
    from yarl import URL  # noqa: PLC0415 - not for --help

    from clientward_store.client import sync_client  # noqa: PLC0415 - slow to import
    from clientward_store.keys import keys_of, target_of  # noqa: PLC0415 - slow to import
    from streams.kafka.partitioning import partition_of  # noqa: PLC0415 - slow to import

    keys = keys_of(f"{settings.group}-relationships", partition_of(account_id, settings.partitions))
    client = sync_client(target_of(URL(settings.redis_url.get_secret_value())))
    try:
        found = client.hget(keys.values, account_id.encode())
    finally:
        client.close()
    return found if isinstance(found, bytes) else None


def _view(settings: "Settings", account_id: str, raw: bytes) -> "AccountView":
    from cli.account_view import view  # noqa: PLC0415 - not for --help
    from relationship.core import Core  # noqa: PLC0415 - not for --help
    from relationship.state.record import decode  # noqa: PLC0415 - not for --help

    rules = rules_for(settings, raw)
    return view(account_id, raw, rules.at(decode(raw).head.t), list(Core(rules).pending(account_id, raw)))


def rules_for(settings: "Settings", raw: bytes) -> "Rules":
    """Return what an account was folded by: the policy set, and where a published one was in force, all published."""
    from cli.policy_live import heard  # noqa: PLC0415 - not for --help
    from relationship.policy.compiled import load_policy  # noqa: PLC0415 - not for --help
    from relationship.state.record import decode  # noqa: PLC0415 - not for --help

    return asyncio.run(heard(settings)).rules if decode(raw).switch else load_policy(settings.policy_file)
