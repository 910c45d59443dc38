"""The imports of our own modules, read from the source: every one, those for type checking and inside functions included."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

Imports = Mapping[str, frozenset[str]]


def module_of(path: Path, root: Path) -> str:
    """Return the dotted name of a file below `root`; a package's `__init__.py` bears the package's name."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_imports(root: Path, packages: Iterable[str]) -> Imports:
    """Return for each module of the packages below `root` those of their modules that it imports.

    Hidden folders are passed over: the benchmarks' peers have their environment in one.
    """
    files = {
        module_of(path, root): path
        for package in packages
        for path in (root / package).rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
    }
    return {name: frozenset(_imported(path, name, files)) for name, path in sorted(files.items())}


def _imported(path: Path, own: str, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in _names(node):
            found = _longest(name, known)
            if found is not None and found != own:
                yield found


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the full names that a statement imports; of `from a import b` that is `a.b`, which may be a module or not."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _longest(name: str, known: Mapping[str, Path]) -> str | None:
    """Return the module that a name leads to: itself, or the module that holds it; None for one that is not ours."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def circles(imports: Imports) -> list[list[str]]:
    """Return the circles, each as a path that ends where it begins; none where every import leads downwards."""
    left = dict(imports)
    while leaves := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in leaves:
            del left[name]
    found = []
    while left:
        circle = _walk(left)
        found.append(circle)
        for name in circle[:-1]:
            left.pop(name, None)
        while leaves := [name for name, targets in left.items() if not targets & left.keys()]:
            for name in leaves:
                del left[name]
    return found


def _walk(imports: Imports) -> list[str]:
    """Follow imports, of which each module left has one, until a module comes up a second time."""
    path = [min(imports)]
    while True:
        name = min(imports[path[-1]] & imports.keys())
        if name in path:
            return [*path[path.index(name) :], name]
        path.append(name)


def room_of(module: str) -> str:
    """Return the room of a module: its package within the top-level one, or itself where it stands alone there."""
    return ".".join(module.split(".")[:2])


def between_rooms(imports: Imports) -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    rooms: dict[str, set[str]] = {}
    for name, targets in imports.items():
        own = rooms.setdefault(room_of(name), set())
        own |= {room_of(target) for target in targets} - {room_of(name)}
    return rooms
