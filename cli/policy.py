"""`clientward policy`: look a policy file over, compare two, try two on a history, learn one; see `policy_live.py` too."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.learning import learn_command
from cli.mistakes import DONE, FAILED, WRONG_USE, MistakeError
from cli.output import columns, complain, printable, printable_json, say
from cli.policy_live import differences as shadow_differences
from cli.policy_live import list_policies, publish, rollback, shadow

if TYPE_CHECKING:
    from cli.backtesting import Backtest
    from relationship.analysis.backtest import Course, Otherwise
    from relationship.policy.units import Scalar

policy_app = typer.Typer(no_args_is_help=True, help="Check, compare, try, learn and publish policies.")
policy_app.command("learn")(learn_command)
policy_app.command("publish")(publish)
policy_app.command("rollback")(rollback)
policy_app.command("list")(list_policies)
policy_app.command("shadow")(shadow)
policy_app.command("differences")(shadow_differences)

PolicyA = Annotated[Path, typer.Argument(metavar="A", help="A policy file, or `default`.")]
PolicyB = Annotated[Path, typer.Argument(metavar="B", help="The other one.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
DAY: Final = 10  # characters of an RFC 3339 time that are its day


@policy_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
) -> int:
    """Name file, line and field of every mistake in a policy. contracts/policy.schema.json lets an editor do so too."""
    from relationship.policy.check import mistakes_in  # noqa: PLC0415
    from relationship.policy.compiled import load_policy  # noqa: PLC0415 - not for --help

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MistakeError(f"{file}: not UTF-8; a policy is a TOML file", WRONG_USE) from error
    found = mistakes_in(text)
    for mistake in found:
        place = ".".join(mistake.path) or "text"
        complain(printable(f"{file}:{mistake.line}: {place}: {mistake.text}"))
    if found:
        return FAILED
    policy = load_policy(file)
    say(printable(f"{file}: {policy.id} {policy.version} is a policy"))
    return DONE


@policy_app.command("diff")
def diff(a: PolicyA, b: PolicyB, as_json: AsJson = False) -> None:
    """List every value that differs between two policies, with its unit."""
    from cli.history import policy_at  # noqa: PLC0415 - not for --help
    from relationship.policy.diff import differences  # noqa: PLC0415

    found = differences(policy_at(a).source, policy_at(b).source)
    if as_json:
        for each in found:
            say(printable_json(json.dumps(each._asdict() | {"path": ".".join(each.path)}, ensure_ascii=False)))
        return
    rows = [(".".join(each.path), _shown(each.before), _shown(each.after), each.unit) for each in found]
    if rows:
        _print(("value", "A", "B", "unit"), rows)
    else:
        say(printable(f"{a} and {b} are the same, value by value"))


def _shown(value: "Scalar") -> str:
    return "not set" if value is None else str(value)


@policy_app.command("backtest")
def backtest(
    a: PolicyA,
    b: PolicyB,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="The history, as for replay; - reads stdin.")],
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Let the timers run to this moment. [the last event's]")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is true, as `clientward simulate --truth` writes it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fold a history by two policies: who would have been classified otherwise, when, and at which cost.

    The cost is by A's [costs], for each year of a client who is none, and of none who is one.
    """
    from cli.backtesting import Backtest, read_truth  # noqa: PLC0415 - not for --help
    from cli.history import moment, policy_at  # noqa: PLC0415
    from streams.config.load import load_settings  # noqa: PLC0415

    known = read_truth(truth) if truth else {}
    run = Backtest(policy_at(a), policy_at(b), load_settings())
    run.fold(file, None if until is None else moment(until, "--until"))
    found = list(run.otherwise())
    if as_json:
        for each in found:
            say(printable_json(json.dumps(_plain(each), ensure_ascii=False)))
        return
    if found:
        _list(found)
    _sum_up(len(run.known), found)
    if known:
        _price(run, known)


def _plain(each: "Otherwise") -> dict[str, str | float]:
    from relationship.contract.times import rfc3339  # noqa: PLC0415 - not for --help

    span = each.span
    times = {"since": rfc3339(span.since), "until": rfc3339(span.until)}
    costs = {"cost_if_a_is_right": round(each.if_a, 4), "cost_if_b_is_right": round(each.if_b, 4)}
    return {"account_id": each.account_id, **times, "a": span.a, "b": span.b, **costs}


def _list(found: "list[Otherwise]") -> None:
    from relationship.contract.times import rfc3339  # noqa: PLC0415 - not for --help

    rows = []
    for each in found:
        span = each.span
        days = (rfc3339(span.since)[:DAY], rfc3339(span.until)[:DAY])
        rows.append((each.account_id, *days, span.a, span.b, f"{each.if_a:.3g}", f"{each.if_b:.3g}"))
    _print(("account", "since", "until", "A says", "B says", "costs if A is right", "if B is"), rows)


def _sum_up(accounts: int, found: "list[Otherwise]") -> None:
    others = len({each.account_id for each in found})
    if_a, if_b = sum(each.if_a for each in found), sum(each.if_b for each in found)
    say(f"{others} of {accounts} accounts would have been classified otherwise for a time.")
    say(f"If A is right, B's mistakes cost {if_a:.4g}; if B is right, A's cost {if_b:.4g}.")


def _price(run: "Backtest", truth: "dict[str, Course]") -> None:
    rows = [
        (name, f"{bill.false_years:.1f}", f"{bill.missed_years:.1f}", f"{bill.cost:.4g}")
        for name, bill in zip("AB", run.bills(truth), strict=True)
    ]
    _print(("by the truth", "false client, years", "missed client, years", "cost"), rows)


def _print(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    for line in columns(head, rows):
        say(line)
