"""A backtest of the console's, in its own process, on what the topics of a real Kafka hold."""

import asyncio
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from engine_support import make_settings, send
from story import courtship

from console.jobs.backtests import Backtests, BusyError
from console.jobs.work import Failed, Result

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
STRICT = TEXT.replace("client_up = 52.0", "client_up = 99.0").replace('version = "1"', 'version = "strict"', 1)


async def test_a_process_of_its_own_folds_the_topics_and_is_stopped(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """One at a time; what came of it is told, and so is who stopped it; it ends with the console."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    told = courtship()
    await send(settings, [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told])
    jobs = Backtests(settings, lambda: 0.0)
    draft, other = (jobs.checked(text, "p", name, "ann") for text, name in ((STRICT, "strict"), (TEXT, "1")))
    jobs.begin(draft, ("1", TEXT), "ann")
    with pytest.raises(BusyError, match="strict is being backtested for ann"):
        jobs.begin(other, ("1", TEXT), "bob")
    await _ended(jobs)
    assert isinstance(draft.result, Result), draft.result
    assert (draft.result.records, draft.result.accounts, draft.result.otherwise) == (len(told), 1, 1)
    assert draft.result.refused == {}
    assert draft.result.if_b > 0
    jobs.begin(other, ("1", TEXT), "bob")
    jobs.stop(other, "cleo")
    await _ended(jobs)
    assert other.result == Failed("stopped by cleo")
    jobs.begin(other, ("1", TEXT), "bob")
    await jobs.close()
    assert not other.is_running


async def _ended(jobs: Backtests) -> None:
    assert jobs._running is not None
    async with asyncio.timeout(200):
        await jobs._running[2]
