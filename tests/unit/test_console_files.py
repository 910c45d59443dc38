"""Decisions as files: each form has the same rows, as whoever asks may see them."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow.parquet as pq
import pytest
from console_support import Place
from readmodel_support import Log, begun, write

from console import asking, tables
from console.visit import Visit
from readmodel.answers import Page
from views.base import parquet

IDS = ("acme-17", "client", "2026", "law")


@pytest.fixture
def place(tmp_path: Path, users: Path) -> Place:
    """A console that masks, with decisions of accounts of odd names, one of them corrected."""
    (tmp_path / "users.json").write_bytes(users.read_bytes())
    (tmp_path / "users.json").chmod(0o600)
    found, log = Place(tmp_path / "users.json", masks=True), Log()
    for name in IDS:
        part = {"name": "trust", "value": 0.5, "weight": 10.0, "contribution": 5.0, "evidence": [f"{name}-p1", "p2"]}
        log.decision(name, f"d-{name}", why=f"{name} bought.", caused_by=f"{name}-p1", dimensions=[part])
    log.decision("acme-17", "d-2", 2, direction="correction", supersedes="d-acme-17", **{"from": "customer"})
    write(begun(found.house.model), log.records)
    return found


def rows(place: Place, role: str, query: str = "") -> list[dict[str, Any]]:
    """Return the rows of the Parquet file that a role is given."""
    answer = place.browser(role).get(f"/decisions.parquet?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="decisions.parquet"'
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    return found


def test_parquet_has_the_rows_of_the_other_files(place: Place) -> None:
    """With their types, corrections after what they correct, and by the same filters; none is a file too."""
    told = [json.loads(line) for line in place.browser("operator").get("/decisions.jsonl").text.splitlines()]
    found = rows(place, "operator")
    assert [each["event_id"] for each in found] == [each["event_id"] for each in told]
    assert len(found) == 5
    assert found[0]["effective_at"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert found[0]["dimensions"][0]["contribution"] == 5.0
    at = [each["event_id"] for each in found].index("d-acme-17")
    assert found[at + 1]["supersedes"] == "d-acme-17"
    assert {each["account_id"] for each in rows(place, "operator", "account=acme-17")} == {"acme-17"}
    assert rows(place, "operator", "industry=retail") == []
    assert place.browser("operator").get("/decisions.parquet?to=king").status_code == 422


def test_files_of_a_viewer_name_no_account_where_ids_are_masked(place: Place) -> None:
    """Nowhere, not in what is told as evidence either; and an id that is a word of ours changes no status and no time."""
    viewer = place.browser("viewer")
    parts = str(rows(place, "viewer")), viewer.get("/decisions.jsonl").text, viewer.get("/decisions.csv").text
    for text in parts:
        assert "acme-17" not in text
        assert "client-p1" not in text
        assert "2026-p1" not in text
        assert place.house.mask.of("acme-17") in text
    assert {each["to"] for each in rows(place, "viewer")} == {"customer"}
    assert {each["industry"] for each in rows(place, "viewer")} == {"law"}
    assert {each["effective_at"].year for each in rows(place, "viewer")} == {2026}


def test_a_file_is_bounded_and_made_of_parts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much fits, no more than so many rows are asked for, and no more than a part is in rows at once."""
    monkeypatch.setattr(parquet, "ROWS", 2)
    content = place.browser("operator").get("/decisions.parquet").content
    assert pq.ParquetFile(io.BytesIO(content)).num_row_groups == 3
    assert tables.MOST == 100_000


async def test_the_rows_of_a_file_are_read_as_they_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first part before there is an answer; each further one when those before it are written; none beyond the bound."""
    monkeypatch.setattr(asking, "PART", 2)
    monkeypatch.setattr(asking, "MOST", 6)
    asked: list[str | None] = []

    def question(_: object, wanted: int, after: str | None = None, limit: int = 0) -> Page[int]:
        asked.append(after)
        begin = int(after or 0)
        return Page(
            list(range(begin, min(begin + limit, wanted))), str(begin + limit) if begin + limit < wanted else None
        )

    visit = cast("Visit", SimpleNamespace(house=SimpleNamespace(model=None)))
    found = await asking.all_rows(visit, question, 5)
    assert asked == [None]
    assert [await anext(found), await anext(found)] == [0, 1]
    assert asked == [None]
    assert [each async for each in found] == [2, 3, 4]
    assert asked == [None, "2", "4"]
    assert [each async for each in await asking.all_rows(visit, question, 100)] == [0, 1, 2, 3, 4, 5]
    assert asked[3:] == [None, "2", "4"]


def test_without_its_library_the_page_says_what_to_install(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the other forms are there."""
    monkeypatch.delitem(sys.modules, "views.base.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = place.browser("viewer").get("/decisions.parquet")
    assert answer.status_code == 501
    assert "install clientward[analysis]" in answer.text
