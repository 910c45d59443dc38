"""The concept pages tell what the policy and the stories are: pictures are up to date, and figures are the policy's."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from relationship.contract.enums import STATUSES
from relationship.contract.names import DIMENSIONS
from relationship.generated import stale
from relationship.policy.compiled import load_policy
from tools.pictures.__main__ import FOLDER, HOUSEHOLD, files
from tools.pictures.measures import WORDS
from tools.pictures.stories import story

PAGE = (FOLDER / "dimensions.md").read_text(encoding="utf-8")
STANDING = (FOLDER / "standing.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def test_the_pictures_are_what_the_core_says() -> None:
    """A change of the core or of a story that moves a line is red here: `python -m tools.pictures` draws anew."""
    assert [path.name for path in stale(files(FOLDER))] == []


@pytest.mark.parametrize("name", [path.name for path in files(FOLDER)])
def test_a_picture_brings_all_it_needs_and_says_what_it_shows(name: str) -> None:
    """Whoever cannot see it hears it, and nothing is fetched for it."""
    root = ET.fromstring((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert root.findtext(f"{SVG}title")
    assert len((root.findtext(f"{SVG}desc") or "").split()) > 8
    assert not [each for each in root.iter() if each.tag in {f"{SVG}image", f"{SVG}script"}]


def test_the_course_shows_every_change_of_the_story() -> None:
    """The household's decisions stand below its line, with their days."""
    drawn = (FOLDER / "household.svg").read_text(encoding="utf-8")
    decisions = story(HOUSEHOLD, datetime(2023, 12, 31, tzinfo=UTC)).decisions
    assert [decision.to for decision in decisions] == ["customer", "candidate", "client"]
    assert all(f"{decision.to} on {decision.effective_at[:10]}" in drawn for decision in decisions)


def test_the_table_of_measures_is_the_policys() -> None:
    """Each of the fourteen has a row in its order, with the points and the half-life of the policy that comes along."""
    policy = load_policy().source.dimensions
    rows = re.findall(r"^\| ([^|]+) \(`(\w+)`\) \|.*\| (\d+) \| (?:(\d+) days )?\|$", PAGE, re.MULTILINE)
    assert [name for _, name, _, _ in rows] == list(DIMENSIONS)
    assert {name: words for words, name, _, _ in rows} == WORDS
    for _, name, points, days in rows:
        assert int(points) == policy[name].weight
        assert int(days or 0) == (0 if name in {"duration", "breadth"} else policy[name].half_life)


def test_the_figures_of_standing_are_the_policys() -> None:
    """Bars, the least stay and the statuses are those of the policy that comes along."""
    source = load_policy().source
    t = source.thresholds
    assert re.findall(r"^\| (\w+) \|", STANDING, re.MULTILINE)[1:] == list(STATUSES)
    assert f"it takes {t.candidate_up:g} points" in STANDING
    assert f"it takes {t.client_up:g} points" in STANDING
    assert f"falls below {t.client_down:g} points" in STANDING
    assert f"a client's for {source.stays.client:g}" in STANDING
