"""What the commands that publish a policy share: by whom, and how a publication reads."""

from datetime import datetime
from typing import Annotated

import typer

from cli.output import print_line, printable
from relationship.contract.decisions import Published

By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who publishes; it goes into the audit.")]


def print_published(published: Published) -> None:
    """Say that a policy was published."""
    name = f"{published.id} {published.version}"
    print_line(printable(f"published: {sentence(name, published.effective_at, published.by, published.published_at)}"))


def sentence(name: str, effective_at: datetime, by: str, published_at: datetime) -> str:
    """Return a publication in a few words."""
    since, at = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (effective_at, published_at))
    return f"{name} from {since}, by {by} at {at}"
