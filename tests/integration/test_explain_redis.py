"""`clientward explain` without a file: what stood at a moment, from the record that a real Redis holds."""

import json

import pytest
from redis import Redis
from story import courtship, fold

from cli.main import run
from streams.kafka.partitioning import partition_of

PARTITIONS = 3


def test_what_stood_then_is_read_from_redis(
    redis_url: str, unique: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client of today was a candidate on the day before; an account that is not there is one line and 1."""
    replay, decisions = fold(courtship())
    with Redis.from_url(redis_url) as client:
        key = f"{{{unique}-relationships:{partition_of('a', PARTITIONS)}}}:v"
        client.hset(key, "a", replay.records["a"])  # type: ignore[arg-type]
    monkeypatch.setenv("CLIENTWARD_REDIS_URL", redis_url)
    monkeypatch.setenv("CLIENTWARD_GROUP", unique)
    monkeypatch.setenv("CLIENTWARD_PARTITIONS", str(PARTITIONS))
    assert run(["explain", "a", "--at", decisions[-1]["effective_at"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"]["status"] == "client"
    assert run(["explain", "a", "--at", decisions[-1]["effective_at"][:10] + "T00:00:00Z", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["state"]["status"] == "candidate"
    assert found["why"].startswith("From customer to candidate: ")
    assert run(["explain", "nobody", "--at", "2024-06-01T00:00:00Z"]) == 1
    assert f"no account nobody in group {unique}" in capsys.readouterr().err
