"""A file that is replayed and the same file sent through Kafka and a worker come to the same: states and decisions.

What may differ, and why:
- `decided_at` is the wall's clock.
- A referral's credit follows its purchase at once in a replay. Live it is a message of its own to another partition, and
  may come behind newer events of the referrer: then it is folded where it belongs, with corrections where it mattered.
- What is sent while a worker listens reaches it in an order of its own, topic against topic. An event may so come late by
  some records, or a late one earlier; decisions told and withdrawn, and with them the numbers of those that stand, then
  differ, as does what was known when a decision was told: its score, its words. Which decisions stand does not.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from live import Live, live

from relationship.classify.transitions import read
from relationship.contract.decisions import to_json
from relationship.contract.times import rfc3339
from relationship.policy.compiled import Policy, load_policy
from relationship.state.record import decode
from relationship.timeline.state_message import state_of
from streams.embedded import RedisServer

DECIDED_AT = re.compile(rb'"decided_at":"[^"]*"')
ACCOUNTS = "300"


class Result(NamedTuple):
    """What came of a file, by account: its state, and the decisions told, in order, without their wall clock."""

    states: dict[str, bytes]
    decisions: dict[str, list[bytes]]


class Head(msgspec.Struct):
    """Whose a message is, and who referred."""

    account_id: str
    referred_by: str | None = None


class Line(msgspec.Struct):
    """A line for `send`."""

    value: Head


def by_account(values: Iterable[bytes]) -> dict[str, list[bytes]]:
    """Gather decisions, as JSON, by account."""
    found = defaultdict(list)
    for value in values:
        found[msgspec.json.decode(value, type=Head).account_id].append(DECIDED_AT.sub(b'"decided_at":""', value))
    return dict(found)


def in_force(decisions: Iterable[bytes]) -> list[tuple[str, ...]]:
    """Return the decisions that stand: neither withdrawn by a correction nor one."""
    told: list[dict[str, Any]] = [msgspec.json.decode(value) for value in decisions]
    withdrawn = {each["supersedes"] for each in told}
    stand = [each for each in told if each["event_id"] not in withdrawn and each["direction"] != "correction"]
    return [tuple(each[name] for name in ("effective_at", "from", "to", "direction", "caused_by")) for each in stand]


def unnumbered(states: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return states without the number of their last decision, which counts the withdrawn ones too."""
    found = {account: msgspec.json.decode(state) for account, state in states.items()}
    for state in found.values():
        del state["transition_seq"]
    return found


def stands(account: str, raw: bytes, policy: Policy) -> bytes:
    """Return the state of a stored record, as it would be published."""
    record = decode(raw)
    return to_json(state_of(account, record, read(record.head, policy).score, policy))


async def streamed(deployment: Live) -> tuple[Result, str]:
    """Return what is in Redis and in the topic once all is folded and no lapse is due, and that moment (RFC 3339)."""
    now_us, records = await deployment.at_rest()
    policy = load_policy()
    states = {account: stands(account, raw, policy) for account, raw in records.items()}
    told = [value async for value in deployment.decisions()]
    return Result(states, by_account(told)), rfc3339(now_us)


async def replayed(deployment: Live, until: str) -> tuple[Result, list[str]]:
    """Return what `replay` prints, the lapses run up to a moment, and the lines that it told on standard error."""
    told = await deployment.run("replay", "events.jsonl", "--as-is", "--until", until)
    states = await deployment.run("replay", "events.jsonl", "--as-is", "--until", until, "--states")
    assert (told.code, states.code) == (0, 0)
    assert told.err == states.err
    by_id = {msgspec.json.decode(line, type=Head).account_id: line for line in states.lines}
    assert len(by_id) == len(states.lines)
    return Result(by_id, by_account(told.lines)), [line for line in told.err if not line.startswith("refused:")]


def referrers(path: Path) -> set[str]:
    """Return the accounts that somebody names as who referred them."""
    lines = (msgspec.json.decode(line, type=Line) for line in path.read_bytes().splitlines())
    return {line.value.referred_by for line in lines if line.value.referred_by}


async def simulate(deployment: Live, *options: str) -> None:
    """Write a file of 300 accounts over two years that end now."""
    done = await deployment.run("simulate", "--accounts", ACCOUNTS, *options, "--out", "events.jsonl")
    assert done.code == 0, done.err


async def test_a_history_is_decided_byte_for_byte_as_its_replay_prints_it(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """A file in order, in the topics before there is a worker: the same states and decisions, to the byte.

    But for the referrers, of whom the decisions that stand are compared.
    """
    assert redis_url == redis.url

    async def history(deployment: Live) -> None:
        await simulate(deployment, "--clean")
        sent = await deployment.run("send", "events.jsonl", "--strict")
        assert sent.code == 0, sent.err

    async with live(kafka_bootstrap, redis, group, tmp_path, history) as deployment:
        live_result, moment = await streamed(deployment)
        file_result, refused = await replayed(deployment, moment)
        assert refused == []
        assert await deployment.dead_letters() == []
    assert unnumbered(live_result.states) == unnumbered(file_result.states)
    credited = referrers(tmp_path / "events.jsonl")
    for account in file_result.states:
        found, wanted = live_result.decisions.get(account, []), file_result.decisions.get(account, [])
        if account in credited:
            assert in_force(found) == in_force(wanted)
        else:
            assert found == wanted
            assert live_result.states[account] == file_result.states[account]
    assert credited
    assert any(b'"to":"client"' in told for told in file_result.decisions["s7-00016"])


async def test_a_faulty_stream_ends_where_its_replay_does(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """A file with repeats, late events and bad records, sent to a worker that listens: the same decisions stand.

    States are the same but for the number of the last decision. Every line is accounted for: what `send` could not key is
    told, and the rest that `replay` refuses is in the dead-letter topic, no more and no less.
    """
    assert redis_url == redis.url
    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        await simulate(deployment)
        sent = await deployment.run("send", "--as-is", "events.jsonl")
        assert sent.code == 0, sent.err
        live_result, moment = await streamed(deployment)
        dead_letters = await deployment.dead_letters()
        file_result, refused = await replayed(deployment, moment)
        records = deployment.records().values()
        seen = await deployment.seen()
    bad_lines = sum(line.startswith("line ") for line in sent.err)
    assert len(refused) == len(dead_letters) + bad_lines
    reasons = sorted(line.split(": ")[1] for line in refused)
    assert reasons == sorted([*(each.reason.value for each in dead_letters), *(["DECODE"] * bad_lines)])
    assert seen.refused == len(dead_letters)
    assert sum(record.repeats for record in records) == seen.repeats > 0
    assert sum(record.applied for record in records) == seen.applied
    assert unnumbered(live_result.states) == unnumbered(file_result.states)
    stand = {account: in_force(told) for account, told in live_result.decisions.items()}
    assert stand == {account: in_force(told) for account, told in file_result.decisions.items()}
