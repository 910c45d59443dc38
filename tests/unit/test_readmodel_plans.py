"""What keeps the base's questions quick with a million accounts: which way SQLite takes, and sums that are kept."""

import os
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from readmodel_support import DATABASE, INDUSTRIES, Log, filled, sample
from sqlalchemy import event

from readmodel.database import ReadModel
from readmodel.queries.base import flows
from readmodel.queries.closest import Way, closest, levels_of
from relationship.policy.compiled import load_policy

SINCE = date(2026, 1, 1)  # else each trade's first period begins with its own first day
LEVELS = levels_of(load_policy(None))


def plan_of(model: ReadModel, statement: tuple[str, Any]) -> str:
    """Return how SQLite would answer a statement."""
    with model.engine.connect() as connection:
        found = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement[0], statement[1])
        return "\n".join(row[3] for row in found)


def asked(model: ReadModel) -> list[tuple[str, Any]]:
    """Return a list that takes what is asked from now on."""
    found: list[tuple[str, Any]] = []

    def take(_: Any, __: Any, text: str, values: Any, *___: Any) -> None:
        if text.lstrip().startswith("SELECT"):
            found.append((text, values))

    event.listen(model.engine, "before_cursor_execute", take)
    return found


@pytest.mark.skipif(DATABASE in os.environ, reason="PostgreSQL has plans of its own")
@pytest.mark.parametrize("way", ["up", "down"])
def test_the_closest_are_found_by_the_index_alone_in_its_order(tmp_path: Path, way: Way) -> None:
    """No row is read, and none put in order, of those that are not shown: the bodies of a page are read at its end."""
    model = filled(tmp_path, sample())
    found = asked(model)
    assert closest(model, LEVELS, way, limit=5).items
    search, bodies = found
    assert "body" not in search[0]
    lines = plan_of(model, search).splitlines()
    parts = [at for at, line in enumerate(lines) if line.startswith(("SEARCH accounts", "SCAN accounts"))]
    assert parts
    assert all("COVERING INDEX accounts_score" in lines[at] for at in parts)
    assert all(lines[at + 1].startswith("SCAN ") for at in parts), "a part's rows are put in order before its limit"
    assert "INTEGER PRIMARY KEY" in plan_of(model, bodies)


@pytest.mark.parametrize("way", ["up", "down"])
def test_the_closest_are_the_same_page_by_page(tmp_path: Path, way: Way) -> None:
    """Many stand at one score: each once, the nearest first, whatever a page holds."""
    model = filled(tmp_path, sample())
    whole = closest(model, LEVELS, way, limit=500).items
    assert len({each.distance for each in whole}) < len(whole)
    for limit in (1, 7, 100):
        names, after = [], None
        while True:
            page = closest(model, LEVELS, way, after=after, limit=limit)
            names += [each.account.state.account_id for each in page.items]
            after = page.after
            if after is None:
                break
        assert names == [each.account.state.account_id for each in whole]
    assert [each.distance for each in whole] == sorted(each.distance for each in whole)


def test_the_flows_of_all_trades_are_the_sum_of_each(tmp_path: Path) -> None:
    """By every period, with corrections and erasures among them."""
    log = sample()
    log.decision("acc-0-0", "d-late", 2, direction="correction", supersedes="d-0")
    log.gone("acc-1-1")
    model = filled(tmp_path, log)
    for by in ("day", "week", "month", "all"):
        whole = {(each.start, each.from_, each.to): each.decisions for each in flows(model, by=by, since=SINCE)}
        summed: Counter[Any] = Counter()
        for industry in INDUSTRIES:
            for each in flows(model, by=by, since=SINCE, industry=industry):
                summed[each.start, each.from_, each.to] += each.decisions
        assert whole == dict(summed)
        assert sum(whole.values()) > 300


def test_a_period_of_all_begins_where_it_is_asked_for_or_with_the_first_day(tmp_path: Path) -> None:
    """As every flow of it does."""
    log = Log()
    log.decision("a", "d-1", day=3)
    log.decision("b", "d-2", day=9, to="candidate")
    model = filled(tmp_path, log)
    assert {f"{each.start:%m-%d}" for each in flows(model, by="all")} == {"01-04"}
    assert [f"{each.start:%m-%d}" for each in flows(model, by="month")] == ["01-04", "01-04"]
