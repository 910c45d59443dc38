"""`clientward import` run in this process, as from the command line, and what it wrote."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from cli.errors import explain
from cli.events.import_ import import_command

SHARED = Path(os.environ.get("CLIENTWARD_SHARED") or Path(__file__).parents[3] / "shared")


class Imported(NamedTuple):
    """How an import ended: its exit code, the messages by their topics' short names, and the lines on stderr."""

    code: int
    lines: list[tuple[str, dict[str, Any]]]
    told: list[str]

    @property
    def values(self) -> list[dict[str, Any]]:
        """The messages, whatever their topics."""
        return [value for _, value in self.lines]


def run_import(*words: object) -> Imported:
    """Run one import; an error is its one line on stderr and its exit code."""
    app = typer.Typer()
    app.command()(import_command)
    result = CliRunner().invoke(app, list(map(str, words)))
    told = result.stderr.splitlines()
    code = result.exit_code
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        explained = explain(result.exception, "clientward import")
        assert "error of our own" not in explained.lines[0], explained.lines
        told, code = [*told, *explained.lines], explained.code
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return Imported(code, [(line["topic"].split(".")[1], line["value"]) for line in lines], told)


def net(values: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Return sales less refunds by account."""
    sums: dict[str, Decimal] = {}
    for value in values:
        sign = -1 if value.get("entry") == "refund" else 1
        sums[value["account_id"]] = sums.get(value["account_id"], Decimal(0)) + sign * Decimal(value["amount"])
    return sums


def field(name: str) -> Path:
    """Return a file of the shared folder of forms, or skip."""
    path = SHARED / "field" / name
    if not path.exists():
        pytest.skip(f"the files as they come are not here: {path}; CLIENTWARD_SHARED names the folder above them")
    return path
