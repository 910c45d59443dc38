"""`clientward policy check FILE`: the mistakes in a policy file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import DONE, FAILED, WRONG_USE, CommandError
from cli.options import open_events
from cli.output import print_error, print_line, printable
from relationship.analysis.calibration import firm_of
from relationship.analysis.findings import advice, reached
from relationship.policy.check import mistakes_in
from relationship.policy.compiled import Policy, load_policy
from streams.config.load import load_settings
from views.offline.recordings import recording_of


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="EVENTS.jsonl", help="A firm's events: tell how many of the 100 points they can reach."),
    ] = None,
) -> int:
    """Name file, line and field of every mistake in a policy. contracts/policy.schema.json lets an editor do so too."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: not UTF-8; a policy is a TOML file", WRONG_USE) from error
    found = mistakes_in(text)
    for mistake in found:
        place = ".".join(mistake.path) or "text"
        print_error(printable(f"{file}:{mistake.line}: {place}: {mistake.text}"))
    if found:
        return FAILED
    policy = load_policy(file)
    print_line(printable(f"{file}: {policy.id} {policy.version} is a policy"))
    if against is not None:
        _tell_reach(against, policy)
    return DONE


def _tell_reach(events: Path, policy: Policy) -> None:
    """Tell how many points the events of a firm can reach under a policy, and what to do."""
    with open_events(events, as_is=True) as lines:
        recording = recording_of(lines, policy, load_settings(), lines.print_refusal)
    firm = firm_of(recording)
    print_line(printable(advice(policy, firm) or reached(policy, firm)))
