"""The program of the README, run as it stands by Faust's own worker on a real Kafka and a real Redis."""

from pathlib import Path

from store_support import delete_keys
from tutorial_support import PURCHASES, Tutorial, survives_a_kill


async def test_the_documented_program_keeps_its_totals(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Totals are right after a run, after a restart, and after Redis was emptied and rebuilt from the changelog."""
    tutorial = Tutorial(tmp_path, group, kafka_bootstrap, redis_url)
    await tutorial.make_topic()
    for empty in (False, False, True):
        if empty:
            delete_keys(tutorial.redis, group)
        with tutorial.worker() as process:
            await tutorial.ready()
            assert tutorial.stored() == tutorial.totals
            await tutorial.buy()
            await tutorial.counted(process)
    assert len(tutorial.totals) == 20
    assert sum(tutorial.totals.values()) == 3 * sum(range(PURCHASES))


async def test_a_killed_worker_finds_its_table(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Killed with SIGKILL and started again, a worker goes on from the totals that it had."""
    tutorial = Tutorial(tmp_path, group, kafka_bootstrap, redis_url)
    await survives_a_kill(tutorial)
    assert sum(tutorial.stored().values()) == 2 * sum(range(PURCHASES))
