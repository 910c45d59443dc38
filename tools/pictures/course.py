"""An account's score over time: the bars that it has to reach, what happened, and the status that each stretch stood at."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from tools.pictures.stories import Story
from tools.pictures.svg import document, dot, line, rect, text

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 44, 724, 44, 268  # of the plane that the score is drawn in
STRIP: Final = 318  # where the strip of statuses begins
NAME: Final = 132  # that a status with its day takes
MOST: Final = 100.0  # points


class Plane:
    """Turns moments and points into places."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self.first, self.span = first, (last - first).total_seconds()

    def x(self, at: datetime) -> float:
        """Return where a moment is."""
        return LEFT + (at - self.first).total_seconds() / self.span * (RIGHT - LEFT)

    @staticmethod
    def y(score: float) -> float:
        """Return where a score is."""
        return BOTTOM - score / MOST * (BOTTOM - TOP)


def course(story: Story, title: str) -> bytes:
    """Return the picture of a story."""
    points = [(_moment(point.at), point.score) for point in story.course.points]
    plane = Plane(points[0][0], points[-1][0])
    steps = [f"{'M' if i == 0 else 'L'}{plane.x(at):.1f} {plane.y(score):.1f}" for i, (at, score) in enumerate(points)]
    parts = [
        text(LEFT, 26, title, "bold"),
        *_bars(story, plane),
        *_years(plane, points[-1][0]),
        *_events(story, plane),
        f'<path class="line" d="{"".join(steps)}"/>',
        *_statuses(story, plane, points[-1][0]),
    ]
    changes = ", ".join(f"{decision.to} on {decision.effective_at[:10]}" for decision in story.decisions)
    return document(WIDTH, HEIGHT, title, f"The score over time, and the status: {changes}.", parts)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _bars(story: Story, plane: Plane) -> list[str]:
    parts = [text(LEFT - 6, plane.y(score) + 4, f"{score:.0f}", "small end") for score in (0.0, 50.0, MOST)]
    for score, says in (
        (story.course.client_up, "a client from here"),
        (story.course.candidate_up, "a candidate from here"),
    ):
        y = plane.y(score)
        parts += [line(LEFT, y, RIGHT, y, "rule"), text(LEFT + 4, y - 5, f"{says}: {score:.0f} points", "small")]
    return parts


def _years(plane: Plane, last: datetime) -> list[str]:
    parts = []
    for year in range(plane.first.year, last.year + 1):
        for month in (1, 4, 7, 10):
            at = datetime(year, month, 1, tzinfo=UTC)
            if plane.first <= at <= last:
                parts += [
                    line(plane.x(at), BOTTOM, plane.x(at), BOTTOM + 4, "mark"),
                    text(plane.x(at), BOTTOM + 18, f"{at:%b %Y}", "small middle"),
                ]
    return parts


def _events(story: Story, plane: Plane) -> list[str]:
    """Return a dot for each contact and a tick for each purchase, on the line of no points."""
    found = []
    for event in story.events:
        x = plane.x(event.at)
        found.append(dot(x, BOTTOM - 8, "contact") if event.is_contact else line(x, BOTTOM - 3, x, BOTTOM, "bought"))
    legend = [
        dot(RIGHT - 252, 22, "contact"),
        text(RIGHT - 244, 26, "in touch: a meeting, a ticket", "small"),
        line(RIGHT - 74, 18, RIGHT - 74, 26, "bought"),
        text(RIGHT - 68, 26, "a purchase", "small"),
    ]
    return found + legend


def _statuses(story: Story, plane: Plane, last: datetime) -> list[str]:
    """Return the strip of statuses, with the name and the day of each below; where two are near, the later is lower."""
    changes = [(_moment(decision.effective_at), str(decision.to)) for decision in story.decisions]
    parts: list[str] = []
    row, taken = 0, 0.0
    for (at, status), (end, _) in pairwise([*changes, (last, "")]):
        x = plane.x(at)
        parts += [line(x, TOP, x, STRIP, "rule"), rect(x, STRIP, max(plane.x(end) - x, 3.0), 18, status)]
        row = (row + 1) % 2 if x < taken else 0
        taken = x + NAME
        style, place = ("small end", min(x + NAME, RIGHT)) if x + NAME > RIGHT else ("small", x)
        parts.append(text(place, STRIP + 33 + row * 15, f"{status}, {at:%d %b %Y}", style))
    return parts
