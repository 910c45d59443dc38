"""Programs of other languages, for tests of what those who use them do with the contract.

Node, a JDK and Maven are on CI's machine, and may be missing on a user's: what is missing fails a test where `CI=true`, and
skips it with its reason elsewhere. npm's packages and tools from PyPI are installed by their locks into the folder where the
embedded Kafka's jars are, once for each lock; Maven has a folder of its own.
"""

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
from live import plain_environment

from streams.embedded.cache import alone, cache_folder

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
EXAMPLES = ROOT / "examples" / "subscribers"
MAVEN = ("mvn", "-q", "-B", "-ntp")
MAVEN_OPTS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"  # a JVM that lives for seconds
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SECONDS = 240.0  # for one command, on a machine that has nothing in its caches


class Ended(NamedTuple):
    """How a program ended, and what it wrote, without colours: Maven writes an escape sequence whatever it is told."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its standard output."""
        return self.out.splitlines()


def need(*programs: str) -> None:
    """Fail on CI, and skip elsewhere, where one of the programs is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        unavailable(f"{', '.join(missing)}: not on this machine")


def unavailable(reason: str) -> NoReturn:
    """Fail on CI, and skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str | Path, folder: Path, **environment: str) -> Ended:
    """Run a program to its end."""
    return asyncio.run(run_beside(*command, folder=folder, **environment))


async def run_beside(*command: str | Path, folder: Path, **environment: str) -> Ended:
    """Run a program to its end, beside what the test goes on with."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=folder,
        env=plain_environment(MAVEN_OPTS=f"{os.environ.get('MAVEN_OPTS', '')} {MAVEN_OPTS}", **environment),
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, ANSI.sub("", out.decode()), err.decode())


def node_modules(project: Path) -> Path:
    """Return the folder `node_modules` of a project with a package-lock.json, without scripts and optional packages."""
    need("node", "npm")
    files = [project / "package.json", project / "package-lock.json"]
    folder = cache_folder() / f"npm-{project.name}-{_digest(files)}"
    with alone(cache_folder(), "npm"):
        if not (folder / "node_modules" / ".package-lock.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for file in files:
                shutil.copy(file, folder)
            _install("npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", folder=folder)
    return folder / "node_modules"


def project_of(source: Path, folder: Path) -> Path:
    """Return a copy of a Node project in a test's folder, with its packages linked in."""
    copy = folder / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "*.d.ts"))
    (copy / "node_modules").symlink_to(node_modules(source))
    return copy


def python_tool(lock: Path, program: str) -> Path:
    """Return a program of an environment that holds what a lock names, every package checked by its hash."""
    folder = cache_folder() / f"python{sys.version_info.major}{sys.version_info.minor}-{lock.stem}-{_digest([lock])}"
    with alone(cache_folder(), "python-tools"):
        if not (folder / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            options = ("--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement")
            _install(folder / "bin" / "python", "-m", "pip", "install", *options, lock, folder=folder)
            (folder / "installed").touch()
    return folder / "bin" / program


def _install(*command: str | Path, folder: Path) -> None:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        unavailable(f"{Path(command[0]).name} could not install {folder.name}: {ended.stderr[-500:]}")


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
