"""`clientward replay` as a person runs it, on files that it never saw: the contract's rules, with no server at all."""

import json
import os
import pty
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live import ROOT, Ended, plain_environment, run

from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, TICKETS

START = datetime(2025, 1, 6, 9, tzinfo=UTC)
TYPES = {"purchase": PURCHASES, "ticket": TICKETS, "meeting": MEETINGS, "profile": PROFILES, "command": COMMANDS}
Event = dict[str, Any]


def event(what: str, day: float, account: str = "acme", /, **fields: object) -> Event:
    """Return a line: something that happened so many days into the story."""
    value = {
        "event_id": f"{what}-{account}-{day}",
        "account_id": account,
        "occurred_at": (START + timedelta(days=day)).isoformat(),
        **fields,
    }
    return {"topic": TYPES[what], "value": value}


def purchase(day: float, account: str = "acme", **fields: object) -> Event:
    """Return a purchase of 250 EUR of goods, or as the fields say."""
    return event("purchase", day, account, **{"amount": "250.00", "currency": "EUR", **fields})


def meeting(day: float, kind: str, account: str = "acme", **fields: object) -> Event:
    """Return an hour's meeting in person that the account asked for."""
    told = {"duration_minutes": 60, "channel": "in_person", "initiator": "account", **fields}
    return event("meeting", day, account, meeting_id=f"m-{account}-{day}", kind=kind, **told)


def courtship(account: str = "acme") -> list[Event]:
    """Return how a buyer becomes a client: it asks for advice, plans with us, buys tailored service, comes to reviews."""
    facts = {"industry": "consulting", "party": "business", "market": "business"}
    story = [event("profile", 0, account, **facts), purchase(1, account), purchase(20, account), purchase(40, account)]
    story += [meeting(50, "consultation", account), meeting(58, "planning", account)]
    story += [
        purchase(62, account, kind="service", customised=True),
        meeting(75, "check_in", account, outcome_met=True),
    ]
    story += [meeting(90, "review", account, outcome_met=True), purchase(95, account, kind="advice", customised=True)]
    story += [meeting(110, "planning", account, requirement_change=True), meeting(130, "check_in", account)]
    return story


def as_cloud_event(line: Event) -> Event:
    """Return the same event in CloudEvents' structured mode."""
    value = line["value"]
    attributes = {"specversion": "1.0", "id": value["event_id"], "source": "tests", "time": value["occurred_at"]}
    return {**attributes, "type": line["topic"], "datacontenttype": "application/json", "data": value}


def text(lines: list[Event]) -> bytes:
    """Return a file of lines."""
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


async def replay(folder: Path, lines: list[Event] | bytes, *options: str | Path) -> Ended:
    """Replay a file of lines."""
    file = folder / "story.jsonl"
    file.write_bytes(lines if isinstance(lines, bytes) else text(lines))
    return await run("replay", file, *options, folder=folder)


def told(ended: Ended) -> list[dict[str, Any]]:
    """Return what was printed, one object a line."""
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.lines]


async def test_decisions_are_printed_one_a_line(tmp_path: Path) -> None:
    """A buyer becomes a customer, a candidate, a client: three lines with every field of the contract, numbered."""
    decisions = told(await replay(tmp_path, courtship()))
    assert [(each["from"], each["to"]) for each in decisions] == [
        ("prospect", "customer"),
        ("customer", "candidate"),
        ("candidate", "client"),
    ]
    assert [each["transition_seq"] for each in decisions] == [1, 2, 3]
    for each in decisions:
        assert {"event_id", "decided_at", "confidence", "what_next", "segment", "play", "policy"} <= each.keys()
        assert each["account_id"] == "acme"
        assert each["caused_by"] in {line["value"]["event_id"] for line in courtship()}
        parts = [part["contribution"] for part in each["dimensions"]]
        assert parts == sorted(parts, reverse=True)
        assert sum(parts) == pytest.approx(each["score"])
        assert each["why"].endswith(".")


async def test_states_are_printed_at_the_end(tmp_path: Path) -> None:
    """`--states` prints each account once, with status, score and since, and no decision."""
    states = told(await replay(tmp_path, [*courtship(), purchase(3, "bolt")], "--states"))
    assert [(each["account_id"], each["status"]) for each in states] == [("acme", "client"), ("bolt", "customer")]
    decisions = told(await replay(tmp_path, courtship()))
    assert states[0]["since"] == decisions[-1]["effective_at"]
    assert states[1]["since"] == "2025-01-09T09:00:00Z"
    assert all(0 <= each["score"] <= 100 for each in states)


async def test_a_refused_line_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """One line on standard error for each, with its number and reason, and their sum; exit code 0, or 1 with `--strict`."""
    contradicted = purchase(1, amount="99.00")
    lines = [
        text([purchase(1)]),
        b"{oops\n",
        b"\n",
        text([purchase(2, currency="XQQ"), {"topic": "no.such.topic", "value": {}}, contradicted]),
        text([purchase(2, schema_version="2.0"), purchase(50), purchase(4)]),
    ]
    ended = await replay(tmp_path, b"".join(lines), "--as-is")
    assert [each["to"] for each in told(ended)] == ["customer"]
    *refused, total = ended.err
    assert total == "refused: 2 DECODE, 1 SCHEMA, 1 CONFLICT, 1 VERSION, 1 LATE"
    reasons = [line.split(": ")[:2] for line in refused]
    assert reasons == [
        ["line 2", "DECODE"],
        ["line 4", "SCHEMA"],
        ["line 5", "DECODE"],
        ["line 6", "CONFLICT"],
        ["line 7", "VERSION"],
        ["line 9", "LATE"],
    ]
    strict = await replay(tmp_path, b"".join(lines), "--as-is", "--strict")
    assert strict.code == 1
    assert (len(strict.lines), strict.err) == (1, ended.err)
    assert (await replay(tmp_path, courtship(), "--strict")).code == 0


