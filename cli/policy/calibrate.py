"""`clientward policy calibrate`: a policy made a firm's own, by its events and without labels."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import WRONG_USE, CommandError
from cli.options import open_events
from cli.output import print_error, print_line, printable
from cli.policy.files import DEFAULT, text_of
from relationship.analysis.calibration import calibrated_text, firm_of
from relationship.analysis.findings import findings
from relationship.analysis.recording import Recording
from relationship.policy.compiled import Policy, parse_policy
from streams.config.load import load_settings
from views.offline.recordings import recording_of
from views.policies.recordings import recording_of_topics


def calibrate(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the policy.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="EVENTS.jsonl", help="The firm's events, as for replay; - reads stdin."),
    ] = None,
    from_topics: Annotated[
        bool, typer.Option("--from-topics", help="Take the events that the intake topics hold now instead.")
    ] = False,
    base: Annotated[Path, typer.Option(metavar="FILE", help="The policy to begin with.")] = DEFAULT,
) -> None:
    """Measure how a firm records, without labels, and write a policy that is its own, with the reasons.

    What its events cannot say leaves the sum, and what is much is measured here. Say what it found.
    """
    if out.exists() and base.exists() and out.samefile(base):
        raise CommandError(f"--out {out} is the base: give another path, so that the two can be compared", WRONG_USE)
    text = text_of(base)
    policy = parse_policy(text, str(base))
    if from_topics == bool(files):
        raise CommandError("give either EVENTS.jsonl or --from-topics", WRONG_USE)
    recording = _of_files(files, policy) if files else _of_topics(policy)
    written = calibrated_text(recording, text)
    for sentence in findings(recording, firm_of(recording), policy):
        print_line(printable(f"{sentence[:1].upper()}{sentence[1:]}."))
    out.write_bytes(written.encode())
    after = parse_policy(written, str(out))
    print_line(
        printable(f"wrote {out}, {after.id} {after.version}: look it over with `clientward policy diff`, backtest it")
    )


def _of_files(files: list[Path], policy: Policy) -> Recording:
    with open_events(*files, as_is=True) as lines:
        recording = recording_of(lines, policy, load_settings(), lines.print_refusal)
        lines.print_refused()
    return recording


def _of_topics(policy: Policy) -> Recording:
    recording, refused = asyncio.run(recording_of_topics(load_settings(), policy))
    if refused:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in refused.most_common())
        print_error(f"left out what is refused: {reasons}; `clientward dlq list` has the records")
    return recording
