"""`clientward dlq redrive` and `discard`: dead letters sent again, or given up."""

import asyncio
from typing import Annotated

import typer

from actions import dead_letters
from actions.dead_letters import LIMIT, Moved, Run
from cli.errors import DONE, FAILED
from cli.look.dlq_options import OfReason, OfTopic, Places, Since, letter_filter
from cli.options import OneJson, print_json
from cli.output import print_line, printable
from streams.config.load import load_settings

By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who does it; it goes into the audit.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="For which reason; it goes into the audit.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="The oldest so many.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]


def redrive(
    places: Places = None,
    reason: OfReason = None,
    topic: OfTopic = None,
    since: Since = None,
    by: By = "",
    why: Why = "",
    limit: Limit = LIMIT,
    rate: Annotated[float | None, typer.Option("--rate", min=0.01, help="A second at most. [no limit]")] = None,
    lateness_days: Annotated[
        int | None,
        typer.Option(
            "--lateness-days", min=1, max=3_650, help="How late these events may be, where the workers allow less."
        ),
    ] = None,
    dry: Dry = False,
    as_json: OneJson = False,
) -> int:
    """Send dead letters again to the topics that they came from, as they were; what was applied already is a repeat.

    Mend first what they were refused for. Needs --by and --why, but for a dry run. A record goes round three times at most,
    and one whose account was erased since stays. Exit code 1 where one had to be left.
    """
    run = Run(
        by=by,
        why=why,
        wanted=letter_filter(places, reason, topic, since),
        limit=limit,
        rate=rate,
        lateness_days=lateness_days,
        dry=dry,
    )
    return _told(asyncio.run(dead_letters.redrive(load_settings(), run)), "redriven", dry=dry, as_json=as_json)


def discard(
    places: Places = None,
    reason: OfReason = None,
    topic: OfTopic = None,
    since: Since = None,
    by: By = "",
    why: Why = "",
    limit: Limit = LIMIT,
    dry: Dry = False,
    as_json: OneJson = False,
) -> int:
    """Give dead letters up: they stay in their topic until its retention is over, and are not listed or redriven again.

    Needs --by and --why, but for a dry run.
    """
    run = Run(by=by, why=why, wanted=letter_filter(places, reason, topic, since), limit=limit, dry=dry)
    return _told(asyncio.run(dead_letters.discard(load_settings(), run)), "discarded", dry=dry, as_json=as_json)


def _told(moved: Moved, verb: str, *, dry: bool, as_json: bool) -> int:
    if as_json:
        print_json(moved)
    else:
        print_line(f"{'would be ' if dry else ''}{verb}: {moved.done:,} of {moved.chosen:,} dead letters")
        for why, count in sorted(moved.left.items()):
            print_line(f"left: {count:,}: {printable(why)}")
    return FAILED if moved.left else DONE
