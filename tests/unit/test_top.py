"""`clientward top`: what its screen shows and does, with looks that a test makes up; and what a pipe is told."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import pytest
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Static

from cli.main import run
from cli.top.looking import Look
from cli.top.screen import Top, in_order
from relationship.contract.outcome import Reason
from views.base.decisions import Decision, DecisionRecord
from views.errors import ServerError
from views.operations.flow import rates
from views.operations.lag import Lag, PartitionLag, TopicLag
from views.operations.refusals import Refusal, Refusals
from views.operations.workers import Workers, WorkerView

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EVERY = 0.01


def look(at: float, folded: int, *, refused: int = 1) -> Look:
    """Return a look at three partitions, of which two are behind."""
    partitions = [
        PartitionLag("a.v1", 0, 100, 105, 5, 9.0),
        PartitionLag("a.v1", 1, 100, 100, 0, 0.0),
        PartitionLag("b.v1", 0, 100, 150, 50, 2.0),
    ]
    lag = Lag("shop", NOW, "table", 55, 9.0, [TopicLag("a.v1", 5, 9.0), TopicLag("b.v1", 50, 2.0)], partitions)
    workers = Workers("shop", "Stable", [WorkerView("w-1", "w", "10.0.0.7", [0, 1])], [2])
    return Look(at, folded + 55, folded, 7, refused, lag, workers)


def told(account: str) -> DecisionRecord:
    """Return a decision on an account."""
    decision = Decision(
        account_id=account, from_="candidate", to="client", effective_at="2026-01-02T00:00:00Z", score=61.0, why="known"
    )
    return DecisionRecord(decision, None, 0, 0, NOW)


class MadeUp:
    """Looks that a test makes up: one after the other, the last one again and again."""

    def __init__(self, *flows: Look | Exception) -> None:
        self.flows = list(flows)
        self.looks = 0
        self.read = 0
        self.coming: asyncio.Queue[DecisionRecord] = asyncio.Queue()

    async def flow(self) -> Look:
        """Return the next look, or raise it."""
        self.looks += 1
        found = self.flows.pop(0) if len(self.flows) > 1 else self.flows[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def refusals(self) -> Refusals:
        """Return one dead letter, with text that would act on a terminal."""
        self.read += 1
        letter = Refusal("a.v1", 1, 7, Reason.SCHEMA, "amount: [red]no\x1b[31m number", "", None, None, "", 0, 0, NOW)
        return Refusals(1, {Reason.SCHEMA: 1}, [letter])

    async def decisions(self) -> AsyncGenerator[DecisionRecord, None]:
        """Give what the test puts in."""
        while True:
            yield await self.coming.get()


def rows(app: Top, name: str) -> list[list[str]]:
    """Return a table's cells as text."""
    table = app.query_one(f"#{name}", DataTable)
    width = len(table.columns)
    return [[str(table.get_cell_at(Coordinate(y, x))) for x in range(width)] for y in range(table.row_count)]


def head_of(app: Top) -> str:
    """Return the head's text."""
    return str(app.query_one("#head", Static).render())


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody
            await asyncio.sleep(EVERY)


async def test_the_screen_shows_rates_lag_workers_decisions_and_refusals() -> None:
    """Each in its place; foreign text is shown as it is, and acts on nothing."""
    made = MadeUp(look(10.0, 1_000), look(12.0, 1_500))
    async with Top(made, EVERY).run_test() as pilot:
        await made.coming.put(told("acc\x1b[31m"))
        await made.coming.put(told("second"))
        app = pilot.app
        assert isinstance(app, Top)
        await until(lambda: made.looks >= 4 and len(rows(app, "decisions")) == 2)
        assert "group shop · 1 workers, Stable" in head_of(app)
        assert "55 records wait, the oldest for 9.0 s" in head_of(app)
        assert rows(app, "workers") == [["2", "no worker", ""], ["0-1", "w-1", "10.0.0.7"]]
        assert rows(app, "partitions")[0] == ["50", "2.0 s", "b.v1/0", "100"]
        assert [each[0].split("  ")[1] for each in rows(app, "decisions")] == ["second", "acc\\x1b[31m"]
        assert rows(app, "refusals") == [["SCHEMA", "a.v1/1/7", "amount: [red]no\\x1b[31m number"]]
        assert made.read == 1, "dead letters are read again only when there are more"


async def test_keys_sort_pause_and_quit() -> None:
    """S goes through the columns, p stops asking and goes on, q ends it."""
    made = MadeUp(look(10.0, 1_000), look(12.0, 1_500))
    async with Top(made, EVERY).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Top)
        await until(lambda: made.looks >= 2)
        orders = []
        for _ in range(3):
            await pilot.press("s")
            orders.append((app.sort, [each[2] for each in rows(app, "partitions")]))
        assert orders == [
            ("seconds", ["a.v1/0", "b.v1/0", "a.v1/1"]),
            ("topic", ["a.v1/0", "a.v1/1", "b.v1/0"]),
            ("records", ["b.v1/0", "a.v1/0", "a.v1/1"]),
        ]
        await pilot.press("p")
        assert "PAUSED" in head_of(app)
        before = made.looks
        await made.coming.put(told("meanwhile"))
        await pilot.pause(20 * EVERY)
        assert made.looks <= before + 1, "one look may have been under way"
        assert rows(app, "decisions") == []
        await pilot.press("p")
        assert "PAUSED" not in head_of(app)
        assert "meanwhile" in rows(app, "decisions")[0][0]
        await until(lambda: made.looks >= before + 3)
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running


async def test_a_server_that_is_away_is_told_and_leaves_what_is_there() -> None:
    """Its line is in the head, the tables stay, and it goes when a look succeeds."""
    made = MadeUp(
        look(10.0, 1_000), ServerError("Kafka does not answer at h:1"), ServerError("Kafka does not answer at h:1")
    )
    async with Top(made, EVERY).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Top)
        await until(lambda: "Kafka does not answer at h:1" in head_of(app))
        assert len(rows(app, "partitions")) == 3
        made.flows = [look(20.0, 2_000)]
        await until(lambda: "Kafka does not answer" not in head_of(app))


def test_rates_are_those_between_the_looks() -> None:
    """Records a second from the first look to the last; none of one look, nor where a topic was made anew."""
    assert rates([look(10.0, 1_000)]).folded == 0.0
    assert rates([look(10.0, 1_000), look(11.0, 1_100), look(12.0, 1_500)]).folded == 250.0
    assert rates([look(10.0, 1_000, refused=1), look(12.0, 1_000, refused=5)]).refused == 2.0
    assert rates([look(10.0, 1_000), look(12.0, 0)]).folded == 0.0


def test_partitions_come_by_what_is_behind() -> None:
    """Most records, oldest record, or as they are."""
    partitions = look(0.0, 0).lag.partitions
    assert [each.records for each in in_order(partitions, "records")] == [50, 5, 0]
    assert [each.seconds for each in in_order(partitions, "seconds")] == [9.0, 2.0, 0.0]
    assert in_order(partitions, "topic") == partitions


def test_a_pipe_is_told_what_to_take_instead(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal it is wrong use, in one line."""
    assert run(["top"]) == 2
    assert "`clientward lag --json`" in capsys.readouterr().err
