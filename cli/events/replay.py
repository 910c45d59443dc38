"""`clientward replay`: fold a file of events through the same code as the worker, with no broker."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import DONE, FAILED
from cli.options import AsItIs, open_events, parse_time
from cli.output import print_error, printable_json
from relationship.analysis.calibration import LEAST, firm_of
from relationship.analysis.findings import advice
from relationship.analysis.recording import Recording
from relationship.contract.decisions import to_json
from relationship.contract.outcome import RECLASSIFIED, Outgoing
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from streams.config.load import load_settings
from views.offline.event_file import EventReader, fold


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl", help="The events, one a line; - reads stdin.")],
    states: Annotated[bool, typer.Option("--states", help="Print the final states instead of the decisions.")] = False,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Let the lapse timers run to this moment (RFC 3339).")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="A policy file; default: the one set.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a line was refused.")] = False,
    as_is: AsItIs = False,
) -> int:
    """Fold files of events with no broker, and print one reclassification a line.

    A line is {"topic": …, "value": …} or a CloudEvent; one of crm.policy.published.v1 switches the policy. Refused
    lines are told on stderr, and counted by reason at the end; the rest goes on. So is what the policy cannot judge here.
    """
    settings = load_settings()
    end = None if until is None else micros(parse_time(until, "--until"))
    rules = load_policy(policy or settings.policy_file)
    core, recording = Core(rules, settings.lateness_days), None if rules.source.firm else Recording(rules)
    run = Replay(core)
    with open_events(*files, as_is=as_is) as lines:
        reader = EventReader(lines, settings, lines.print_refusal, core, recording)
        for sends in fold(run, reader, lambda _: _now()):
            _print(sends, printing=not states)
        lines.print_refused()
    if recording is not None and len(recording.in_touch()) >= LEAST and (said := advice(rules, firm_of(recording))):
        print_error(said)
    if end is not None:
        _print(run.run_until(end, _now()), printing=not states)
    for state in run.states(core.rules) if states else ():
        sys.stdout.write(printable_json(to_json(state).decode()) + "\n")
    return FAILED if strict and reader.refused else DONE


def _now() -> int:
    """Return the wall-clock time, in µs since the epoch."""
    return time.time_ns() // 1000


def _print(sends: Iterable[Outgoing], *, printing: bool) -> None:
    for sent in sends:
        if printing and sent.topic == RECLASSIFIED and sent.value is not None:
            sys.stdout.write(printable_json(sent.value.decode()) + "\n")
