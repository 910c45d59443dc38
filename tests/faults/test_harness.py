"""The crash harness itself, in small: one named point and the safeguard behind it, on and off. `make faults` runs it all."""

import asyncio
import os
from functools import partial

from faults.scripts.on_workers import killed_with_a_backlog
from faults.scripts.run import Result, carry_out

SEED = int(os.environ.get("CLIENTWARD_TEST_SEED", "20261124"))
SCRIPT = partial(killed_with_a_backlog, place="committed", count=1)


def broken(result: Result) -> dict[str, str]:
    """Return the invariants that did not hold, and why."""
    return {verdict.name: verdict.what for verdict in result.verdicts if not verdict.passed}


async def test_a_worker_killed_between_commit_and_decisions_loses_none_and_without_the_outbox_loses_some() -> None:
    """All invariants hold after SIGKILL at the point `committed`; without the outbox decisions are missing (I2)."""
    print(f"seed {SEED}")
    safe, without = await asyncio.gather(carry_out(SCRIPT, SEED), carry_out(SCRIPT, SEED, without="the outbox"))
    assert safe.tried == without.tried == {"SIGKILL after committed": 1}
    assert {verdict.name for verdict in safe.verdicts} == {"I1", "I2", "I3", "I4", "I5"}
    assert broken(safe) == {}
    assert "were never published" in broken(without)["I2"]
