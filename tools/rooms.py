"""The picture of the rooms on docs/architecture.md, drawn from the imports: `python -m tools.rooms`, or `--check`.

Arrows say "imports". One that follows from two others is left out, so that the layers show.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from relationship.generated import Files, Generator
from relationship.generated import main as generate
from tools.imports import between_rooms, read_imports
from tools.pages import with_part

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "architecture.md"
#: Packages whose rooms are drawn one by one; of all others each is one room.
OPEN: Final = ("relationship", "streams")
#: What is shipped, from above.
PACKAGES: Final = (
    "cli",
    "console",
    "hooks",
    "advising",
    "adapting",
    "actions",
    "views",
    "agents",
    "importing",
    "intake",
    "readmodel",
    "delivering",
    "streams",
    "serving",
    "simulator",
    "relationship",
)
BEGIN: Final = "<!-- drawn by `python -m tools.rooms`: change the imports, not this -->\n"
END: Final = "<!-- end of the picture -->\n"


def rooms() -> dict[str, set[str]]:
    """Return which rooms each room imports; a package that is not drawn open is one room."""
    found: dict[str, set[str]] = {}
    for room, targets in between_rooms(read_imports(ROOT, PACKAGES)).items():
        own = found.setdefault(_drawn(room), set())
        own |= {_drawn(target) for target in targets} - {_drawn(room)}
    return {room: targets for room, targets in found.items() if room not in OPEN}


def _drawn(room: str) -> str:
    package = room.partition(".")[0]
    return room if package in OPEN else package


def reduced(graph: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Return a graph without circles, and without the arrows that follow from others."""
    return {
        room: {
            target for target in targets if not any(target in _below(graph, other) for other in {*targets} - {target})
        }
        for room, targets in graph.items()
    }


def _below(graph: Mapping[str, Iterable[str]], room: str) -> set[str]:
    """Return everything that a room leads to."""
    found, todo = set(), [room]
    while todo:
        for target in graph.get(todo.pop(), ()):
            if target not in found:
                found.add(target)
                todo.append(target)
    return found


def picture() -> str:
    """Return the picture as a mermaid graph."""
    graph = reduced(rooms())
    lines = ["```mermaid", "graph TD"]
    for package in PACKAGES:
        inner = sorted(room for room in graph if room.partition(".")[0] == package)
        if package in OPEN:
            lines += [f"  subgraph {package}", *(f"    {room}[{room.partition('.')[2]}]" for room in inner), "  end"]
        else:
            lines += [f"  {room}" for room in inner]
    lines += [f"  {room} --> {target}" for room in sorted(graph) for target in sorted(graph[room])]
    return "\n".join([*lines, "```", ""])


def files(page: Path) -> Files:
    """Return the page with the picture of now in it."""
    return with_part(page, BEGIN, END, picture)


GENERATOR: Final = Generator("tools.rooms", "the imports", PAGE, files)

if __name__ == "__main__":
    raise SystemExit(generate(GENERATOR))
