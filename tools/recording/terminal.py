"""Runs a command on a pseudo-terminal, has pyte do what a terminal does with its output, and keeps what could be seen.

A frame is taken where the screen has changed and some time has gone by, so that there are no more than an eye can follow.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import pyte
from pyte.screens import Char

FRAME_SECONDS: Final = 0.25  # between two frames
CHUNK: Final = 65_536  # bytes of a read


class Style(NamedTuple):
    """How characters look; colours as pyte names them: a name, six hexadecimal digits, or `default`."""

    colour: str
    ground: str
    bold: bool


class Run(NamedTuple):
    """Characters of one style, and the column at which they begin."""

    column: int
    text: str
    style: Style


class Frame(NamedTuple):
    """What could be seen from a moment on: seconds since the start, and the lines."""

    at: float
    lines: tuple[tuple[Run, ...], ...]


class Recording(NamedTuple):
    """The frames of a command, its exit code, and how large the terminal was."""

    frames: list[Frame]
    code: int
    columns: int
    rows: int


def record(command: Sequence[str], columns: int, rows: int, environment: Mapping[str, str]) -> Recording:
    """Run a command to its end on a terminal of this size, and return what could be seen."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    started = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - the command is the caller's
        command, stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True
    )
    os.close(its)
    frames: list[Frame] = []
    try:
        for chunk in _chunks(ours):
            stream.feed(chunk)
            now = time.monotonic() - started
            if not frames or now - frames[-1].at >= FRAME_SECONDS:
                _take(frames, screen, now)
    finally:
        os.close(ours)
    code = process.wait()
    _take(frames, screen, time.monotonic() - started)
    return Recording(frames, code, columns, rows)


def _chunks(terminal: int) -> Iterator[bytes]:
    """Yield what is written to a terminal, and nothing now and then, until whoever writes has closed it."""
    while True:
        if not select.select([terminal], [], [], FRAME_SECONDS)[0]:
            yield b""
            continue
        try:
            chunk = os.read(terminal, CHUNK)
        except OSError:  # how Linux tells that the other side is closed
            return
        if not chunk:
            return
        yield chunk


def _take(frames: list[Frame], screen: pyte.Screen, now: float) -> None:
    lines = tuple(tuple(_runs(screen, row)) for row in range(screen.lines))
    if not frames or frames[-1].lines != lines:
        frames.append(Frame(now, lines))


def _runs(screen: pyte.Screen, row: int) -> Iterator[Run]:
    """Yield a line's runs, without the blanks that nobody sees."""
    cells = [(column, screen.buffer[row][column]) for column in range(screen.columns)]
    for style, group in groupby(cells, key=lambda cell: _style(cell[1])):
        run = list(group)
        text = "".join(char.data for _, char in run)
        if text.strip() or style.ground != "default":
            yield Run(run[0][0], text.rstrip() if style.ground == "default" else text, style)


def _style(char: Char) -> Style:
    colour, ground = (char.bg, char.fg) if char.reverse else (char.fg, char.bg)
    if char.reverse:
        colour = "ground" if colour == "default" else colour
        ground = "text" if ground == "default" else ground
    return Style(colour, ground, char.bold)
