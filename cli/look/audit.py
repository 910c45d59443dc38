"""`clientward audit`: who did what: commands on accounts, publications of policies."""

import asyncio
from typing import Annotated, Literal

import typer
from rich.text import Text

from cli.options import JsonLines, parse_time, print_json
from cli.output import printable
from cli.terminal import console
from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter
from streams.config.load import load_settings
from views.operations.audit import audit as audit_of


def audit(
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="Only this account's.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="Only these, such as erase or policy-publish.")] = None,
    outcome: Annotated[Literal["done", "refused"] | None, typer.Option("--outcome", help="Only these.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Only this person's.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only from this time on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only before this time.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 50,
    as_json: JsonLines = False,
) -> None:
    """List the audit log, the newest last: when, what, whether it was done, of which account, by whom and why not."""
    wanted = AuditFilter(
        account=account,
        action=action,
        outcome=outcome,
        by=by,
        since=None if since is None else parse_time(since, "--since"),
        until=None if until is None else parse_time(until, "--until"),
    )
    found = asyncio.run(audit_of(load_settings(), wanted, limit))
    for entry in found.entries:
        print_json(entry) if as_json else console().print(sentence(entry), soft_wrap=True)
    if not as_json:
        console().print(f"{len(found.entries):,} of {found.total:,} entries", style="dim")


def sentence(entry: Audit) -> Text:
    """Return an entry as a readable line."""
    when = printable(entry.decided_at)[:19].replace("T", " ")
    whose = f"  {printable(entry.account_id)}" if entry.account_id is not None else ""
    who = f"  by {printable(entry.by)}" if entry.by is not None else ""
    why = f"  {printable(entry.detail)}" if entry.detail is not None else ""
    style = "" if entry.outcome == "done" else "yellow"
    return Text.assemble(
        (f"{when}  ", "dim"), printable(entry.action), (f"  {entry.outcome}", style), whose, who, (why, "dim")
    )
