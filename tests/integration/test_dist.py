"""The store's wheel in an empty environment: a plain Faust app on it loses nothing when it is killed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tutorial_support import PURCHASES, Tutorial, survives_a_kill

ROOT = Path(__file__).resolve().parents[2]
#: Tells what an environment holds: the distributions by name, and where the store is imported from.
LOOK = """
import importlib.metadata, json, clientward_store
names = sorted(found.name for found in importlib.metadata.distributions())
print(json.dumps({"names": names, "store": clientward_store.__file__}))
"""


def run(*argv: str) -> str:
    """Run a command in the checkout, and return what it prints."""
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store's wheel: the one in the folder that DIST names, or else a new one, built from its sdist."""
    folder = Path(os.environ.get("DIST") or tmp_path_factory.mktemp("dist"))
    if "DIST" not in os.environ:
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), "packages/store")
    (found,) = folder.glob("clientward_store-*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment that holds the wheel and what its lock names, checked by hashes, and nothing else."""
    folder = tmp_path_factory.mktemp("alone") / "environment"
    run("bash", "requirements/environment.sh", str(folder), "requirements/store.lock", "--", str(wheel))
    return str(folder / "bin" / "python")


def test_the_wheel_needs_what_it_declares_and_nothing_of_the_product(python: str, tmp_path: Path) -> None:
    """Outside of the checkout the store is imported from the environment, in which nothing else of this project is."""
    done = subprocess.run([python, "-c", LOOK], cwd=tmp_path, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    assert Path(found["store"]).is_relative_to(Path(python).parents[1])
    assert {"clientward-store", "faust-streaming", "redis", "hiredis"} <= set(found["names"])
    assert not {"clientward", "pip", "setuptools", "pytest"} & set(found["names"])


async def test_a_faust_app_on_the_wheel_is_killed_and_goes_on(
    python: str, kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """The program of the store's README, run by that Python, killed with SIGKILL and restarted: its table is intact."""
    tutorial = Tutorial(tmp_path, group, kafka_bootstrap, redis_url, python)
    await survives_a_kill(tutorial)
    assert tutorial.stored() == tutorial.totals
    assert sum(tutorial.totals.values()) == 2 * sum(range(PURCHASES))
