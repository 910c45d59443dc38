"""What the pages for newcomers show is what happens: their commands are run as they stand, and print what stands below."""

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from importing_runs import run_import
from pages import Block, blocks
from pages import commands as commands_of

ROOT = Path(__file__).parents[2]
PAGES = ("docs/start.md", "docs/your-data.md", "docs/concepts/time.md")
BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
#: Blocks that set a machine up or start servers; other tests run what they name.
ELSEWHERE = ("make demo", "pip install ", "make setup")
#: Commands that need no server, by how they begin; and what makes one need a server, or a library that is in no lock.
ALONE = (
    *("clientward import ", "clientward replay ", "clientward security ", "clientward advise --new-key "),
    *(
        "clientward intake --new-key ",
        "clientward policy check ",
        "clientward policy diff ",
        "clientward policy calibrate ",
    ),
    "clientward policy backtest ",
)
NOT_ALONE = ("--send", "--from-topics", "learned.toml", "history.jsonl")


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


def alone(block: Block) -> list[list[str]]:
    """Return the commands of a block that need no server."""
    lines = [(words, " ".join(words) + " ") for words in commands_of(block.text)]
    return [words for words, line in lines if line.startswith(ALONE) and not any(each in line for each in NOT_ALONE)]


def clientward(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in a folder, by nobody's settings, to its good end."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("CLIENTWARD_")}
    program = Path(sys.executable).with_name("clientward")
    done = subprocess.run([program, *words], cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("block", [each for each in blocks("sh") if each.page not in PAGES and alone(each)], ids=str)
def test_a_command_that_needs_no_server_does_its_work(block: Block, tmp_path: Path) -> None:
    """In a folder with the files that pages take as given: a shop's export, a firm's events, and a policy of one's own."""
    (first,) = [text for text, _ in steps("docs/your-data.md") if "cat > orders.csv" in text]
    subprocess.run(["/usr/bin/env", "bash", "-c", first.partition("\nclientward")[0]], cwd=tmp_path, check=True)
    shutil.copy(ROOT / "relationship" / "policy" / "default.toml", tmp_path / "mine.toml")
    if "events.jsonl" in block.text:
        clientward(
            tmp_path,
            *["simulate", "--accounts", "80", "--seed", "7", "--end", "2025-06-01T12:00:00Z", "--out", "events.jsonl"],
        )
    for _, *words in alone(block):
        done = clientward(tmp_path, *words)
        made = [tmp_path / after for before, after in pairwise(words) if before == "--out"]
        assert done.stdout or done.stderr
        assert all(each.stat().st_size for each in made)


def test_the_mapping_of_the_page_maps(tmp_path: Path) -> None:
    """By the command below it, a table as it describes one: both queries yield, and words are translated."""
    (block,) = [each for each in blocks("sql") if each.page == "docs/importing.md"]
    (tmp_path / "desk.sql").write_text(block.text)
    (tmp_path / "export.csv").write_text(
        "Nr,Kunde,Eröffnet,Gelöst,Art\n7,acme,2026-03-01 10:00,2026-03-02 09:00,Störung\n8,beta,2026-03-03 10:00,,Anderes\n"
    )
    done = run_import(tmp_path / "export.csv", "--sql", tmp_path / "desk.sql", "--zone", "Europe/Zurich")
    assert done.code == 0, done.told
    assert {(each["event_id"], each["status"], each["kind"]) for each in done.values} == {
        ("desk:7:opened", "opened", "incident"),
        ("desk:7:resolved", "resolved", "incident"),
        ("desk:8:opened", "opened", "question"),
    }