async def test_cloud_events_and_standard_input_are_the_same(tmp_path: Path) -> None:
    """A CloudEvent, whose type is the topic and whose data is the value, decides as the plain line does, from `-` too."""
    plain = told(await replay(tmp_path, courtship(), "--states"))
    assert told(await replay(tmp_path, [as_cloud_event(line) for line in courtship()], "--states")) == plain
    piped = await run("replay", "-", "--states", folder=tmp_path, stdin=text(courtship()))
    assert told(piped) == plain


async def test_until_lets_the_lapses_come(tmp_path: Path) -> None:
    """Time moves with the events alone; `--until` moves it on to a moment, at which a silent account has lapsed."""
    assert [each["to"] for each in told(await replay(tmp_path, [purchase(1)]))] == ["customer"]
    quiet = told(await replay(tmp_path, [purchase(1)], "--until", "2025-01-20T00:00:00Z"))
    assert [each["to"] for each in quiet] == ["customer"]
    decisions = told(await replay(tmp_path, [purchase(1)], "--until", "2028-01-01T00:00:00+01:00"))
    assert [each["direction"] for each in decisions] == ["promotion", "lapse"]
    assert decisions[1]["caused_by"] == decisions[1]["effective_at"] < "2028"
    states = told(await replay(tmp_path, [purchase(1)], "--until", "2028-01-01T00:00:00Z", "--states"))
    assert [(each["status"], each["since"]) for each in states] == [("lapsed", decisions[1]["effective_at"])]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--until", "tomorrow"), "is no time"),
        (("--until", "2026-01-01T00:00:00"), "offset"),
        (("--policy", "none.toml"), "none.toml"),
    ],
)
async def test_a_wrong_option_is_one_line(tmp_path: Path, options: tuple[str, str], says: str) -> None:
    """A time that is none, or a policy that is not there: one line, a code that is not 0, and nothing printed."""
    ended = await replay(tmp_path, courtship(), *options)
    assert ended.code != 0
    assert (ended.out, len(ended.err)) == (b"", 1)
    assert says in ended.err[0]


async def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """A missing file is named in one line."""
    ended = await run("replay", "missing.jsonl", folder=tmp_path)
    assert ended.code != 0
    assert len(ended.err) == 1
    assert "missing.jsonl" in ended.err[0]


async def test_another_policy_decides_otherwise(tmp_path: Path) -> None:
    """`--policy FILE` with thresholds that nobody reaches: the same history, and the policy named in its decisions."""
    policy = (ROOT / "relationship" / "policy" / "default.toml").read_text(encoding="utf-8")
    stricter = tmp_path / "stricter.toml"
    stricter.write_text(raised(policy), encoding="utf-8")
    decisions = told(await replay(tmp_path, courtship(), "--policy", stricter))
    assert [each["to"] for each in decisions] == ["customer", "candidate"]
    assert {each["policy"]["version"] for each in decisions} == {"stricter"}
    assert told(await replay(tmp_path, courtship(), "--states", "--policy", stricter))[0]["status"] == "candidate"


def raised(policy: str) -> str:
    """Return a policy with the bar for clients at 99 points."""
    lines = policy.splitlines()
    changed = ["client_up = 99" if line.startswith("client_up") else line for line in lines]
    changed = ['version = "stricter"' if line.startswith("version") else line for line in changed]
    assert changed != lines
    return "\n".join(changed) + "\n"


async def test_an_erased_account_has_no_state(tmp_path: Path) -> None:
    """After `erase` the account is absent from the states, and what comes later begins anew as a stranger's."""
    erase = event("command", 140, command="erase", by="privacy desk", reason="asked to")
    others = [purchase(3, "bolt")]
    states = told(await replay(tmp_path, [*courtship(), *others, erase], "--states"))
    assert [each["account_id"] for each in states] == ["bolt"]
    again = told(await replay(tmp_path, [*courtship(), erase, purchase(150)], "--states"))
    assert [(each["account_id"], each["status"]) for each in again] == [("acme", "customer")]
    assert again[0]["transition_seq"] == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_terminal_shows_how_far_it_is_and_a_pipe_does_not(tmp_path: Path, jobs: str) -> None:
    """On standard error, a terminal here: the lines done. What is printed is the decisions alone, in either case."""
    file = tmp_path / "story.jsonl"
    file.write_bytes(text([purchase(1 + number % 300, f"a{number}") for number in range(1_000)]))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cli.main", "replay", str(file), "--jobs", jobs]
    environment = plain_environment(PYTHONPATH=str(ROOT), TERM="xterm", COLUMNS="120")
    shown = bytearray()

    def read() -> None:
        """Read what the terminal is told, as a terminal does: what nobody reads would stop whoever writes it."""
        with suppress(OSError):  # the end of a terminal that nobody has open any more
            while part := os.read(ours, 65_536):
                shown.extend(part)

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        reading = threading.Thread(target=read)
        reading.start()
        out, _ = process.communicate(timeout=120)
        reading.join()
    os.close(ours)
    assert process.returncode == 0
    assert b"replaying" in shown
    assert b" lines" in shown
    decisions = [json.loads(line) for line in out.splitlines()]
    assert len(decisions) == 1_000
