"""`clientward top` on a real worker: what the screen shows is what Kafka and Redis hold."""

import asyncio
from pathlib import Path

from engine_support import fresh_settings, purchase, running, send, settled
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Static

from agents.worker import core_of
from cli.top.looking import Servers
from cli.top.screen import Top
from relationship.contract.messages import PURCHASES

LOOK_SECONDS = 0.1


async def test_the_screen_shows_a_worker_at_work(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """The group with its partitions, nothing that waits, a decision as it comes, and a refusal with its reason."""
    settings = await fresh_settings(kafka_bootstrap, redis_url, group, tmp_path)

    async with (
        running(settings, core_of(settings)) as worker,
        Top(Servers(settings), 0.5).run_test(size=(120, 40)) as pilot,
    ):
        app = pilot.app

        def cells(name: str) -> list[str]:
            table = app.query_one(f"#{name}", DataTable)
            places = [Coordinate(y, x) for y in range(table.row_count) for x in range(len(table.columns))]
            return [str(table.get_cell_at(place)) for place in places]

        await send(settings, [(PURCHASES, "acc", b"{")])
        number = 0
        async with asyncio.timeout(60):
            while not (cells("decisions") and cells("refusals") and cells("workers")):
                number += 1  # what came before the screen began to follow is not shown
                await send(settings, [purchase(number, f"acc-{number}")])
                await settled(worker)
                await asyncio.sleep(LOOK_SECONDS)
            while "0 records wait" not in (told := str(app.query_one("#head", Static).render())):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
        assert "0-3" in cells("workers")
        assert f"{PURCHASES}/0" in cells("partitions")
        assert "prospect → customer" in cells("decisions")[0]
        assert cells("refusals")[0] == "DECODE"
        assert f"group {settings.group} · 1 workers, Stable" in told
