"""The distributions of this repository: what they import is declared, and their version stands in one place."""

import subprocess
import sys
import tomllib
from importlib.metadata import distribution, entry_points
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT, *sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))]


def config(folder: Path) -> dict[str, Any]:
    """Return a distribution's pyproject.toml."""
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def rooms(folder: Path) -> list[Path]:
    """Return the top packages that a distribution ships."""
    find = config(folder)["tool"]["setuptools"]["packages"]["find"]
    places = [folder / where for where in find.get("where", ["."])]
    return sorted(
        found.parent
        for place in places
        for pattern in find.get("include", ["*"])
        for found in place.glob(f"{pattern}/__init__.py")
    )


def deptry(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Compare what a distribution imports with what it declares."""
    shipped = rooms(folder)
    ours = [part for room in shipped for part in ("--known-first-party", room.name)]
    command = ["deptry", *map(str, shipped), *ours, "--config", str(folder / "pyproject.toml"), "--no-ansi", *more]
    return subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: config(folder)["project"]["name"])
def test_every_import_is_declared(folder: Path) -> None:
    """A third-party module that is imported belongs to a declared dependency, and no dependency is declared in vain."""
    done = deptry(folder)
    assert done.returncode == 0, done.stderr
    assert "No dependency issues found" in done.stderr


def test_an_undeclared_import_is_told(tmp_path: Path) -> None:
    """The check sees what another dependency happens to bring along: yarl, which Faust declares."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("import faust\nimport yarl\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\ndependencies = ["faust-streaming"]\n'
        '[tool.setuptools]\npackages.find.include = ["shop*"]\n'
    )
    done = deptry(tmp_path)
    assert done.returncode == 1
    assert "DEP003 'yarl' imported but it is a transitive dependency" in done.stderr
    assert "faust'" not in done.stderr


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: config(folder)["project"]["name"])
def test_a_version_stands_in_one_place(folder: Path) -> None:
    """Whoever asks for it asks the installed distribution, which has it from pyproject.toml; no module repeats it."""
    project = config(folder)["project"]
    assert distribution(project["name"]).version == project["version"]
    files = [path for room in rooms(folder) for path in room.rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    assert texts
    assert [path for path, text in texts.items() if "__version__" in text or f'"{project["version"]}"' in text] == []


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=lambda folder: config(folder)["project"]["name"])
def test_what_is_installed_alone_has_all_it_needs(folder: Path) -> None:
    """A distribution of packages/ brings its page, its licence, which is the project's, its types and its tests."""
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {config(folder)['project']['name']}\n")
    assert all((room / "py.typed").exists() for room in rooms(folder))
    assert list((folder / "tests").rglob("test_*.py"))


def test_the_product_has_the_store_from_its_distribution() -> None:
    """The product declares the store, and Faust finds it by that distribution's entry points alone."""
    assert any(line.startswith("clientward-store>=") for line in config(ROOT)["project"]["dependencies"])
    found = {
        point.name: point.dist.name for point in entry_points(group="faust.stores") if point.name.startswith("redis")
    }
    assert found == {"redis": "clientward-store", "rediss": "clientward-store"}
