"""Draws a soak's graph: `draw.py soak.json soak.svg`. Runs in the peers' environment, which has Matplotlib."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

MINUTE = 60.0
BLUE, ORANGE, GREY = "#1f5a99", "#c8641e", "#8a8f98"


def draw(results: dict[str, Any], target: Path) -> None:
    """Draw five panels over one axis of minutes."""
    mpl.rcParams.update({"font.size": 9, "svg.hashsalt": "soak", "axes.spines.top": False, "axes.spines.right": False})
    figure, panels = plt.subplots(5, 1, sharex=True, figsize=(8.5, 10.5), layout="constrained")
    samples = results["samples"][:-1]  # the last is the end's, right behind the one before
    minutes = [sample["seconds"] / MINUTE for sample in samples]
    worker(panels[0], minutes, samples, results["line"])
    redis(panels[1], minutes, samples)
    lag(panels[2], minutes, samples)
    latency(panels[3], minutes, samples)
    cpu(panels[4], minutes, samples)
    for panel in panels:
        panel.grid(visible=True, color="#e6e8eb", linewidth=0.6)
        panel.set_axisbelow(True)
    panels[-1].set_xlabel("minutes since the first record")
    panels[-1].set_xlim(0, minutes[-1])
    sizes = results["sizes"]
    figure.suptitle(
        f"{sizes['rate']:,} events/s of {sizes['accounts']:,} accounts, {sizes['cache']:,} in the worker's cache",
        fontsize=10,
    )
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None, dpi=110)


def worker(panel: Axes, minutes: list[float], samples: list[dict[str, Any]], line: dict[str, float]) -> None:
    """Draw the worker's memory, and the line that judges it."""
    values = [sample["worker_mib"] for sample in samples]
    panel.plot(minutes, values, color=BLUE, linewidth=1.2, label="resident")
    begin, end = minutes[-1] / 3, minutes[-1]
    heights = [line["at_zero"] + line["slope"] * at / 10 for at in (begin, end)]
    panel.plot(
        (begin, end), heights, color=ORANGE, linewidth=1.6, label=f"least squares: {line['slope']:+.2f} MiB in 10 min"
    )
    panel.axvline(begin, color=GREY, linewidth=0.8, linestyle=":")
    panel.set_ylim(0, max(values) * 1.15)
    panel.set_ylabel("worker memory, MiB")
    panel.legend(loc="lower right", frameon=False)


def redis(panel: Axes, minutes: list[float], samples: list[dict[str, Any]]) -> None:
    """Draw what Redis holds: it grows with the histories, by a few dozen bytes an event."""
    panel.plot(minutes, [sample["redis_mib"] for sample in samples], color=BLUE, linewidth=1.2)
    panel.set_ylim(bottom=0)
    panel.set_ylabel("Redis, MiB held")


def lag(panel: Axes, minutes: list[float], samples: list[dict[str, Any]]) -> None:
    """Draw the records that wait."""
    panel.plot(minutes, [sample["lag_events"] for sample in samples], color=BLUE, linewidth=1.0)
    panel.set_ylim(bottom=0)
    panel.yaxis.set_major_formatter("{x:,.0f}")
    panel.set_ylabel("lag, records")


def latency(panel: Axes, minutes: list[float], samples: list[dict[str, Any]]) -> None:
    """Draw the time from publishing to the decision, on a scale of powers of ten."""
    for name, colour, label in (("p50_ms", BLUE, "p50"), ("p99_ms", ORANGE, "p99")):
        points = [(at, sample[name]) for at, sample in zip(minutes, samples, strict=True) if sample[name] is not None]
        panel.plot(*zip(*points, strict=True), color=colour, linewidth=1.0, label=label)
    panel.set_yscale("log")
    low, high = panel.get_ylim()
    panel.set_ylim(low, high * 3)  # room for the legend
    panel.yaxis.set_major_formatter("{x:,g}")
    panel.set_ylabel("to the decision, ms")
    panel.legend(loc="upper right", frameon=False, ncols=2)


def cpu(panel: Axes, minutes: list[float], samples: list[dict[str, Any]]) -> None:
    """Draw the CPU of the three processes."""
    for name, colour in (("worker", BLUE), ("broker", ORANGE), ("redis", GREY)):
        values = [sample[f"{name}_cpu"] for sample in samples]
        panel.plot(minutes, values, color=colour, linewidth=1.0, label=name)
    panel.set_ylim(0, 1.3 * panel.get_ylim()[1])  # room for the legend
    panel.set_ylabel("CPU, cores")
    panel.legend(loc="upper right", frameon=False, ncols=3)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
