"""The two commands' first step: what `make` offers, what the locks hold, and what a machine without Python is told."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from streams.embedded.jars import KAFKA, LOGGING, locked_jars

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
TOOLS = ("awk", "bash", "cat", "cmp", "dirname", "grep", "make", "sh")


def locked() -> dict[str, str]:
    """Return the version of every package that `make setup` installs, by its normalised name."""
    text = "".join((ROOT / "requirements" / name).read_text() for name in ("dev.lock", "redis.lock"))
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", text, re.MULTILINE))


def of(lock: str) -> str:
    """Return the text of a lock."""
    return (ROOT / "requirements" / lock).read_text()


def wished() -> list[Requirement]:
    """Return what the distributions ask others for: to run, to build, for the embedded servers, for development."""
    projects = [
        tomllib.loads(path.read_text()) for path in [ROOT / "pyproject.toml", *ROOT.glob("packages/*/pyproject.toml")]
    ]
    wishes = [Requirement(line) for project in projects for group in groups(project) for line in group]
    ours = {project["project"]["name"] for project in projects}
    return [wish for wish in wishes if wish.name not in ours]


def groups(project: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the lists of requirements of one pyproject.toml."""
    yield project["project"]["dependencies"]
    yield project["build-system"]["requires"]
    # What `policy learn` needs is in no lock of ours.
    yield from (extra for name, extra in project["project"].get("optional-dependencies", {}).items() if name != "learn")
    yield from project["dependency-groups"].values()


@pytest.mark.parametrize("requirement", wished(), ids=str)
def test_the_lock_fits_the_project(requirement: Requirement) -> None:
    """What pyproject.toml asks for is locked at a version that it allows; otherwise `make lock` was forgotten."""
    version = locked()[requirement.name.lower().replace("_", "-").replace(".", "-")]
    assert requirement.specifier.contains(version)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_names_no_host(lock: Path) -> None:
    """Every package of every lock has a SHA-256, and where it comes from is left to the machine's own settings."""
    packages = re.findall(r"^[a-z].*(?:\\\n.*)+", lock.read_text(), re.MULTILINE)
    assert packages
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", package) for package in packages)
    assert len(packages) == len(re.findall(r"^[a-z]", lock.read_text(), re.MULTILINE))
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", ["runtime.lock", "embedded.lock", "store.lock"])
def test_whatever_is_tried_has_the_versions_of_a_checkout(lock: str) -> None:
    """The locks of the image and of the tried wheels are parts of the development lock."""
    # Of some packages an older Python has another version.
    pinned, checkout = (
        set(re.findall(r"^[a-z0-9-]+==[^ ;\\]+", of(each), re.MULTILINE)) for each in (lock, "dev.lock")
    )
    assert pinned
    assert pinned <= checkout


def test_the_jars_are_those_that_are_asked_for() -> None:
    """Kafka and its log binding are in the lock at the version wanted, no jar twice, each with a digest."""
    jars = locked_jars()
    coordinates = {f"{jar.group}:{jar.name}:{jar.version}" for jar in jars}
    assert {KAFKA, LOGGING} <= coordinates
    assert len({(jar.group, jar.name) for jar in jars}) == len(jars)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.digest) for jar in jars)


def test_make_lists_every_target_with_a_text() -> None:
    """`make` alone is help, and no target is missing from it but the first steps of others (`…-setup`)."""
    listed = subprocess.run([str(shutil.which("make"))], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rules = (ROOT / "Makefile").read_text()
    for included in re.findall(r"[\w/]+\.mk", rules):
        rules += (ROOT / included).read_text() if (ROOT / included).exists() else ""
    targets = [name for name in re.findall(r"^([a-z-]+):", rules, re.MULTILINE) if not name.endswith("-setup")]
    assert {"setup", "demo", "test", "lint", "help"} <= set(targets)
    assert [line.split()[1] for line in listed.splitlines()] == targets
    assert all(len(line.split()) > 2 for line in listed.splitlines())


def test_a_machine_without_python_is_told_in_a_line(tmp_path: Path) -> None:
    """Where no Python is new enough, setup says so and touches nothing."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for tool in TOOLS:
        (binaries / tool).symlink_to(str(shutil.which(tool)))
    old = binaries / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what any Python below 3.11 answers to the question for its version
    old.chmod(0o755)
    (tmp_path / "requirements").mkdir()
    shutil.copy(ROOT / "requirements" / "setup.sh", tmp_path / "requirements")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"} | {"PATH": str(binaries)}
    done = subprocess.run(
        [str(shutil.which("bash")), "requirements/setup.sh"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("clientward: Python 3.11 or newer is needed, and I find none as python3 ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()
