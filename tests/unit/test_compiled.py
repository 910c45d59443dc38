"""The core under test is the one that was asked for: Python's source, or what `make compiled` built of it."""

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path

from relationship import core
from relationship.classify import dimensions, fold
from relationship.state import record


def test_the_core_is_the_one_that_was_asked_for():
    """`make compiled-test` runs the extensions and not the source beside them; any other run has no extension."""
    asked = os.environ.get("CORE_UNDER_TEST", "python")
    extensions = [module.__file__.endswith(tuple(EXTENSION_SUFFIXES)) for module in (core, dimensions, fold)]
    assert extensions == [asked == "compiled"] * 3
    assert record.__file__.endswith(".py")
    rooms = {Path(core.__file__).parent, *(Path(module.__file__).parents[1] for module in (dimensions, fold, record))}
    assert len(rooms) == 1


WHERE = "import sys; sys.path.insert(0, sys.argv[1]); import relationship.extra as extra; print(extra.__file__)"


def test_one_variable_runs_the_source_where_a_wheel_has_both(tmp_path: Path):
    """Beside its extension a module's source is found only with CLIENTWARD_CORE=python."""
    room = tmp_path / "relationship"
    room.mkdir()
    (room / "__init__.py").write_bytes((Path(core.__file__).parent / "__init__.py").read_bytes())
    (room / "extra.py").write_text("")
    (room / f"extra{EXTENSION_SUFFIXES[0]}").write_bytes(b"")
    found = PathFinder.find_spec("relationship.extra", [str(room)])
    assert found is not None
    assert found.origin == str(room / f"extra{EXTENSION_SUFFIXES[0]}")
    argv = (sys.executable, "-c", WHERE, str(tmp_path))
    source = subprocess.run(argv, env={"CLIENTWARD_CORE": "python"}, capture_output=True, text=True, check=False)
    assert source.stdout.strip() == str(room / "extra.py"), source.stderr
    assert subprocess.run(argv, env={}, capture_output=True, check=False).returncode, "an empty extension was loaded"
