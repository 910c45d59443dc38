"""`clientward policy backtest A B FILE.jsonl`: who would have been classified otherwise, when, and at which cost."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.options import JsonLines, open_events, parse_time
from cli.output import columns, print_line, printable_json
from cli.policy.files import PolicyA, PolicyB, policy_at
from relationship.analysis.backtest import Course, Otherwise
from relationship.contract.times import micros, rfc3339
from streams.config.load import load_settings
from views.offline.backtest import Backtest, read_truth
from views.offline.event_file import EventReader

DAY: Final = 10  # characters of an RFC 3339 time that are its day


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
    as_json: JsonLines = False,
) -> None:
    """Fold a history by two policies: who would have been classified otherwise, when, and at which cost.

    The cost is by A's [costs], for each year of a client who is none, and of none who is one.
    """
    known = read_truth(truth) if truth else {}
    settings, end = load_settings(), None if until is None else micros(parse_time(until, "--until"))
    run = Backtest(policy_at(a), policy_at(b), settings)
    with open_events(file) as lines:
        run.fold(EventReader(lines, settings, lines.print_refusal), end)
    found = list(run.otherwise())
    if as_json:
        for each in found:
            print_line(printable_json(json.dumps(_plain(each), ensure_ascii=False)))
        return
    if found:
        _list(found)
    _sum_up(len(run.known), found)
    if known:
        _price(run, known)


def _plain(each: Otherwise) -> dict[str, str | float]:
    span = each.span
    times = {"since": rfc3339(span.since), "until": rfc3339(span.until)}
    costs = {"cost_if_a_is_right": round(each.if_a, 4), "cost_if_b_is_right": round(each.if_b, 4)}
    return {"account_id": each.account_id, **times, "a": span.a, "b": span.b, **costs}


def _list(found: Sequence[Otherwise]) -> None:
    rows = []
    for each in found:
        span = each.span
        days = (rfc3339(span.since)[:DAY], rfc3339(span.until)[:DAY])
        rows.append((each.account_id, *days, span.a, span.b, f"{each.if_a:.3g}", f"{each.if_b:.3g}"))
    _print(("account", "since", "until", "A says", "B says", "costs if A is right", "if B is"), rows)


def _sum_up(accounts: int, found: Sequence[Otherwise]) -> None:
    others = len({each.account_id for each in found})
    if_a, if_b = sum(each.if_a for each in found), sum(each.if_b for each in found)
    print_line(f"{others} of {accounts} accounts would have been classified otherwise for a time.")
    print_line(f"If A is right, B's mistakes cost {if_a:.4g}; if B is right, A's cost {if_b:.4g}.")


def _price(run: Backtest, truth: dict[str, Course]) -> None:
    rows = [
        (name, f"{bill.false_years:.1f}", f"{bill.missed_years:.1f}", f"{bill.cost:.4g}")
        for name, bill in zip("AB", run.bills(truth), strict=True)
    ]
    _print(("by the truth", "false client, years", "missed client, years", "cost"), rows)


def _print(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    for line in columns(head, rows):
        print_line(line)
