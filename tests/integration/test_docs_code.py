"""What the pages for newcomers show is what happens: their commands are run as they stand, and print what stands below."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/start.md", "docs/your-data.md", "docs/concepts/time.md")
BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
#: Blocks that set a machine up or start servers; other tests run what they name.
ELSEWHERE = ("make demo", "pip install ", "make setup")


def steps(page: str) -> list[tuple[str, str]]:
    """Return the page's blocks of commands, each with the output that is shown below it; empty where none is."""
    found: list[tuple[str, str]] = []
    for kind, text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if kind == "sh":
            found.append((text, ""))
        elif found:
            found[-1] = (found[-1][0], text)
    return [(commands, shown) for commands, shown in found if not commands.startswith(ELSEWHERE)]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_print_what_it_shows(page: str, tmp_path: Path) -> None:
    """One block after the other, in a folder like the checkout's; blanks at the end of a line do not show."""
    shutil.copytree(ROOT / "examples" / "stories", tmp_path / "examples" / "stories")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").touch()
    own = {name: text for name, text in os.environ.items() if not name.startswith("CLIENTWARD_")}
    own |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    printed = 0
    for commands, shown in steps(page):
        done = subprocess.run(
            ["/usr/bin/env", "bash", "-e", "-c", commands],
            cwd=tmp_path,
            env=own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        if shown:
            assert [line.rstrip() for line in done.stdout.splitlines()] == shown.splitlines()
            printed += 1
    assert printed
