"""Numbers as the points of a picture: lines, and the bands between statuses. Pure; the templates draw them as SVG."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

TREND_WIDTH, TREND_HEIGHT = 240, 36  # of a trend's picture, in its own units
FLOW_WIDTH, FLOW_HEIGHT = 640, 300  # of the bands' picture
NODE_WIDTH: Final = 10
GAP: Final = 14  # between two statuses of a side


def trend(values: Sequence[int]) -> str:
    """Return the points of a line through values, the newest at the right, as SVG takes them."""
    if len(values) < 2:  # noqa: PLR2004 - a line is of two points
        return ""
    most, step = max(*values, 1), TREND_WIDTH / (len(values) - 1)
    return " ".join(
        f"{i * step:.1f},{TREND_HEIGHT - value / most * TREND_HEIGHT:.1f}" for i, value in enumerate(values)
    )


class Node(NamedTuple):
    """A status on one side: its place and height, and how many accounts it stands for."""

    name: str
    x: float
    y: float
    height: float
    size: int


class Band(NamedTuple):
    """What went from one status to another: its outline as a path, and how many."""

    source: str
    target: str
    path: str
    size: int


def bands(flows: Mapping[tuple[str, str], int], names: Sequence[str]) -> tuple[list[Node], list[Band]]:
    """Return a Sankey diagram of flows: statuses before at the left, after at the right, in the order of `names`."""
    total = sum(flows.values())
    if not total:
        return [], []
    scale = (FLOW_HEIGHT - GAP * (len(names) - 1)) / total
    left = _side(names, {name: sum(n for (a, _), n in flows.items() if a == name) for name in names}, 0, scale)
    right = _side(
        names,
        {name: sum(n for (_, b), n in flows.items() if b == name) for name in names},
        FLOW_WIDTH - NODE_WIDTH,
        scale,
    )
    starts, ends = {each.name: each.y for each in left}, {each.name: each.y for each in right}
    found: list[Band] = []
    for source in names:
        for target in names:
            count = flows.get((source, target), 0)
            if count:
                found.append(Band(source, target, _path(starts[source], ends[target], count * scale), count))
                starts[source] += count * scale
                ends[target] += count * scale
    return [each for each in (*left, *right) if each.size], found


def _side(names: Sequence[str], counts: Mapping[str, int], x: float, scale: float) -> list[Node]:
    nodes, y = [], 0.0
    for name in names:
        height = counts[name] * scale
        nodes.append(Node(name, x, y, height, counts[name]))
        y += height + GAP
    return nodes


def _path(start: float, end: float, height: float) -> str:
    """Return the outline of a band between two heights, which leaves and comes in level."""
    a, b, middle = NODE_WIDTH, FLOW_WIDTH - NODE_WIDTH, FLOW_WIDTH / 2
    return (
        f"M{a} {start:.1f}C{middle} {start:.1f} {middle} {end:.1f} {b} {end:.1f}V{end + height:.1f}"
        f"C{middle} {end + height:.1f} {middle} {start + height:.1f} {a} {start + height:.1f}Z"
    )
