"""A backup that is taken while workers fold, and put into another Redis: workers there go on, and the oracle sees nothing.

The workload is that of the crash harness (repeats, late events, commands, merges, erasures); every account and every
decision is compared with the oracle's, which has folded the same records undisturbed.
"""

import asyncio
import os
from functools import partial
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from actions.backups import Backup, backup, restore
from actions.errors import ActionError
from faults.scripts.pacing import HIT_SECONDS, begun, producing
from faults.scripts.run import Result, Run, carry_out
from faults.workers.group import LOOK_SECONDS, until
from relationship.contract.messages import MEETINGS, PURCHASES, TICKETS
from streams.embedded import redis_server
from streams.kafka.admin import admin_client
from streams.wire.backup_file import PartitionHead, frames

SEED = int(os.environ.get("CLIENTWARD_TEST_SEED", "20261128"))
MORE = 400  # records that are folded behind the backup, so that it is a past one
EVENTS = (PURCHASES, TICKETS, MEETINGS)  # of which all before the backup may go: no account sends them to another


def broken(result: Result) -> dict[str, str]:
    """Return the invariants that did not hold, and why."""
    return {verdict.name: verdict.what for verdict in result.verdicts if not verdict.passed}


async def moved(run: Run, file: Path, *, alone: bool) -> None:
    """Back up under load, kill the workers later on, restore into an empty Redis, and start workers there.

    `alone`: the changelog is emptied, and the events before the backup are deleted, so that only the backup tells of them.
    """
    workers = await begun(run, 2)
    async with producing(run):
        made = await backup(run.on.settings, file)
        later = run.on.read_records() + MORE
        assert await until(lambda: run.on.read_records() > later, HIT_SECONDS)
        await asyncio.gather(*(worker.kill() for worker in workers))
        run.hit("backup restored elsewhere")
        run.on.proxy.switch(run.on.left.enter_context(redis_server()).port)
        if alone:
            # What was told since the backup is known to nothing now: an account with late events may be told it otherwise.
            run.may_retell = True
            await run.on.empty_changelog()
            await forget_events(run, file)
        found = await restored(run, file)
        assert found == made
        run.notes.append(
            f"{found.accounts} accounts, {later - run.on.read_records()} records before the workers' death"
        )
        await asyncio.gather(*(worker.start() for worker in workers))
        await run.recovered()


async def restored(run: Run, file: Path) -> Backup:
    """Restore as soon as the group has forgotten its dead workers; until then it is refused."""
    async with asyncio.timeout(HIT_SECONDS):
        while True:
            try:
                return await restore(run.on.settings, file)
            except ActionError as error:
                assert "stop them first" in str(error)  # noqa: PT017 - any other refusal is a fault
                await asyncio.sleep(LOOK_SECONDS)


async def forget_events(run: Run, file: Path) -> None:
    """Delete what the accounts' own events were before the backup."""
    places = {
        TopicPartition(topic, head.number): RecordsToDelete(head.positions[topic])
        for head in frames(file)
        if isinstance(head, PartitionHead)
        for topic in EVENTS
    }
    async with admin_client(run.on.settings) as client:
        await client.delete_records(places)
    firsts = await run.on.consumer.beginning_offsets(list(places))
    assert firsts == {place: wanted.before_offset for place, wanted in places.items()}


async def test_workers_go_on_from_a_backup_in_another_redis(tmp_path: Path) -> None:
    """Nothing is lost and nothing counts twice: all invariants hold, with the changelog there."""
    print(f"seed {SEED}")
    result = await carry_out(partial(moved, file=tmp_path / "backup", alone=False), SEED)
    print(result.notes, result.workload)
    assert broken(result) == {}
    assert {verdict.name for verdict in result.verdicts} == {"I1", "I2", "I3", "I4", "I5"}


async def test_a_backup_is_enough_where_changelog_and_old_events_are_gone(tmp_path: Path) -> None:
    """States and decisions are the oracle's, although nothing but the backup knew of the accounts' first events."""
    print(f"seed {SEED}")
    result = await carry_out(partial(moved, file=tmp_path / "backup", alone=True), SEED)
    print(result.notes, result.workload)
    # I3 counts what the intake holds, of which the test has deleted the most.
    assert {name: what for name, what in broken(result).items() if name != "I3"} == {}
