"""What a person sees of the results: lines while it runs, a table with aims, results.json, and the page of the docs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.results import Measure, as_json

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"
PAGE: Final = HERE.parent / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- figures: written by `make bench`, not by hand -->"
END: Final = "<!-- end of figures -->"
# Figures from here on need no decimals.
WHOLE: Final = 100


def say(text: str) -> None:
    """Tell how far it is, on standard error."""
    sys.stderr.write(f"  {text}\n")


def number(value: float | None) -> str:
    """Return a figure with three digits or more, as a person reads it."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:.3g}"


def show(measure: Measure) -> None:
    """Print a measure's table, and each aim with its verdict."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(title=measure.title, title_justify="left")
    table.add_column("median of the rounds")
    for heading in measure.columns.values():
        table.add_column(heading, justify="right")
    for program, values in measure.medians().items():
        table.add_row(program, *(number(values.get(name)) for name in measure.columns))
    console.print(table)
    for aim in measure.aims:
        console.print(f"  {'met   ' if aim.met else 'MISSED'}  {number(aim.value)} {aim.text}", highlight=False)
    for note in measure.notes:
        console.print(f"  note: {note}", highlight=False)
    console.print()


def missed(measures: Iterable[Measure]) -> list[str]:
    """Return a line for every aim that is not met."""
    return [f"{each.name}: {number(aim.value)} {aim.text}" for each in measures for aim in each.aims if not aim.met]


def write(path: Path, facts: Mapping[str, Any], measures: Sequence[Measure], failures: Mapping[str, str]) -> None:
    """Write the results file: the machine, and every round of every measure."""
    found = {measure.name: as_json(measure) for measure in measures}
    text = json.dumps({**facts, "failures": failures, "measures": found}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n")


def add(path: Path, facts: Mapping[str, Any], measures: Sequence[Measure], order: Sequence[str]) -> None:
    """Put measures into the results file in place of those of their names; each with its own moment, commit and machine.

    `order` is that of all measures.
    """
    results = json.loads(path.read_text())
    found = results["measures"] | {each.name: as_json(each) | {"measured": dict(facts)} for each in measures}
    results["measures"] = {name: found[name] for name in order if name in found}
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def write_page() -> None:
    """Put the figures of the results file into the docs, between their marks."""
    results = json.loads(RESULTS.read_text())
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{page(results)}\n{END}{after}")


def page(results: Mapping[str, Any]) -> str:
    """Return the figures as Markdown."""
    measures = results["measures"].values()
    together = f"{_moment(results)}. What was measured apart says so."
    lines = ["Each part says when it was measured." if all("measured" in each for each in measures) else together, ""]
    for measure in measures:
        lines += [f"### {measure['title']}", ""]
        if "measured" in measure:
            lines += [f"{_moment(measure['measured'])}.", ""]
        lines += [*_rows(measure), ""]
        for aim in measure["aims"]:
            lines.append(f"- {'met' if aim['met'] else '**missed**'}: {number(aim['value'])} {aim['text']}")
        lines += [f"- Note: {note}." for note in measure["notes"]]
        lines.append("")
    return "\n".join(lines)


def _moment(facts: Mapping[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in facts["machine"].items())
    return f"`{facts['command']}` on {facts['at']}, commit {facts['commit']}: {machine}"


def _rows(measure: Mapping[str, Any]) -> list[str]:
    headings = list(measure["columns"].values())
    rows = [f"| median of the rounds | {' | '.join(headings)} |", "|---" + "|---:" * len(headings) + "|"]
    for program, values in measure["medians"].items():
        cells = [number(values.get(name)) for name in measure["columns"]]
        rows.append(f"| {program} | {' | '.join(cells)} |")
    return rows
