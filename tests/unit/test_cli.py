"""The command line with no server: help, mistakes and their exit codes, and text that is safe on a terminal."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import COMMANDS, NOISY, run
from cli.mistakes import explain
from cli.output import printable, printable_json
from cli.tail import sentence

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty folder, no CLIENTWARD_ variable, and the loggers as they were afterwards."""
    for name in [name for name in os.environ if name.startswith("CLIENTWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    levels = {name: logging.getLogger(name).level for name in NOISY}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    """Run a command line; return its exit code, its output and the lines on stderr."""
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err.splitlines()


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` lists all commands and the exit codes."""
    code, out, err = ended(capsys, "--help")
    assert (code, err) == (0, [])
    assert "0 done, 1 failed, 2 wrong use" in out
    for name in ("settings", "topics", "doctor", "send", "tail", "dlq", "account", "worker"):
        assert f"  {name} " in out


@pytest.mark.parametrize("command", [command.name for command in COMMANDS if command.name != "demo"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command says what it does."""
    code, out, err = ended(capsys, command, "--help")
    assert (code, err) == (0, [])
    assert f"Usage: clientward {command}" in out


def test_help_is_fast() -> None:
    """Nothing slow is imported for the help: the best of three starts takes less than 0.5 s of the processor."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    best = min(_processor_seconds(environment) for _ in range(3))
    assert best < 0.5


def _processor_seconds(environment: dict[str, str]) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "cli.main", "--help"], check=True, stdout=subprocess.DEVNULL, env=environment)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_help_imports_nothing_slow() -> None:
    """Faust, aiokafka and redis stay out of `--help`."""
    code = "import sys; from cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert not {"faust", "aiokafka", "redis"} & set(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "No such command 'nope'; see `clientward --help`"),
        (["topics", "plan", "--nope"], "No such option: --nope; see `clientward topics plan --help`"),
        (["send"], "Missing argument 'FILE.jsonl'; see `clientward send --help`"),
        (["tail", "--limit", "x"], "--limit"),
        (["dlq", "list", "--reason", "nope"], "--reason"),
        (["send", "nowhere.jsonl"], "nowhere.jsonl: no such file or directory; give another path"),
        (["send", "."], ".: is a directory; give another path"),
    ],
)
def test_wrong_use_is_one_line_and_2(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use gives one line on stderr that says what to do, nothing on stdout, and exit code 2."""
    code, out, err = ended(capsys, *arguments)
    assert (code, out, len(err)) == (2, "", 1)
    assert err[0].startswith("clientward: ")
    assert told in err[0]


def test_group_without_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`clientward topics` alone shows what there is, and counts as wrong use."""
    code, _, err = ended(capsys, "topics")
    assert code == 2
    assert any("apply" in line for line in err)


def test_bad_settings_are_lines_and_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake in the settings is a line; the command does not run."""
    monkeypatch.setenv("CLIENTWARD_PARTITIONS", "x")
    monkeypatch.setenv("CLIENTWARD_WEB_PORT", "y")
    code, out, err = ended(capsys, "topics", "plan")
    assert (code, out, len(err)) == (2, "", 2)


@pytest.mark.parametrize("arguments", [["topics", "plan"], ["tail"], ["dlq", "list"], ["send", "file.jsonl"]])
def test_kafka_away_is_one_line_and_1(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broker that does not answer is named, with what to do; no library writes beside it."""
    Path("file.jsonl").write_text("", encoding="utf-8")
    monkeypatch.setenv("CLIENTWARD_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    code, _, err = ended(capsys, *arguments)
    assert code == 1
    assert err == [
        "clientward: Kafka does not answer at 127.0.0.1:1: start it, or set CLIENTWARD_KAFKA_BOOTSTRAP and the login"
    ]


def test_redis_away_is_one_line_and_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """So is a Redis, without its password."""
    monkeypatch.setenv("CLIENTWARD_REDIS_URL", "redis://u:canary@127.0.0.1:1/0")
    code, _, err = ended(capsys, "account", "show", "a")
    assert code == 1
    assert err == [
        "clientward: Redis does not answer at redis://u:********@127.0.0.1:1/0: start it, or set CLIENTWARD_REDIS_URL"
    ]


def test_settings_are_shown_masked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`clientward settings` shows every value and its origin, in each form without the secrets."""
    monkeypatch.setenv("CLIENTWARD_KAFKA_PASSWORD", "canary")
    monkeypatch.setenv("CLIENTWARD_REDIS_URL", "redis://:canary@h:1/0")
    for arguments in (["settings"], ["settings", "--json"], ["settings", "--explain"]):
        code, out, err = ended(capsys, *arguments)
        assert (code, err) == (0, [])
        assert "canary" not in out
        assert "CLIENTWARD_REDIS_URL" in out


def test_an_error_of_our_own_is_one_line_with_its_details_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is named in one line; the traceback is in a file for a report."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = explain(ZeroDivisionError("by\nzero"), "clientward")
    [line], [details] = told.lines, list(tmp_path.iterdir())
    assert told.code == 1
    assert "ZeroDivisionError" in line
    assert str(details) in line
    assert "by\nzero" in details.read_text(encoding="utf-8")


def test_closed_pipe_is_quiet() -> None:
    """`clientward settings | head -0` prints no complaint."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "settings"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("账户 👩‍🚀 é", "账户 👩‍🚀 é"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\x00\x7f\x9b", "a\\nb\\x00\\x7f\\x9b"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\ud800", "\\ud800"),
        ("<script>[bold]", "<script>[bold]"),
    ],
)
def test_foreign_text_is_escaped(text: str, shown: str) -> None:
    """Nothing that a terminal acts on passes; scripts and emoji do."""
    assert printable(text) == shown


def test_foreign_json_keeps_its_value() -> None:
    """Escaped JSON is the same JSON."""
    text = '{"a":"\u202e\x9b\U000e0041é"}'
    assert printable_json(text) == '{"a":"\\u202e\\u009b\\udb40\\udc41é"}'


def test_a_reclassification_is_a_readable_line() -> None:
    """`tail` shows when, who, from, to, the score and why, with foreign text escaped."""
    value = (
        '{"account_id":"a\\u001b1","from":"customer","to":"client","effective_at":"2026-01-02T03:04:05Z",'
        '"score":71.4,"why":"meets monthly"}'
    )
    assert sentence(value.encode()).plain == "2026-01-02 03:04  a\\x1b1  customer → client  71  meets monthly"


@pytest.mark.parametrize("value", [None, b"nope", b"[]", b'{"from":1}', b"\xff"])
def test_a_strange_record_does_not_stop_tail(value: bytes | None) -> None:
    """A record that is no reclassification gets a line of its own."""
    assert "no reclassification" in sentence(value).plain


def test_a_command_can_return_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that a command returns is the exit code."""
    (tmp_path / "bad.jsonl").write_text("nope\n", encoding="utf-8")
    code, out, err = ended(capsys, "replay", "--strict", "bad.jsonl")
    assert (code, out, len(err)) == (1, "", 1)
