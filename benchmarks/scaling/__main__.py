"""`python -m benchmarks.scaling`: run the simulation, and write its tables and graphs into the docs; under a minute.

It stands on `benchmarks/results.json` (`make bench`) and on `measured.json` beside this file (`make scaling-measure`), and
is to be run again after either.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.events import SEED
from benchmarks.programs import PEERS_PYTHON
from benchmarks.scaling import keys, model, tables
from benchmarks.scaling.measuring import MEASURED
from benchmarks.soak.page import put
from streams.engine.app import SESSION_SECONDS

PAGE: Final = report.PAGE.parent / "scaling.md"
DRAW: Final = Path(__file__).parent / "draw.py"
BEGIN: Final = "<!-- figures: written by `make scaling`, not by hand -->"
END: Final = "<!-- end of figures -->"
# Load from which other programs' work shows in a wait, on two cores.
QUIET_LOAD: Final = 1.0
GRAPHS: Final = ("scaling-partitions.svg", "scaling-waits.svg")


def simulate(results: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[list[tables.Table], dict[str, Any]]:
    """Return all tables in the page's order, and what the graphs are drawn from."""
    by = model.figures(results, measured, SESSION_SECONDS)
    found = {each: keys.loads(model.ACCOUNTS, each, model.PARTITIONS, keys.dice()) for each in model.EXPONENTS}
    chosen = found[model.EXPONENT]
    waits, points = tables.waits(by)
    graphs = {
        "partitions": {
            f"{name:g}": sorted((s / each.mean for s in each.shares), reverse=True) for name, each in found.items()
        },
        "waits": points,
    }
    made = [
        tables.Table(
            "Assumptions", "Change them in `benchmarks/scaling/model.py`.", ("", "taken", "why"), model.ASSUMPTIONS
        ),
        tables.costs(by),
        tables.needs(by),
        tables.breaking(by, measured),
        tables.partitions(found),
        waits,
        tables.hot_measured(measured),
        tables.heat(by, measured, chosen),
        tables.pauses_measured(measured),
        tables.courses(by, chosen),
        tables.groups(),
        tables.slots(chosen, by),
    ]
    return made, graphs


def section(results: Mapping[str, Any], measured: Mapping[str, Any], made: Sequence[tables.Table]) -> str:
    """Return the tables as Markdown, with where their figures come from."""
    parts = [each.get("measured", results) for each in results["measures"].values()]
    sources = " and ".join(
        f"`{path.relative_to(report.HERE.parent)}` ({'; '.join(dict.fromkeys(map(_when, found)))})"
        for path, found in ((report.RESULTS, parts), (MEASURED, [measured]))
    )
    anew = [f"Measured anew since, {name}: {_when(each)}." for name, each in measured.get("anew", {}).items()]
    lines = [f"From {sources}; seed {SEED}.", *anew, *_caveat(measured), ""]
    for table in made:
        lines += [f"### {table.title}", "", table.text, "", f"| {' | '.join(table.headings)} |"]
        lines += [
            "|" + "|".join("---:" if _is_numeric(column) else "---" for column in zip(*table.rows, strict=True)) + "|"
        ]
        lines += [f"| {' | '.join(row)} |" for row in table.rows]
        lines += [""]
    return "\n".join(lines)


def _when(found: Mapping[str, Any]) -> str:
    """Return by what command, when, of which commit and how busy a machine something was measured."""
    load = found["machine"]["load at the start"]
    return f"`{found['command']}`, {found['at']}, commit {found['commit']}, load at the start {load}"


def _caveat(measured: Mapping[str, Any]) -> list[str]:
    """Return a warning where the machine had other things to do while waits were measured."""
    busy = max(float(each["machine"]["load at the start"]) for each in (measured, *measured.get("anew", {}).values()))
    if busy <= QUIET_LOAD:
        return []
    return [f"**The machine was busy (load {busy:g}) while waits were measured: they are longer than on a quiet one.**"]


def _is_numeric(column: Sequence[str]) -> bool:
    """Tell whether a column's cells are figures, which stand to the right."""
    return all(not cell or cell == "never done" or cell.strip("*+-")[:1].isdigit() for cell in column[1:])


def main() -> int:
    """Do it; return the exit code."""
    started = time.monotonic()
    results, measured = json.loads(report.RESULTS.read_text()), json.loads(MEASURED.read_text())
    made, graphs = simulate(results, measured)
    PAGE.write_text(put(PAGE.read_text(), section(results, measured, made), BEGIN, END))
    with tempfile.TemporaryDirectory() as folder:
        points = Path(folder) / "graphs.json"
        points.write_text(json.dumps(graphs))
        targets = [PAGE.parent / name for name in GRAPHS]
        subprocess.run((PEERS_PYTHON, DRAW, points, *targets), check=True)  # noqa: S603 - our own script
    sys.stdout.write(f"written: {PAGE.name}, {', '.join(GRAPHS)}; {time.monotonic() - started:.0f} s\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
