"""The figures of docs/reliability.md, written from the results between two marks; all else of the page is by hand."""

from collections import Counter
from typing import Any, Final

BEGIN: Final = "<!-- figures: written by `python -m faults --write`, not by hand -->"
END: Final = "<!-- end of the figures -->"


def with_figures(page: str, results: dict[str, Any]) -> str:
    """Return the page with these figures between its marks. Raises ValueError where it has none."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError("the page has no marks for the figures")
    return "\n".join([before + BEGIN, "", *figures(results), "", END]) + after


def figures(results: dict[str, Any]) -> list[str]:
    """Return the figures' lines."""
    runs, controls = results["runs"], results["controls"]
    counted = f"{len(runs)} runs and {len(controls)} controls in {results['seconds'] / 60:.1f} minutes"
    lines = [
        f"{results['on']}, seed {results['seed']}: {counted}.",
        "",
        "| fault | runs held | how often each harm was hit | back at work, worst |",
        "|---|---:|---|---:|",
        *(
            _fault_line([run for run in runs if run["fault"] == name])
            for name in dict.fromkeys(r["fault"] for r in runs)
        ),
    ]
    for name in sorted({name for run in runs for name in run["verdicts"]}):
        passed = sum(run["verdicts"][name][0] for run in runs)
        lines += ["", f"{name} held in {passed} of {len(runs)} runs."]
    if controls:
        lines += [
            "",
            "| control, without | must be red | was | it said |",
            "|---|---|---|---|",
            *map(_control_line, controls),
        ]
    return lines


def _fault_line(runs: list[dict[str, Any]]) -> str:
    tried: Counter[str] = Counter()
    for run in runs:
        tried.update(run["tried"])
    held = sum(all(passed for passed, _ in run["verdicts"].values()) for run in runs)
    hits = ", ".join(f"{fault} {times}" for fault, times in sorted(tried.items()))
    worst = max((seconds for run in runs for seconds in run["back"]), default=0.0)
    return f"| {runs[0]['fault']} {runs[0]['what']} | {held} of {len(runs)} | {hits} | {worst:.1f} s |"


def _control_line(control: dict[str, Any]) -> str:
    passed, what = control["verdicts"][control["red"]]
    said = what.split(";")[0].replace("|", "/")
    return f"| {control['without']} | {control['red']} | {'green' if passed else 'red'} | {said} |"
