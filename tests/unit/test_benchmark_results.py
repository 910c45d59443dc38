"""A part of the measures, kept: it takes the place of the measure of its name, says when it was, and leaves all others."""

import json
from pathlib import Path
from typing import Any

from benchmarks.report import add, page, write
from benchmarks.results import Measure, Sample

ORDER = ("counting", "core", "steady")


def facts(at: str, commit: str) -> dict[str, Any]:
    """Return what the results file says of a run besides its figures."""
    return {"command": "make bench", "at": at, "commit": commit, "machine": {"cores": "2"}}


def measure(name: str, value: float) -> Measure:
    """Return a measure of one program and one figure."""
    return Measure(name, f"The {name}", {"x": "ms"}, [Sample("ours", 1, {"x": value})], [])


def kept(folder: Path) -> Path:
    """Return a results file of a whole run with two measures."""
    path = folder / "results.json"
    write(path, facts("2026-01-01", "aaa"), [measure("counting", 1.0), measure("steady", 2.0)], {})
    return path


def test_a_part_replaces_its_own_measure_and_no_other(tmp_path: Path) -> None:
    """A new one takes its place in the order of all; what was measured apart has its own moment, and only that."""
    path = kept(tmp_path)
    add(path, facts("2026-02-02", "bbb"), [measure("steady", 3.0), measure("core", 4.0)], ORDER)
    results = json.loads(path.read_text())
    assert [*results["measures"]] == ["counting", "core", "steady"]
    assert results["commit"] == "aaa"
    assert {name: each["medians"]["ours"]["x"] for name, each in results["measures"].items()} == {
        "counting": 1.0,
        "core": 4.0,
        "steady": 3.0,
    }
    assert "measured" not in results["measures"]["counting"]
    assert results["measures"]["steady"]["measured"]["commit"] == "bbb"


def test_the_page_says_of_each_part_when_it_was_measured(tmp_path: Path) -> None:
    """The whole run's moment stands first, and that of a part under its own title."""
    path = kept(tmp_path)
    add(path, facts("2026-02-02", "bbb"), [measure("steady", 3.0)], ORDER)
    whole, counting, steady = page(json.loads(path.read_text())).split("### ")
    assert "on 2026-01-01, commit aaa" in whole
    assert "2026-02-02" not in counting
    assert steady.startswith("The steady\n\n`make bench` on 2026-02-02, commit bbb: cores 2.\n\n| median")
