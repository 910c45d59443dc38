"""`clientward explain ID --at TIME`: what stood then and why, from a file of events or from Redis."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.mistakes import FAILED, MistakeError
from cli.output import console, printable, printable_json, say

if TYPE_CHECKING:
    from cli.account_view import AccountView
    from relationship.policy.schedule import Rules
    from streams.config.settings import Settings


def explain_command(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account's id, exactly as in the events.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="The moment, RFC 3339 with an offset.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.jsonl", help="The events; - reads stdin. [the account in Redis]")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="A policy file; default: the one set.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what stood at a moment, by event time and what is known by now: status, dimensions, why, what next."""
    from cli.account import rules_for  # noqa: PLC0415 - not for --help
    from cli.history import moment  # noqa: PLC0415
    from relationship.policy.compiled import load_policy  # noqa: PLC0415
    from streams.config.load import load_settings  # noqa: PLC0415

    settings, t = load_settings(), moment(at, "--at")
    rules: Rules = load_policy(policy or settings.policy_file)
    if file is None:
        raw = _from_redis(settings, account_id)
        rules = rules if policy or raw is None else rules_for(settings, raw)
    else:
        raw, rules = _from_file(file, account_id, rules, settings)
    if raw is None:
        where = f"group {settings.group}" if file is None else str(file)
        raise MistakeError(f"no account {printable(account_id)} in {where}: ids are never normalised", FAILED)
    found = _view(account_id, raw, t, rules)
    if found is None:
        raise MistakeError(f"no event of {printable(account_id)} by {at}: name a later time", FAILED)
    _print(found, as_json=as_json)


def _from_redis(settings: "Settings", account_id: str) -> bytes | None:
    from cli.account import read_record  # noqa: PLC0415 - not for --help

    return read_record(settings, account_id)


def _from_file(file: Path, account_id: str, policy: "Rules", settings: "Settings") -> "tuple[bytes | None, Rules]":
    from cli.history import Reader  # noqa: PLC0415 - not for --help
    from relationship.contract.times import micros  # noqa: PLC0415
    from relationship.core import Core  # noqa: PLC0415
    from relationship.replay import Replay  # noqa: PLC0415

    core = Core(policy, settings.lateness_days)
    run, reader = Replay(core), Reader(file, settings, core)
    for number, topic, message in reader.messages():
        refusal, _ = run.fold(topic, message, micros(message.occurred_at))
        if refusal:
            reader.refuse(number, f"{refusal.reason}: {refusal.text}")
    return run.records.get(account_id), core.rules


def _view(account_id: str, raw: bytes, t: int, rules: "Rules") -> "AccountView | None":
    from cli.account_view import view  # noqa: PLC0415 - not for --help
    from relationship.classify.transitions import read  # noqa: PLC0415
    from relationship.state.record import decode, encode  # noqa: PLC0415
    from relationship.timeline.as_of import TooEarlyError, record_at  # noqa: PLC0415
    from relationship.timeline.explain import why  # noqa: PLC0415

    try:
        then = record_at(decode(raw), t, rules)
    except TooEarlyError as error:
        raise MistakeError(str(error), FAILED) from error
    if then.record.head.facts == 0:
        return None
    found = view(account_id, encode(then.record), rules.at(then.record.head.t))
    if then.change is None:
        return found
    reading = read(then.change.account, rules.at(then.change.t))
    return found._replace(why=why(then.change, then.cause, reading))


def _print(found: "AccountView", *, as_json: bool) -> None:
    if as_json:
        from cli.account_view import as_json as encoded  # noqa: PLC0415 - not for --help

        say(printable_json(encoded(found).decode()))
    else:
        from cli.account_page import print_page  # noqa: PLC0415 - not for --help

        print_page(console(), found)
