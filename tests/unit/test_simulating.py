"""`clientward simulate` writes the simulator's records as lines, and their truth beside them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.errors import explain
from cli.events.simulate import simulate_command

END = ("--end", "2025-06-01T00:00:00Z")


@pytest.fixture
def app() -> typer.Typer:
    """Return a command line with only this command."""
    only = typer.Typer()
    only.command("simulate")(simulate_command)
    return only


def test_lines_and_truth(app: typer.Typer, tmp_path: Path) -> None:
    """Every account of the lines is in the truth, with its facts and the phases that it went through."""
    truth, out = tmp_path / "truth.jsonl", tmp_path / "out.jsonl"
    options = ("--accounts", "40", "--seed", "3", "--clean", "--truth", str(truth), "--out", str(out))
    assert CliRunner().invoke(app, [*END, *options]).exit_code == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    truths = {told["account_id"]: told for told in map(json.loads, truth.read_text(encoding="utf-8").splitlines())}
    assert len(truths) == 40
    assert {line["value"]["account_id"] for line in lines} <= set(truths)
    assert all(told["persona"] and told["industry"] and told["phases"] for told in truths.values())


def test_stdout_and_the_number_of_events(app: typer.Typer) -> None:
    """Without --out the lines go to stdout, and --events chooses the number of accounts."""
    result = CliRunner().invoke(app, [*END, "--events", "500", "--seed", "1", "--clean"])
    assert result.exit_code == 0
    assert 500 <= len(result.stdout_bytes.splitlines()) < 900
    assert "accounts, seed 1, up to 2025-06-01T00:00:00+00:00" in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--end", "soon"], "--end 'soon' is no time"),
        (["--end", "2025-06-01T00:00:00"], "has no offset"),
        ([*END, "--accounts", "1", "--out", "/nowhere/at/all"], "/nowhere/at/all: no such file or directory"),
    ],
)
def test_a_mistake_gets_one_line(app: typer.Typer, options: list[str], told: str) -> None:
    """A wrong time or file is told in one line with exit code 2."""
    result = CliRunner().invoke(app, options)
    assert result.exception is not None
    lines, code = explain(result.exception, "clientward simulate")
    assert (len(lines), code) == (1, 2)
    assert told in lines[0]
