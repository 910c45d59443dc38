"""The fourteen dimensions of two accounts beside each other: what tells a client from a loyal customer."""

from typing import Final

from relationship.contract.names import DIMENSIONS
from tools.pictures.stories import Story
from tools.pictures.svg import document, rect, text

WIDTH: Final = 760
ROW: Final = 34
TOP: Final = 64
LABEL, LEFT, RIGHT = 196, 208, 708
#: Each dimension in the words of docs/concepts/dimensions.md.
WORDS: Final = {
    "duration": "How long, and how steadily",
    "engagement": "In touch",
    "personalisation": "Made for them",
    "bought": "Advice or goods",
    "trust": "Trust",
    "loyalty": "Comes back",
    "commitment": "An agreement",
    "dialogue": "Feedback, both ways",
    "value": "What it is worth to them",
    "breadth": "More than one line",
    "needs": "Needs that change",
    "expectations": "Promises kept by us",
    "duties": "Duties kept by them",
    "service": "Our people's time",
}


def measures(client: Story, customer: Story, names: tuple[str, str]) -> bytes:
    """Return the picture; `names` says in a few words who the two are."""
    values = [{part.name: part.value for part in each.view.dimensions} for each in (client, customer)]
    styles = ("client", "customer")
    parts = []
    for i, (name, style) in enumerate(zip(names, styles, strict=True)):
        parts += [rect(LEFT + i * 220, 20, 14, 14, style), text(LEFT + 20 + i * 220, 32, name, "bold")]
    for row, dimension in enumerate(DIMENSIONS):
        y = TOP + row * ROW
        parts.append(text(LABEL, y + 14, WORDS[dimension], "end"))
        for i, style in enumerate(styles):
            value = values[i][dimension]
            parts += [
                rect(LEFT, y + i * 11, RIGHT - LEFT, 9, "track"),
                rect(LEFT, y + i * 11, max(value, 0.004) * (RIGHT - LEFT), 9, style),
                text(RIGHT + 8, y + 9 + i * 11, f"{value:.2f}", "small"),
            ]
    told = "Each of the fourteen dimensions, from 0 to 1: " + "; ".join(
        f"{WORDS[name]} {values[0][name]:.2f} and {values[1][name]:.2f}" for name in DIMENSIONS
    )
    return document(WIDTH, TOP + len(DIMENSIONS) * ROW + 8, f"{names[0]}, and {names[1]}", f"{told}.", parts)
