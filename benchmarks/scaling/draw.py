"""Draws the page's graphs: `draw.py graphs.json partitions.svg waits.svg`. Runs in the peers' environment."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

COLOURS = ("#1f5a99", "#c8641e", "#4b8b3b")
STYLE = {"font.size": 9, "svg.hashsalt": "scaling", "axes.spines.top": False, "axes.spines.right": False}


def partitions(found: dict[str, list[float]], target: Path) -> None:
    """Draw every partition's load, the busiest first."""
    figure, panel = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    for colour, (exponent, loads) in zip(COLOURS, found.items(), strict=True):
        panel.plot(range(1, len(loads) + 1), loads, color=colour, linewidth=1.4, label=f"Zipf {exponent}")
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.xaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.set_xlabel("partitions, the busiest first")
    panel.set_ylabel("events, times the fair share")
    save(figure, panel, target)


def waits(found: dict[str, list[list[float]]], target: Path) -> None:
    """Draw the wait against the load, median and 99th percentile, by partitions held."""
    figure, panel = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    for colour, (held, points) in zip(COLOURS, found.items(), strict=True):
        used = [100 * point[0] for point in points]
        panel.plot(used, [p[1] for p in points], color=colour, linewidth=1.4, label=f"{held} partitions, p50")
        panel.plot(
            used, [p[2] for p in points], color=colour, linewidth=1.4, linestyle="--", label=f"{held} partitions, p99"
        )
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.set_xlabel("load, % of what the worker's core can fold")
    panel.set_ylabel("wait until the step is done, ms")
    save(figure, panel, target)


def save(figure: Any, panel: Any, target: Path) -> None:
    """Finish a graph and write it."""
    panel.grid(visible=True, which="major", color="#e6e8eb", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None, dpi=110)


if __name__ == "__main__":
    mpl.rcParams.update(STYLE)
    graphs = json.loads(Path(sys.argv[1]).read_text())
    partitions(graphs["partitions"], Path(sys.argv[2]))
    waits(graphs["waits"], Path(sys.argv[3]))
