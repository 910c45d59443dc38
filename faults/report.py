"""What a run prints: the seed, what was tried and how often it was really hit, and the invariants one by one."""

from collections import Counter
from typing import Any

from faults.scenarios import Control, Fault
from faults.scripts.run import Result


def run_lines(fault: Fault, seed: int, result: Result) -> list[str]:
    """Return the lines on a run."""
    return [
        "",
        f"{fault.name}  {fault.what} (seed {seed}, {result.seconds:.0f} s): {'held' if result.passed else 'FAILED'}",
        *_details(result),
        *(f"    {v.name}  {'pass' if v.passed else 'FAIL'}  {v.what}" for v in result.verdicts),
    ]


def control_lines(control: Control, seed: int, result: Result) -> list[str]:
    """Return the lines on a control."""
    as_it_must = control.is_red(result)
    how = (
        f"red in {control.red}, as it must be" if as_it_must else f"GREEN in {control.red}: the harness proves nothing"
    )
    return [
        "",
        f"control  without {control.without} (seed {seed}, {result.seconds:.0f} s): {how}",
        *_details(result),
        *(f"    {v.name}  {'green' if v.passed else 'red'}  {v.what}" for v in result.verdicts),
    ]


def _details(result: Result) -> list[str]:
    tried = ", ".join(
        f"{fault} {times}" + ("" if times else " (NEVER HIT)") for fault, times in sorted(result.tried.items())
    )
    return [
        f"    workload  {result.workload}",
        f"    tried     {tried}",
        *(f"    seen      {note}" for note in result.notes),
    ]


def summary_lines(results: dict[str, Any]) -> list[str]:
    """Return the last lines: every invariant over all runs, every fault's hits, and the controls."""
    runs, controls = results["runs"], results["controls"]
    tried: Counter[str] = Counter()
    for run in runs:
        tried.update(run["tried"])
    lines = [
        "",
        f"{len(runs)} runs and {len(controls)} controls in {results['seconds'] / 60:.1f} minutes, seed {results['seed']}",
    ]
    lines += [f"    {times:5}  {fault}" for fault, times in sorted(tried.items())]
    for name in sorted({name for run in runs for name in run["verdicts"]}):
        passed = sum(run["verdicts"][name][0] for run in runs)
        lines.append(f"    {name}  held in {passed} of {len(runs)} runs")
    red = sum(not control["verdicts"][control["red"]][0] for control in controls)
    return [*lines, f"    {red} of {len(controls)} controls red"] if controls else lines
