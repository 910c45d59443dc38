"""A replay by several processes says what one says: which accounts belong together, and the bytes."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.events import replay as command
from cli.main import run
from relationship.contract.messages import COMMANDS, MOVES, PURCHASES, REFERRALS, TICKETS
from relationship.contract.outcome import POLICIES
from relationship.policy.compiled import load_policy
from simulator import simulate_events
from streams.config.load import load_settings
from streams.wire.lines import Line
from views.offline.replaying import Asked, Fold, Said
from views.offline.replaying_shards import ShardedFold
from views.offline.shards import Groups, named_by

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ACCOUNTS = [f"a{number}" for number in range(8)]
DECIDED = re.compile(rb'"decided_at":"[^"]*"')
SHARDS = 64


def line(topic: str, account: str, **fields: Any) -> Line:
    """Return a line of an account."""
    return Line(topic, account.encode(), json.dumps({"account_id": account, **fields}).encode(), [], None)


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (line(PURCHASES, "a"), set()),
        (line(PURCHASES, "a", referred_by="b"), {b"b"}),
        (line(COMMANDS, "a", command="merge", into="b"), {b"b"}),
        (line(COMMANDS, "a", command="correct", value={"referred_by": "b"}), {b"b"}),
        (line(REFERRALS, "a", referred="b"), {b"b"}),
        (line(MOVES, "a", source="b", through=["c", "d"]), {b"b", b"c", b"d"}),
        (line(PURCHASES, "a", referred_by=7, into=["x"], value="y"), set()),
        (Line(PURCHASES, b"a", b'{"account_id":"a","referred\\u005fby":"b"}', [], None), {b"b"}),
        (Line(PURCHASES, b"a", b'{"referred_by":', [], None), set()),
        (Line(PURCHASES, b"a", None, [], None), set()),
    ],
)
def test_a_line_says_which_accounts_it_names(told: Line, names: set[bytes]) -> None:
    """Whoever referred it, whom it is merged into or moved from, also in a correction, however the JSON is written."""
    assert set(named_by(told)) == names


@given(st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)), max_size=12))
def test_accounts_that_are_linked_share_a_shard(links: list[tuple[str, str]]) -> None:
    """Over however many steps; one that nobody names keeps the shard of its own id."""
    groups = Groups()
    for one, other in links:
        groups.note(line(PURCHASES, one, referred_by=other))
    for one, other in links:
        assert groups.shard(one.encode(), SHARDS) == groups.shard(other.encode(), SHARDS)
    linked = {account for link in links for account in link if len(set(link)) == 2}
    for alone in set(ACCOUNTS) - linked:
        assert groups.shard(alone.encode(), SHARDS) == Groups().shard(alone.encode(), SHARDS)


def event(number: int, kind: str, account: str, other: str) -> bytes:
    """Return one line of a file, of a kind, of an account that may have to do with another one."""
    head = {
        "event_id": f"e{number}",
        "account_id": account,
        "occurred_at": (START + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    purchase = {"amount": "40.00", "currency": "EUR", "kind": "service"}
    by = {"by": "ops", "reason": "a test"}
    told: dict[str, tuple[str, dict[str, Any]]] = {
        "bought": (PURCHASES, head | purchase),
        "referred": (PURCHASES, head | purchase | {"referred_by": other}),
        "asked": (
            TICKETS,
            head | {"ticket_id": f"t{number}", "action": "opened", "kind": "question", "channel": "email"},
        ),
        "merged": (COMMANDS, head | by | {"command": "merge", "into": other}),
        "erased": (COMMANDS, head | by | {"command": "erase"}),
        "overridden": (COMMANDS, head | by | {"command": "override", "status": "client"}),
        "late": (PURCHASES, head | purchase | {"occurred_at": "2019-01-01T00:00:00Z"}),
    }
    if kind == "spoiled":
        return b'{"topic":'
    if kind == "policy":
        return json.dumps({"topic": POLICIES, "value": {"slot": "active"}}).encode()
    topic, value = told[kind]
    return json.dumps({"topic": topic, "value": value}).encode()


KINDS = st.sampled_from(
    ["bought", "bought", "referred", "asked", "merged", "erased", "overridden", "late", "spoiled", "policy"]
)
FILES = st.lists(st.tuples(KINDS, st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)), max_size=25)


def said(replaying: Any, lines: Sequence[bytes]) -> list[tuple[str, list[bytes], Any]]:
    """Return all that a replay says, without the moments of deciding."""
    parts = replaying.lines(enumerate(lines, 1), lambda *_: None), replaying.ends(), replaying.states()

    def plain(each: Said) -> tuple[str, list[bytes], Any]:
        return each.account, [DECIDED.sub(b"", decision) for decision in each.decisions], each.refused

    return [plain(each) for part in parts for each in part]


@pytest.mark.parametrize("states", [False, True])
def test_several_processes_say_what_one_says(states: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Line by line, then account by account; the refusals too, and what was recorded of the firm."""

    @settings(max_examples=15, deadline=None)
    @given(FILES, st.integers(2, 4))
    def check(file: list[tuple[str, str, str]], jobs: int) -> None:
        lines = [event(number, *each) for number, each in enumerate(file, 1)]
        until = int((START + timedelta(days=900)).timestamp() * 1e6)
        asked = Asked(load_settings(), load_policy(), states, until)
        alone, shared = Fold(asked), ShardedFold(asked, jobs, tmp_path_factory.mktemp("shards"))
        assert said(shared, lines) == said(alone, lines)
        for recording in (alone.recording, shared.recording):
            assert recording is not None
        assert recorded(shared.recording) == recorded(alone.recording)

    check()


