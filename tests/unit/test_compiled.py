"""The core under test is the one that was asked for: Python's source, or what `make compiled` built of it."""

import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from relationship import core, dimensions, fold, record


def test_the_core_is_the_one_that_was_asked_for():
    """`make compiled-test` runs the extensions and not the source beside them; any other run has no extension."""
    asked = os.environ.get("CORE_UNDER_TEST", "python")
    extensions = [module.__file__.endswith(tuple(EXTENSION_SUFFIXES)) for module in (core, dimensions, fold)]
    assert extensions == [asked == "compiled"] * 3
    assert record.__file__.endswith(".py")
    assert len({Path(module.__file__).parent for module in (core, dimensions, fold, record)}) == 1
