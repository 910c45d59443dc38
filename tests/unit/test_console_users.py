"""The file of users, the lock-out's waits, and the small computations of the pages."""

import json
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import run
from cli.serving.console import console_app
from console.access.lockout import LONGEST_SECONDS, Lockout
from console.access.users import ONCE_SECONDS, Known, Users, UsersError
from console.drawing import FLOW_HEIGHT, GAP, bands, trend
from console.pages.now import event
from console.run import ConsoleError, serve
from console.templating import seconds, size
from console.worker_metrics import quantile
from streams.config.settings import Settings

SECRET = "correct horse battery"


class Clock:
    """A clock that a test moves."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_a_password_is_kept_as_a_hash_in_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    """argon2id, mode 0600, and the right password is known again."""
    path = tmp_path / "deep" / "users.json"
    Users(path).add("ann", "operator", SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text(encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8"))["users"]["ann"]["password"].startswith("$argon2id$")
    users = Users(path)
    assert users.check("ann", SECRET) == Known("ann", "operator")
    assert users.check("ann", SECRET + " ") is None
    assert users.check("bob", SECRET) is None
    assert users.check("ann", "x" * 100_000) is None


@pytest.mark.parametrize(
    ("mode", "content"), [(0o640, "{}"), (0o604, "{}"), (0o600, "{"), (0o600, '{"users": {"a": {}}}')]
)
def test_a_file_that_others_can_read_or_nobody_is_refused(tmp_path: Path, mode: int, content: str) -> None:
    """In one line that names it and says what to do."""
    path = tmp_path / "users.json"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(UsersError, match=r"users\.json"):
        Users(path)


@pytest.mark.parametrize("name", ["", "Ann", "a b", "<b>", "a\n", "../a", "x" * 65])
def test_a_name_or_a_password_that_does_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    """Names are plain, and passwords long."""
    users = Users(tmp_path / "users.json")
    with pytest.raises(UsersError, match="name"):
        users.add(name, "viewer", SECRET)
    for secret in ("short", "x" * 257):
        with pytest.raises(UsersError, match="12 to 256"):
            users.add("ann", "viewer", secret)


def test_a_one_time_code_lets_in_once_and_not_late(tmp_path: Path) -> None:
    """As whom it was made; used up, guessed or too old it is nothing."""
    clock = Clock()
    users = Users(tmp_path / "users.json", clock)
    first, late = users.add_once("demo", "admin"), users.add_once("demo", "admin")
    assert first not in (tmp_path / "users.json").read_text(encoding="utf-8")
    assert users.redeem("guess") is None
    assert users.redeem(first) == Known("demo", "admin", once=True)
    assert users.redeem(first) is None
    clock.now += ONCE_SECONDS + 1
    assert users.redeem(late) is None


def test_waits_double_and_are_forgotten() -> None:
    """1, 2, 4 … seconds, a quarter of an hour at most; an hour after the last failure nothing is left."""
    clock = Clock()
    lockout = Lockout(clock)
    waits = []
    for _ in range(20):
        lockout.failed("ann", "1.1.1.1")
        waits.append(lockout.wait("ann", "2.2.2.2"))
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_SECONDS
    assert lockout.wait("bob", "1.1.1.1") == 1
    lockout.succeeded("ann")
    assert lockout.wait("ann", "2.2.2.2") == 0
    clock.now += 3_601
    assert lockout.wait("bob", "1.1.1.1") == 0


def test_the_command_line_keeps_users(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Added by a line of stdin, listed, given a code, removed."""
    file = ["--users", str(tmp_path / "users.json")]
    runner = CliRunner()
    assert (
        runner.invoke(console_app, ["user", "add", "ann", "--role", "admin", *file], input=SECRET + "\n").exit_code == 0
    )
    assert run(["console", "user", "once", "bob", *file]) == 0
    code = capfd.readouterr().out.strip()
    assert Users(tmp_path / "users.json").redeem(code) == Known("bob", "viewer", once=True)
    assert run(["console", "user", "list", "--json", *file]) == 0
    assert json.loads(capfd.readouterr().out) == {"ann": "admin"}
    assert run(["console", "user", "remove", "ann", *file]) == 0
    assert run(["console", "user", "remove", "ann", *file]) == 2
    assert run(["console", "user", "once", "bob", "--role", "king", *file]) == 2
    assert capfd.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("url", ["http://console.example", "ftp://x", "console.example", "https://x/path"])
def test_a_console_that_would_show_passwords_to_the_network_is_not_served(tmp_path: Path, url: str) -> None:
    """Plain HTTP is for loopback; else TLS ends in front, and the address says so."""
    with pytest.raises(ConsoleError, match="https://"):
        serve(Settings(), tmp_path / "users.json", "127.0.0.1", 1, url=url, idle_seconds=60.0)


def test_a_port_that_another_has_ends_it_as_it_ends_the_other_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, as of intake and advise: nothing was misused, and the line says what to do."""
    monkeypatch.setenv("CLIENTWARD_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(["console", "--port", str(port), "--users", str(tmp_path / "users.json")]) == 1
    assert capfd.readouterr().err == (
        f"clientward: cannot serve at 127.0.0.1:{port}: Address already in use; give another --host or --port\n"
    )


def test_latencies_come_from_the_buckets_between_two_looks() -> None:
    """As Prometheus has it; of no decision there is none, and a restarted worker counts from nought."""
    then = {0.1: 10.0, 0.5: 10.0, float("inf"): 10.0}
    now = {0.1: 60.0, 0.5: 109.0, float("inf"): 110.0}
    assert quantile(now, then, 0.5) == pytest.approx(0.1)
    assert quantile(now, then, 0.99) == pytest.approx(0.5)
    assert quantile(now, {}, 1.0) == pytest.approx(0.5)
    assert quantile(then, now, 0.5) is None
    assert quantile(now, now, 0.5) is None
    assert quantile({}, {}, 0.5) is None


def test_what_is_sent_live_is_one_event_whatever_its_text() -> None:
    """No text can end its event and begin another."""
    text = event("lag", "<p>a\n\n\revent: ended\ndata: x</p>\n")
    assert text.count("\n\n") == 1
    assert [line for line in text.splitlines() if not line.startswith(("event: lag", "data: "))] == [""]
    assert event("ended", "") == "event: ended\ndata:\n\n"
    assert trend([0, 5, 10]) == "0.0,36.0 120.0,18.0 240.0,0.0"
    assert trend([1]) == ""


def test_bands_between_statuses_keep_every_account() -> None:
    """What leaves at the left comes in at the right, each status as high as what it stands for."""
    nodes, drawn = bands({("a", "b"): 30, ("a", "c"): 10, ("b", "c"): 60}, ("a", "b", "c"))
    assert {(each.source, each.target): each.size for each in drawn} == {("a", "b"): 30, ("a", "c"): 10, ("b", "c"): 60}
    left = {each.name: each for each in nodes if each.x == 0}
    assert {name: each.size for name, each in left.items()} == {"a": 40, "b": 60}
    assert left["a"].height / left["b"].height == pytest.approx(40 / 60)
    assert sum(each.height for each in left.values()) == pytest.approx(FLOW_HEIGHT - 2 * GAP)
    assert bands({}, ("a",)) == ([], [])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 s"),
        (0.0421, "42 ms"),
        (1.5, "1.5 s"),
        (300, "5 min"),
        (7_300.0, "2 h"),
        (200_000, "2 d"),
    ],
)
def test_spans_are_told_in_the_unit_that_says_enough(value: Any, shown: str) -> None:
    """From milliseconds to days."""
    assert seconds(value) == shown
    assert size(1_536) == "1.5 kB"
