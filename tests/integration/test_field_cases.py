"""Small inputs that went wrong in the field, with what is right: in replay, on a worker that listens, and as a backlog.

The files are those of the shared folder's `field/cases`. Accounts get the file's name before theirs, so that one worker can
fold all of them; what is expected stands in `RIGHT`, and what a worker makes of a file must be what `replay` prints.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from live import SHARED, Live, live, run

from relationship.classify.transitions import read
from relationship.contract.outcome import Reason
from relationship.policy.compiled import load_policy
from relationship.timeline.state_message import state_of
from streams.embedded import RedisServer

CASES = SHARED / "field" / "cases"
FILES = sorted(CASES.glob("*.jsonl"))
NAMED = ("account_id", "into", "referred_by")  # fields of a value that hold an account's id
POINTS = 0.01  # of a score, between a worker and a replay of the same file: nothing but rounding

pytestmark = pytest.mark.skipif(
    not FILES, reason=f"there are no cases in {CASES}: CLIENTWARD_SHARED names the folder above"
)

States = dict[str, dict[str, Any]]


def erased(states: States) -> bool:
    """All fifty accounts are gone."""
    return not states


def referral_moved(states: States) -> bool:
    """A has what its own purchase gives and B the credit, as if C had named B at once."""
    return (states["A"]["score"], states["B"]["score"]) == (0.73, 8.47)


RIGHT: dict[str, Callable[[States], bool]] = {
    "16-override-release": lambda states: states["A"]["status"] == "customer",
    "16b-release-before-override": lambda states: states["A"]["status"] == "customer",
    "16f-override-on-merged": lambda states: states.keys() == {"B"} and states["B"]["status"] == "customer",
    "17g-flip-ten-open-at-once": lambda states: {each["status"] for each in states.values()} == {"customer"},
    "17h-flip-one-at-a-time": lambda states: {each["status"] for each in states.values()} == {"customer"},
    "18-graph-id": lambda states: states["A"]["status"] == "customer",
    "20-referral": lambda states: states["A"]["score"] < 1,
    "20b-referrer-corrected": referral_moved,
    "20c-right-from-the-start": referral_moved,
    "21-same-instant-flap": lambda states: states["A"]["status"] == "customer",
    "22-day-told": lambda states: len(states) == 1,
    "25-erase-dated-at-request": erased,
}


def lines_of(file: Path, prefix: str = "") -> list[dict[str, Any]]:
    """Return a file's lines, the accounts' ids behind a prefix."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        for value in (line["value"], line["value"].get("value") or {}):
            value |= {name: prefix + value[name] for name in NAMED if value.get(name)}
    return lines


def states_of(out: list[bytes]) -> States:
    """Return the states that `replay --states` printed, by account."""
    return {state["account_id"]: state for state in map(json.loads, out)}


@pytest.mark.parametrize("options", [[], ["--as-is"]], ids=["in order", "as it is"])
@pytest.mark.parametrize("file", FILES, ids=[each.stem for each in FILES])
async def test_a_case_replays_to_what_is_right(file: Path, options: list[str], tmp_path: Path) -> None:
    """Put in the order of time or taken as it comes."""
    ended = await run("replay", file, "--states", *options, folder=tmp_path)
    assert ended.code == 0
    assert RIGHT[file.stem](states_of(ended.lines)), ended.lines


async def test_no_case_tells_a_correction_for_nothing(tmp_path: Path) -> None:
    """Events of one instant against the order of their ids: one decision."""
    ended = await run("replay", CASES / "21-same-instant-flap.jsonl", "--as-is", folder=tmp_path)
    assert [json.loads(line)["to"] for line in ended.lines] == ["customer"]


async def test_the_reason_names_the_day_in_the_events_own_offset(tmp_path: Path) -> None:
    """Half past midnight in Paris is that day, and not the one before."""
    ended = await run("replay", CASES / "22-day-told.jsonl", folder=tmp_path)
    (line,) = lines_of(CASES / "22-day-told.jsonl")
    assert line["value"]["occurred_at"][:10] in json.loads(ended.lines[0])["why"]


async def send_all(deployment: Live) -> None:
    """Send every case as it is, the oldest first: within a topic what was sent first is folded first."""
    cases = [lines_of(file, f"{file.stem}/") for file in FILES]
    cases.sort(key=lambda lines: min(line["value"]["occurred_at"] for line in lines))
    lines = [line for each in cases for line in each]
    (deployment.folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    sent = await deployment.run("send", "--as-is", "cases.jsonl")
    assert sent.code == 0, sent.err


async def judge(deployment: Live) -> None:
    """Hold the worker's states against what is right, and against the replay's."""
    _, raw = await deployment.at_rest()
    (too_long,) = await deployment.dead_letters()
    assert (too_long.reason, too_long.text) == (Reason.SCHEMA, "$.event_id: longer than 128 characters")
    records, policy = deployment.records(), load_policy()
    assert raw.keys() == records.keys()
    for file in FILES:
        mine = {name.partition("/")[2]: each for name, each in records.items() if name.startswith(f"{file.stem}/")}
        mine = {name: each for name, each in mine.items() if each.merged_into is None}
        replayed = states_of((await deployment.run("replay", file, "--as-is", "--states")).lines)
        assert mine.keys() == replayed.keys(), file.stem
        shown = {name: state_of(name, each, read(each.head, policy).score, policy) for name, each in mine.items()}
        for name, state in shown.items():
            lapsed = state.status == "lapsed"  # the worker's clock has come to today
            assert lapsed or state.status == replayed[name]["status"], (file.stem, name)
        if not replayed:
            assert erased(replayed)


async def test_a_worker_that_listens_comes_to_what_is_right(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Every case, sent to a worker as its file has it."""
    assert redis_url == redis.url
    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        await send_all(deployment)
        await judge(deployment)


async def test_a_backlog_comes_to_what_is_right(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Every case is in Kafka before there is a worker, as it is for another group: folded by event time, nobody revives."""
    assert redis_url == redis.url
    async with live(kafka_bootstrap, redis, group, tmp_path, send_all) as deployment:
        await judge(deployment)
        told = [json.loads(value) async for value in deployment.decisions()]
    assert not [each for each in told if "25-erase" in each["account_id"]]
