"""Which dead letters are meant: the options that the commands of `clientward dlq` share."""

import re
from typing import Annotated, Final

import typer

from cli.errors import WRONG_USE, CommandError
from cli.options import parse_time
from relationship.contract.outcome import Reason
from streams.wire.redriving import LetterFilter, Place

Places = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PLACE]...", help="Only these: partition/offset, as `dlq show` begins with.", show_default=False
    ),
]
OfReason = Annotated[Reason | None, typer.Option("--reason", case_sensitive=False, help="Only these.")]
OfTopic = Annotated[str | None, typer.Option("--topic", help="Only those that stood in this topic.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only those refused from this time on.")]

PLACE: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,18})")


def letter_filter(
    places: list[str] | None, reason: Reason | None, topic: str | None, since: str | None, *, settled: bool = False
) -> LetterFilter:
    """Return the filter that the options ask for. Raises CommandError."""
    return LetterFilter(
        reason=reason,
        topic=topic,
        since=None if since is None else parse_time(since, "--since"),
        places=frozenset(map(_place, places)) if places else None,
        settled=settled,
    )


def _place(text: str) -> Place:
    found = PLACE.fullmatch(text)
    if found is None:
        line = f"{text!r} is no place of a dead letter; give partition/offset, as `clientward dlq show` begins with"
        raise CommandError(line, WRONG_USE)
    return int(found[1]), int(found[2])
