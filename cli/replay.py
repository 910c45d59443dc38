"""`clientward replay`: fold a file of events through the same code as the worker, with no broker."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.mistakes import DONE, FAILED
from cli.output import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relationship.contract.outcome import Outgoing


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="The events, one a line; - reads stdin.")],
    states: Annotated[bool, typer.Option("--states", help="Print the final states instead of the decisions.")] = False,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Let the lapse timers run to this moment (RFC 3339).")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="A policy file; default: the one set.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a line was refused.")] = False,
) -> int:
    """Fold a file of events with no broker, and print one reclassification a line.

    A line is {"topic": …, "value": …} or a CloudEvent; one of crm.policy.published.v1 switches the policy. Refused
    lines are told on stderr; the rest goes on.
    """
    from cli.history import Reader, moment  # noqa: PLC0415 - not for --help
    from relationship.contract.decisions import to_json  # noqa: PLC0415
    from relationship.core import Core  # noqa: PLC0415
    from relationship.policy.compiled import load_policy  # noqa: PLC0415
    from relationship.replay import Replay  # noqa: PLC0415
    from streams.config.load import load_settings  # noqa: PLC0415

    settings = load_settings()
    end = None if until is None else moment(until, "--until")
    core = Core(load_policy(policy or settings.policy_file), settings.lateness_days)
    run, reader = Replay(core), Reader(file, settings, core)
    for number, topic, message in reader.messages():
        refusal, sends = run.fold(topic, message, time.time_ns() // 1000)
        _print(sends, printing=not states)
        if refusal:
            reader.refuse(number, f"{refusal.reason}: {refusal.text}")
    if end is not None:
        _print(run.run_until(end, time.time_ns() // 1000), printing=not states)
    for state in run.states(core.rules) if states else ():
        sys.stdout.write(printable_json(to_json(state).decode()) + "\n")
    return FAILED if strict and reader.refused else DONE


def _print(sends: "Iterable[Outgoing]", *, printing: bool) -> None:
    from relationship.contract.outcome import RECLASSIFIED  # noqa: PLC0415 - not for --help

    for sent in sends:
        if printing and sent.topic == RECLASSIFIED and sent.value is not None:
            sys.stdout.write(printable_json(sent.value.decode()) + "\n")
