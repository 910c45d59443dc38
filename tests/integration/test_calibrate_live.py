"""A policy calibrated on what the topics hold, and a worker that tells what it was calibrated on."""

import json
from pathlib import Path

import msgspec
from engine_support import Event, make_settings, running, send, settled
from live import plain_environment, run
from story import Told, meeting, purchase, ticket

from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.health.doctor import examine

NO_EVENT = b"{}"


def lives(count: int = 25) -> list[Told]:
    """A year of so many accounts in touch, by topic and not in the order in which it happened."""
    accounts, weeks = [f"a{number}" for number in range(count)], range(1, 50, 6)
    return [
        *(purchase(1, f"{a}-p", a) for a in accounts),
        *(ticket(7 * w + 1, f"{a}-t{w}", a, kind="advice" if w % 4 else "feedback") for a in accounts for w in weeks),
        *(meeting(7 * w, f"{a}-m{w}", a, kind="planning", outcome_met=True) for a in accounts for w in weeks),
    ]


async def test_the_topics_make_the_policy_that_a_file_of_the_same_events_makes(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Byte for byte; refused records are left out and told, the doctor and a worker's metrics tell what it measured."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    told = lives()
    events: list[Event] = [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told]
    rows = [f'{{"topic": "{topic}", "value": {(value or b"").decode()}}}' for topic, _, value in events]
    (tmp_path / "events.jsonl").write_text("\n".join(rows), encoding="utf-8")
    await send(settings, [*events, (events[0][0], "a0", NO_EVENT)])
    environment = plain_environment(
        CLIENTWARD_KAFKA_BOOTSTRAP=settings.kafka_bootstrap,
        CLIENTWARD_REDIS_URL=settings.redis_url.get_secret_value(),
        CLIENTWARD_GROUP=settings.group,
        CLIENTWARD_PARTITIONS=str(settings.partitions),
    )
    of_topics = ["policy", "calibrate", "--from-topics", "--out", "topics.toml"]
    measured = await run(*of_topics, folder=tmp_path, environment=environment)
    assert measured.code == 0, measured.err
    assert "left out what is refused: 1 " in " ".join(measured.err)
    assert "25 accounts with 25 purchases, 225 tickets, 225 meetings" in b" ".join(measured.lines).decode()
    of_file = ["policy", "calibrate", "events.jsonl", "--out", "file.toml"]
    filed = await run(*of_file, folder=tmp_path, environment=environment)
    assert filed.code == 0, filed.err
    assert (tmp_path / "topics.toml").read_bytes() == (tmp_path / "file.toml").read_bytes()

    own = settings.model_copy(update={"policy_file": tmp_path / "topics.toml"})
    policy = load_policy(own.policy_file)
    (found,) = [each async for each in examine(own) if each.check == "policy"]
    assert (found.level, f"{policy.reach:.0f} of the 100 points" in found.text) == ("ok", True)
    async with running(own, Core(policy)) as worker:
        await settled(worker)
        lines = worker.metrics_text().decode().splitlines()
    filled = 'clientward_fields_total{field="outcome_met",filled="yes",type="meeting"}'
    assert f"{filled} 225.0" in lines
    assert 'clientward_calibrated_share{field="outcome_met",type="meeting"} 1.0' in lines
    assert f"clientward_reach_points {json.dumps(policy.reach)}" in lines