def recorded(recording: Any) -> tuple[Any, ...]:
    """Return what can be compared of a recording, the order of the accounts included: sums of floats go by it."""
    kept = [(account, seen.masses, seen.contacts, seen.bought) for account, seen in recording.accounts.items()]
    return recording.messages, recording.filled, recording.kinds, recording.contacts, kept


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated file: repeats, late and spoiled records among its lines."""
    file = tmp_path_factory.mktemp("simulated") / "events.jsonl"
    events = simulate_events(3_000, datetime(2026, 6, 1, tzinfo=UTC), 5).events()
    file.write_bytes(
        b"".join(b'{"topic":"%s","value":%s}\n' % (each.topic.encode(), each.value) for each in events if each.value)
    )
    return file


def test_the_command_prints_the_same(simulated: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Decisions on stdout, refusals with their sum and what the policy cannot judge on stderr, and the exit code."""

    def ended(jobs: int) -> tuple[int, bytes, bytes]:
        code = run(["replay", str(simulated), "--strict", "--jobs", str(jobs)])
        out, err = capfdbinary.readouterr()
        return code, DECIDED.sub(b"", out), err

    alone = ended(1)
    assert alone[0] == 1
    assert alone[1].count(b"\n") > 100
    assert b"refused: " in alone[2]
    assert ended(3) == alone


def test_a_process_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own error is raised where the replay was asked for, and no process is left behind."""

    def fail(_: Fold, lines: Iterator[Any], on_progress: Any) -> Iterator[Said]:  # noqa: ARG001 - the method's signature
        raise ValueError("a fold that fails")
        yield

    monkeypatch.setattr(Fold, "placed", fail)
    replaying = ShardedFold(Asked(load_settings(), load_policy()), 2, tmp_path)
    with pytest.raises(ValueError, match="a fold that fails"):
        list(replaying.lines([(1, event(1, "bought", "a1", "a2"))], lambda *_: None))


def test_small_files_and_pipes_need_no_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is piped is folded as it comes; a large file is shared by as many processes as there are cores."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"x" * (command.WORTH_SHARING - 1))
    assert command._jobs([file]) == 1
    assert command._jobs([file, file]) == 3
    assert command._jobs([Path("-"), file, file]) == 1
    assert command._jobs([file, tmp_path / "missing"]) == 1
