"""The command line with no server: help, mistakes and their exit codes, and text that is safe on a terminal."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cli.commands import COMMANDS, LOOK, POLICY, Command
from cli.errors import explain
from cli.lazy import load
from cli.main import COMPLETION, NOISY, run
from cli.output import printable, printable_json
from cli.terminal import sentence
from views.base.decisions import read_decision

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


SLOW = {"aiokafka", "faust", "msgspec", "redis", "relationship", "rich", "streams", "views"}


def imported(*arguments: str, **environment: str) -> set[str]:
    """Run a command line in a process of its own; return the modules that it had imported in the end."""
    code = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
        "from cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["policy", "--help"], ["--version"]])
def test_the_list_of_commands_imports_none_of_them(arguments: list[str]) -> None:
    """Help that only lists commands imports nothing slow: no command, no library but typer, nothing of other rooms."""
    found = imported(*arguments)
    assert "cli.main" in found
    assert not SLOW & found
    families = {f"cli.{family}" for family in ("demo", "events", "look", "policy", "serving", "setup")}
    assert not families & found


def test_only_the_command_that_is_run_is_imported() -> None:
    """The help of one command brings that command's module, and no other's."""
    found = {name for name in imported("policy", "check", "--help") if name.startswith("cli.")}
    assert {name for name in found if name.count(".") == 2} == {"cli.policy.check"}


def test_the_help_of_import_imports_nothing_that_reads_files_or_sends() -> None:
    """What the extra brings, and Kafka's client, are imported when a file is read or sent, not before."""
    found = {name.partition(".")[0] for name in imported("import", "--help")}
    assert "importing" in found
    assert not found & {"duckdb", "numpy", "python_calamine", "icalendar", "dateutil", "aiokafka", "faust", "redis"}


#: Commands under "Look" that are no question: a screen, and what changes something.
NO_ANSWER = {"top", "deliveries redrive", "deliveries pause", "deliveries resume", "deliveries replay"}


def test_every_question_can_be_had_as_json() -> None:
    """What looks at something takes `--json`, the commands of groups too, and so do plans, settings and policies."""
    found = {}
    for command in COMMANDS:
        if command.panel == LOOK or command.name in {"doctor", "settings", "backup", "restore", "reset"}:
            real = load(command, None)
            for name, each in getattr(real, "commands", {"": real}).items():
                found[f"{command.name} {name}".strip()] = {option for param in each.params for option in param.opts}
    for name, target in (("policy", "list"), ("policy", "differences"), ("topics", "plan")):
        group = load(next(command for command in COMMANDS if command.name == name), None)
        real = next((load(each, None) for each in POLICY if name == "policy" and each.name == target), None)
        real = real or group.commands[target]
        found[f"{name} {target}"] = {option for param in real.params for option in param.opts}
    assert len(found) > 20
    assert {name for name, options in found.items() if "--json" not in options} == NO_ANSWER


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("clientward do", {"doctor"}),
        ("clientward policy ba", {"backtest"}),
        ("clientward dlq list --re", {"--reason"}),
        ("clientward res", {"reset", "restore"}),
        ("clientward to", {"top", "topics"}),
        ("clientward backup --j", {"--json"}),
        ("clientward restore --o", {"--over"}),
        ("clientward reset --t", {"--to", "--topic"}),
        ("clientward demo --p", {"--plain"}),
        ("clientward top --e", {"--every"}),
        ("clientward audit --outcome ref", {"refused"}),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, completed: set[str]) -> None:
    """Names of commands, of a group's commands, of options and their values, each as a shell asks for them."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main"],
        check=True,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            COMPLETION: "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
    )
    assert set(done.stdout.split()) == completed
    assert done.stderr == ""


def test_completing_a_command_s_name_imports_no_command() -> None:
    """A shell that asks for the commands hears them at once."""
    found = imported(**{COMPLETION: "complete_bash", "COMP_WORDS": "clientward ", "COMP_CWORD": "1"})
    assert "cli.commands" in found
    assert not SLOW & found


def test_a_shell_s_script_can_be_had(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`--show-completion` prints what a shell has to read, and names the variable that `clientward` answers to.

    Which shell it is called from is asked of the processes above it, of which a test may have none that is a shell.
    """
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    with pytest.raises(SystemExit) as ended_with:
        run(["--show-completion"])
    assert ended_with.value.code == 0
    assert COMPLETION in capsys.readouterr().out


def listed(commands: Iterable[Command]) -> Iterator[Command]:
    """Yield every command of the table, those of its groups too."""
    for command in commands:
        yield command
        yield from listed(command.commands)


@pytest.mark.parametrize("command", [*listed(COMMANDS)], ids=lambda command: command.name)
def test_the_table_says_what_the_command_says(command: Command) -> None:
    """The text that the list of commands shows is the first paragraph of the command's own help."""
    (first, *_) = (load(command, None).help or "").split("\n\n")
    assert " ".join(first.split()) == command.help


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
    assert (
        sentence(read_decision(value.encode())).plain
        == "2026-01-02 03:04  a\\x1b1  customer → client  71  meets monthly"
    )


@pytest.mark.parametrize("value", [None, b"nope", b"[]", b'{"from":1}', b"\xff"])
def test_a_strange_record_does_not_stop_tail(value: bytes | None) -> None:
    """A record that is no reclassification gets a line of its own."""
    assert "no reclassification" in sentence(read_decision(value)).plain


def test_a_command_can_return_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that a command returns is the exit code."""
    (tmp_path / "bad.jsonl").write_text("nope\n", encoding="utf-8")
    code, out, err = ended(capsys, "replay", "--strict", "bad.jsonl")
    assert (code, out, len(err)) == (1, "", 1)
