"""The house: no circle of imports, no crowded room, every room says what it is, and is used by what it offers."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from relationship.generated import stale
from tools import rooms
from tools.imports import between_rooms, circles, module_of, read_imports, room_of

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests", ".venv"})
SHIPPED = [name for name in PACKAGES if name not in {"benchmarks", "contracts", "faults", "quality", "tools"}]
IMPORTS = read_imports(ROOT, PACKAGES)
MOST_MODULES = 15  # of a folder: what one can take in at a look
FOLDERS = sorted(
    {
        path.parent
        for name in PACKAGES
        for path in (ROOT / name).rglob("__init__.py")
        if ".venv" not in path.parts  # the benchmarks have one of their own
    }
)


def test_no_import_leads_in_a_circle() -> None:
    """Type-checking imports and those inside functions count too; the message is the circle itself."""
    found = [" -> ".join(circle) for circle in circles(IMPORTS)]
    assert found == []
    assert len(IMPORTS) > 200


def test_a_circle_is_named(tmp_path: Path) -> None:
    """Three modules that import one another, one of them for type checking only, are found and told as a path."""
    package = tmp_path / "house"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("from house.b import B\n")
    (package / "b.py").write_text("def f():\n    import house.c\n")
    (package / "c.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house import a\n")
    (package / "d.py").write_text("from house import a\n")
    imports = read_imports(tmp_path, ["house"])
    assert circles(imports) == [["house.a", "house.b", "house.c", "house.a"]]
    (package / "c.py").write_text("")
    assert circles(read_imports(tmp_path, ["house"])) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=[module_of(each / "__init__.py", ROOT) for each in FOLDERS])
def test_no_room_is_crowded_and_each_says_what_it_is(folder: Path) -> None:
    """At most fifteen modules and a docstring that a newcomer can read."""
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES, [path.name for path in modules]
    docstring = import_module(module_of(folder / "__init__.py", ROOT)).__doc__
    assert docstring
    assert len(docstring.split()) >= 8


def offered(room: str) -> set[str]:
    """Return the modules that a room's docstring offers: the names in backticks after "Offers:"."""
    docstring = import_module(room).__doc__ or ""
    _, _, listed = docstring.partition("Offers:")
    return set(re.findall(r"`(\w+)`", re.split(r"\.\s", listed)[0]))


ROOMS = sorted({room_of(name) for name in IMPORTS if (ROOT / room_of(name).replace(".", "/")).is_dir()})
OFFERING = [room for room in ROOMS if "Offers:" in (import_module(room).__doc__ or "")]


@pytest.mark.parametrize("room", OFFERING)
def test_from_outside_one_imports_what_a_room_offers(room: str) -> None:
    """Whatever another room of the product imports stands in the docstring, and what stands there exists."""
    files = {path.stem for path in (ROOT / room.replace(".", "/")).glob("*.py")} - {"__init__"}
    used = {
        target.removeprefix(room + ".").partition(".")[0]
        for name, targets in IMPORTS.items()
        for target in targets
        if room_of(target) == room and room_of(name) != room and target != room and name.split(".")[0] in SHIPPED
    }
    assert used <= offered(room)
    assert offered(room) <= files


def test_the_rooms_of_core_and_streams_offer_something() -> None:
    """Every room of the two large packages says what it offers; the layers between them are import-linter's."""
    inner = {room for room in ROOMS if room.split(".")[0] in {"relationship", "streams"} and "." in room}
    assert inner - {"streams.embedded"} <= set(OFFERING)
    assert between_rooms(IMPORTS)["relationship.contract"] == set()


def test_the_picture_is_drawn_from_the_imports() -> None:
    """docs/architecture.md shows the rooms as they are; `python -m tools.rooms` draws them anew."""
    assert stale(rooms.files(rooms.PAGE)) == []
    assert "streams.engine --> relationship.core" in rooms.picture()


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    """Of a chain only the steps are drawn; what has no other way stays."""
    assert rooms.reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert rooms.reduced({"a": {"b", "c"}, "b": set(), "c": set()})["a"] == {"b", "c"}


def test_the_glossary_names_what_is_there() -> None:
    """Every file that a term points to exists, and the terms stand in order."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)`", page)
    terms = re.findall(r"^\| ([a-z][^|]*?) \|", page, flags=re.MULTILINE)[1:]
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert terms == sorted(terms)


def test_the_architecture_page_links_to_what_is_there() -> None:
    """Every link of the page leads to a file."""
    page = ROOT / "docs" / "architecture.md"
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert len(links) > 20
