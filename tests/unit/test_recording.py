"""The recording of a command is what a terminal showed, whatever was printed, as one picture that brings all it needs."""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from tools.recording.film import FRAMES, LAST, LONGEST, PLAYED, cut, film, words
from tools.recording.terminal import Frame, Recording, Run, Style, record

ROOT = Path(__file__).parents[2]
PLAIN = Style("default", "default", bold=False)
PROGRAM = """
import os, sys
print(os.get_terminal_size().columns, sys.stdout.isatty())
print("\\x1b[32;1mgreen\\x1b[0m and \\x1b[7mturned\\x1b[0m")
print("gone", end="\\r\\x1b[2K")
print("a < b & c")
sys.exit(3)
"""


def frame(at: float, text: str) -> Frame:
    """A frame of one line."""
    return Frame(at, ((Run(0, text, PLAIN),),))


def recorded() -> Recording:
    """A program that colours, moves the cursor and erases, on a terminal of its own."""
    return record([sys.executable, "-c", PROGRAM], 60, 6, {"TERM": "xterm-256color"})


def test_a_recording_has_what_the_terminal_showed_at_the_end() -> None:
    """It is a terminal of the size asked for; what was erased is gone, colours are kept, and so is the exit code."""
    recording = recorded()
    last = recording.frames[-1]
    assert recording.code == 3
    assert words([last]).split("\n")[:3] == ["60 True", "green  and turned", "a < b & c"]
    green, _, turned = last.lines[1]
    assert (green.column, green.text, green.style) == (0, "green", Style("green", "default", bold=True))
    assert turned.style == Style("ground", "text", bold=False)


def test_the_picture_is_whole_and_asks_for_nothing() -> None:
    """It is well-formed, has no script, and every line that a frame uses is drawn once."""
    picture = film(recorded(), "a & b").decode()
    root = ET.fromstring(picture)  # noqa: S314 - our own
    assert "a &lt; b &amp; c" in picture
    assert not [each for each in root.iter() if each.tag.endswith(("script", "image"))]
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    drawn = re.findall(r'<text id="(l\d+)">', picture)
    assert len(drawn) == len(set(drawn))
    assert set(re.findall(r'href="#(l\d+)"', picture)) == set(drawn)


def test_waits_are_cut_and_the_end_stays() -> None:
    """A wait is shown for a moment; a short recording is played as it was."""
    played = cut([frame(0, "a"), frame(1, "b"), frame(60, "c")])
    assert played.speed == 1.0
    assert [(shown.frame.at, shown.seconds) for shown in played.shown] == [(0, 1), (1, LONGEST), (60, LAST)]


def test_a_long_recording_is_played_faster_with_fewer_frames() -> None:
    """A thousand frames become as many as are followed, in as long as one watches; first and last are among them."""
    played = cut([frame(i, str(i)) for i in range(1001)])
    assert played.speed == 1000 / PLAYED
    assert len(played.shown) <= FRAMES + 1
    assert abs(sum(shown.seconds for shown in played.shown) - PLAYED - LAST) < 1e-6
    assert [played.shown[i].frame.at for i in (0, -1)] == [0, 1000]


def test_the_demo_of_the_pages_is_a_recording_of_it() -> None:
    """docs/demo.svg shows decisions and the summary, is small enough for a page, and names no place of a machine."""
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert '<title id="title">clientward demo' in picture
    assert "From candidate to client" in picture
    assert "precision" in picture
    assert len(picture) < 400_000
    assert not re.search(r"/(tmp|root|home)/|127\.0\.0\.1", picture)
