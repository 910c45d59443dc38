"""`clientward adapt ADAPTER.toml`: another's topic, to events on the intake."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import FAILED, CommandError
from streams.config.load import load_settings
from streams.config.logs import configure_logs


def adapt(
    file: Annotated[Path, typer.Argument(metavar="ADAPTER.toml", help="The topic to read, and how it is mapped.")],
) -> None:
    """Read another's topic, map it by SQL, and publish events to the intake, until told to stop.

    Reads JSON, and Avro and JSON Schema by a registry; of Debezium's changes, updates and deletions become corrections.
    What does not map goes to the dead letters with its reason. Run it several times with one file to share the partitions.
    """
    try:
        from adapting.run import adapt as run  # noqa: PLC0415 - its libraries are an extra's
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: install clientward[adapt]", FAILED) from None
    settings = load_settings()
    configure_logs(settings)
    run(settings, file)
