"""The core under test is the one that was asked for: Python's source, or what `make compiled` built of it."""

import os
from importlib.machinery import EXTENSION_SUFFIXES
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
