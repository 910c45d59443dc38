"""The pure core: what distinguishes a client from a customer.

May import: the standard library and msgspec. It uses no Kafka, no Redis, no clock and no asyncio: times and offsets are
arguments, and a step returns the messages to send. An import contract (`pyproject.toml`) enforces this.

A wheel has its busiest modules compiled by mypyc, beside their source. `CLIENTWARD_CORE=python` runs the source instead: the
same results at three quarters of the speed, with line numbers that a debugger can stop at.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType


class _Source:
    """Finds the modules of this package as Python's source, never as extensions."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(f"{__name__}."):
            return None
        found = (FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name) for folder in path or ())
        return next((spec for spec in found if spec is not None), None)


if os.environ.get("CLIENTWARD_CORE") == "python":
    sys.meta_path.insert(0, _Source)
