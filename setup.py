"""Builds the wheel with the relationship core compiled by mypyc; the rest of the build is in pyproject.toml.

The core stays Python in a checkout (an editable install), with `CLIENTWARD_CORE=python`, and where there is no C compiler:
the wheel is then a pure one. Anything else that keeps the core from being compiled ends the build.
"""

import os
import shutil
import sys
import tomllib
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent


def compiled() -> list[Extension]:
    """Return the extensions of the core; none where the core is to stay Python."""
    if "bdist_wheel" not in sys.argv or os.environ.get("CLIENTWARD_CORE") == "python":
        return []
    compiler = os.environ.get("CC", "cc").split()[0]
    if shutil.which(compiler) is None:
        sys.stderr.write(f"clientward: no C compiler ({compiler}) here: the wheel has the core in Python alone\n")
        return []
    from mypyc.build import mypycify  # noqa: PLC0415 - in the environment of a build, and not of every command

    modules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["clientward"]["compiled"]
    return list(mypycify(["--strict", "--config-file=", *(f"relationship/{module}.py" for module in modules)]))


setup(ext_modules=compiled())
