"""What is private of Faust, mode and aiokafka is touched in one module each, and is still there in what is installed."""

import ast
import inspect
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from clientward_client import aiokafka_private as client_private
from streams.driver import aiokafka_private, faust_private, mode_private

ROOT = Path(__file__).parents[2]
SHIPPED = ("agents", "cli", "relationship", "simulator", "streams")
MODULES = {"faust-streaming": faust_private, "mode-streaming": mode_private, "aiokafka": aiokafka_private}
ALL = [*MODULES.items(), ("aiokafka", client_private)]  # the client comes alone too, and so has one of its own


def is_there(owner: type, name: str) -> bool:
    """Tell whether a class has a name, or sets it on its instances."""
    return hasattr(owner, name) or any(
        f"self.{name}" in inspect.getsource(each) for each in owner.__mro__ if each is not object
    )


@pytest.mark.parametrize(("library", "module"), ALL, ids=[module.__name__ for _, module in ALL])
def test_an_upgrade_has_taken_nothing_away(library: str, module: ModuleType) -> None:
    """Each private name is where it was; the message says which is gone, since when, and what is installed."""
    gone = [
        f"{owner.__name__}.{name}"
        for owner, names in module.NAMES.items()
        for name in names
        if not is_there(owner, name)
    ]
    assert not gone, f"gone from {library} {version(library)}, seen in {module.SEEN_IN}: {', '.join(gone)}"
    assert module.NAMES


def test_a_name_that_is_gone_is_noticed() -> None:
    """A class that never had a name does not pass for one that has it."""
    owner = next(iter(aiokafka_private.NAMES))
    assert not is_there(owner, "_no_such_name")
    assert all(is_there(owner, name) for name in aiokafka_private.NAMES[owner])


def private_uses(source: str) -> set[str]:
    """Return the private attributes that a source reads of others: `x._y`, where x is neither self, cls nor super()."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            of_own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
            of_base = isinstance(node.value, ast.Call) and ast.unparse(node.value) == "super()"
            if not (of_own or of_base):
                found.add(node.attr)
    return found


@pytest.mark.parametrize("module", MODULES.values(), ids=list(MODULES))
def test_every_private_name_is_listed(module: ModuleType) -> None:
    """What a module reads of another's insides is in its list, so that the list can be believed."""
    used = private_uses(inspect.getsource(module))
    listed = {name for names in module.NAMES.values() for name in names}
    assert used - {"_asdict", "_replace", "_fields"} <= listed
    assert used


def test_nobody_else_looks_inside() -> None:
    """Outside of these three modules nothing shipped reads a private attribute; a tuple's `_replace` is no secret."""
    own = {Path(module.__file__ or "") for module in MODULES.values()}
    others = [path for room in SHIPPED for path in (ROOT / room).rglob("*.py") if path not in own]
    public = {"_asdict", "_replace", "_fields", "_exit"}  # of named tuples, and of os
    inside = {str(path.relative_to(ROOT)): private_uses(path.read_text(encoding="utf-8")) - public for path in others}
    assert {path: names for path, names in inside.items() if names} == {}
    assert len(others) > 100
