"""A recording as one SVG that moves by CSS alone: no script, no font and no picture from elsewhere.

Frames lie below each other like a film's, and the film jumps from one to the next. A line that is in many frames is
drawn once and used. Whoever has asked for less motion sees the last frame. A long recording is played
faster, and says so; of its frames only as many are kept as an eye follows, so that it is small enough for a page.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

from tools.recording.terminal import Frame, Recording, Run, Style

CHAR, LINE = 8.0, 17.0  # pixels of a character, at 13.3 px of a monospaced font
PAD, HEAD = 12.0, 34.0
LONGEST: Final = 1.5  # seconds that a frame is shown at most: waiting is no part of the story
PLAYED: Final = 32.0  # seconds that a recording is played at most, but for its end
FRAMES: Final = 56  # at most
LAST: Final = 8.0  # seconds of the last one, to read it
COLOURS: Final = {
    "default": "#d7dce2",
    "text": "#d7dce2",
    "ground": "#14171c",
    "black": "#4b535e",
    "red": "#ec6a5e",
    "green": "#58c08a",
    "brown": "#e0b341",
    "blue": "#6ea8fe",
    "magenta": "#c792ea",
    "cyan": "#56c7d8",
    "white": "#ffffff",
}


class Shown(NamedTuple):
    """A frame, and for how many seconds it is shown."""

    frame: Frame
    seconds: float


class Cut(NamedTuple):
    """A recording as it is played: its frames, and how many times as fast as it was."""

    shown: list[Shown]
    speed: float


def cut(frames: Sequence[Frame]) -> Cut:
    """Cut long waits, play what is still long faster, and keep so many frames that it stays small; always the last one."""
    waits = [min(after.at - frame.at, LONGEST) for frame, after in pairwise(frames)]
    speed = max(1.0, sum(waits) / PLAYED)
    least = PLAYED / FRAMES
    shown: list[Shown] = []
    for frame, wait in zip(frames, waits, strict=False):
        if shown and shown[-1].seconds < least:
            shown[-1] = Shown(shown[-1].frame, shown[-1].seconds + wait / speed)
        else:
            shown.append(Shown(frame, wait / speed))
    return Cut([*shown, Shown(frames[-1], LAST)], speed)


def film(recording: Recording, title: str) -> bytes:
    """Return the picture of a recording."""
    width, height = recording.columns * CHAR + 2 * PAD, recording.rows * LINE + HEAD + PAD
    played = cut(recording.frames)
    if played.speed > 1.0:
        title = f"{title} ({played.speed:.1f} times as fast)"
    lines: dict[tuple[Run, ...], int] = {}
    frames = [_frame(shown.frame, i * height, lines) for i, shown in enumerate(played.shown)]
    drawn = [f'<text id="l{number}">{"".join(map(_run, line))}</text>' for line, number in lines.items()]
    size = f'width="{width:.0f}" height="{height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" {size} role="img"'
    parts = [
        f'{head} aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        f"<style>{_style([shown.seconds for shown in played.shown], height)}</style>",
        f"<defs>{''.join(drawn)}</defs>",
        f'<rect {size} rx="8" fill="{COLOURS["ground"]}"/>',
        *(f'<circle cx="{PAD + 6 + i * 18}" cy="15" r="5" fill="#4b535e"/>' for i in range(3)),
        f'<text x="{width / 2:.0f}" y="19" text-anchor="middle" fill="#8b95a3">{escape(title)}</text>',
        f'<svg y="{HEAD}" {size}><g class="film">{"".join(frames)}</g></svg>',
        "</svg>",
        "",
    ]
    return "\n".join(parts).encode()


def _style(shown: Sequence[float], height: float) -> str:
    """Return the rules by which the film jumps from frame to frame."""
    total, at, steps = sum(shown), 0.0, []
    for i, seconds in enumerate(shown):
        steps.append(f"{at / total:.3%}{{transform:translateY({-i * height:.0f}px)}}")
        at += seconds
    last = -(len(shown) - 1) * height
    return (
        "text{font:13.3px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;"
        f"fill:{COLOURS['default']}}}"
        f".b{{font-weight:700}}.film{{animation:film {total:.1f}s step-end infinite}}"
        f"@keyframes film{{{''.join(steps)}100%{{transform:translateY({last:.0f}px)}}}}"
        f"@media (prefers-reduced-motion:reduce){{.film{{animation:none;transform:translateY({last:.0f}px)}}}}"
    )


def _frame(frame: Frame, top: float, lines: dict[tuple[Run, ...], int]) -> str:
    """Return a frame: its coloured grounds, and its lines; a line that no frame had before is given a number."""
    parts = []
    for row, line in enumerate(frame.lines):
        y = top + row * LINE
        parts += [
            f'<rect x="{PAD + run.column * CHAR:.0f}" y="{y:.0f}" width="{len(run.text) * CHAR:.0f}" height="{LINE:.0f}" '
            f'fill="{_colour(run.style.ground)}"/>'
            for run in line
            if run.style.ground != "default"
        ]
        if line:
            parts.append(f'<use href="#l{lines.setdefault(line, len(lines))}" y="{y + 13:.0f}"/>')
    return "".join(parts)


def _run(run: Run) -> str:
    """Return a run as a part of its line; the place of each is said, since a reader's font may be wider than ours."""
    return f'<tspan x="{PAD + run.column * CHAR:.0f}"{_looks(run.style)}>{escape(run.text, quote=False)}</tspan>'


def _looks(style: Style) -> str:
    fill = "" if style.colour == "default" else f' fill="{_colour(style.colour)}"'
    return fill + (' class="b"' if style.bold else "")


def _colour(name: str) -> str:
    plain = name.removeprefix("bright")
    return COLOURS.get(name) or COLOURS.get(plain) or f"#{name}"


def words(frames: Iterable[Frame]) -> str:
    """Return all that could be read in some frames, line by line."""
    return "\n".join(" ".join(run.text for run in line) for frame in frames for line in frame.lines)
