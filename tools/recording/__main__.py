"""Records a command: `python -m tools.recording` the demo, into docs/demo.svg (about a minute and a half)."""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from tools.recording.film import film
from tools.recording.terminal import record

OUTPUT: Final = Path(__file__).parents[2] / "docs" / "demo.svg"
COLUMNS, ROWS = 104, 26
#: What a command may know of its surroundings: no setting of whoever records reaches it.
KEPT: Final = ("HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME", "CLIENTWARD_CACHE_DIR", "CLIENTWARD_MAVEN_URL")


def main() -> int:
    """Record, write the picture, and return the command's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.recording", description="Record a command as an SVG that moves."
    )
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--columns", type=int, default=COLUMNS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("command", nargs="*", default=["clientward", "demo"])
    told = parser.parse_args()
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    recording = record(told.command, told.columns, told.rows, environment)
    if recording.code == 0:
        told.output.write_bytes(film(recording, " ".join(told.command)))
        sys.stdout.write(f"{len(recording.frames)} frames in {told.output}\n")
    return recording.code


if __name__ == "__main__":
    raise SystemExit(main())
