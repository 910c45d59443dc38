"""`clientward replay`: fold a file of events through the same code as the worker, with no broker."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import DONE, FAILED
from cli.options import STDIN, AsItIs, open_events, parse_time
from cli.output import print_error, printable_json
from cli.terminal import line_progress
from relationship.analysis.calibration import LEAST, firm_of
from relationship.analysis.findings import advice
from relationship.contract.times import micros
from relationship.policy.compiled import load_policy
from streams.config.load import load_settings
from views.offline.replaying import Asked, Fold, Replaying, Said
from views.offline.replaying_shards import ShardedFold

# Bytes of events from which on several processes are worth their start.
WORTH_SHARING: Final = 4_000_000


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl", help="The events, one a line; - reads stdin.")],
    states: Annotated[bool, typer.Option("--states", help="Print the final states instead of the decisions.")] = False,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Let the lapse timers run to this moment (RFC 3339).")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="A policy file; default: the one set.")] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processes that share the accounts; default: one a core for large files."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a line was refused.")] = False,
    as_is: AsItIs = False,
) -> int:
    """Fold files of events with no broker, and print one reclassification a line.

    A line is {"topic": …, "value": …} or a CloudEvent; one of crm.policy.published.v1 switches the policy. Refused
    lines are told on stderr, and counted by reason at the end; the rest goes on. So is what the policy cannot judge here.
    Several processes say the same as one, and say it at the end.
    """
    settings = load_settings()
    end = None if until is None else micros(parse_time(until, "--until"))
    rules = load_policy(policy or settings.policy_file)
    asked = Asked(settings, rules, states, end)
    with open_events(*files, as_is=as_is) as lines, _replaying(asked, jobs or _jobs(files)) as run:
        with line_progress("replaying") as on_progress:
            for said in run.lines(lines, lambda done, total: on_progress(done, total or lines.total)):
                if said.refused is not None:
                    lines.print_refusal(*said.refused)
                _print([said])
        lines.print_refused()
        recording = run.recording
        if (
            recording is not None
            and len(recording.in_touch()) >= LEAST
            and (found := advice(rules, firm_of(recording)))
        ):
            print_error(found)
        _print(run.ends())
        _print(run.states())
    return FAILED if strict and lines.refused else DONE


def _jobs(files: Iterable[Path]) -> int:
    """Return how many processes are worth it: what is typed in or piped is folded as it comes."""
    if STDIN in files or not all(file.is_file() for file in files):
        return 1
    return len(os.sched_getaffinity(0)) if sum(file.stat().st_size for file in files) >= WORTH_SHARING else 1


@contextmanager
def _replaying(asked: Asked, jobs: int) -> Iterator[Replaying]:
    if jobs == 1:
        yield Fold(asked)
    else:
        with tempfile.TemporaryDirectory(prefix="clientward-replay-") as folder:
            yield ShardedFold(asked, jobs, Path(folder))


def _print(sayings: Iterable[Said]) -> None:
    for said in sayings:
        for decision in said.decisions:
            sys.stdout.write(printable_json(decision.decode()) + "\n")
