"""The reference says what the code says: each page is up to date, and nothing that is there is left out."""

import json
from pathlib import Path

import pytest

from cli.commands import COMMANDS, POLICY
from relationship.generated import stale
from streams.config.settings import Settings
from streams.config.sources import variable
from streams.engine.metrics import Metrics
from tools.reference.__main__ import FOLDER, PAGES, files
from tools.reference.fields import takes
from tools.reference.tables import cell, table

ROOT = Path(__file__).parents[2]
CHANNELS = json.loads((ROOT / "contracts" / "asyncapi.json").read_bytes())["channels"]
NAMED = {
    "settings.md": [f"| `{variable(name)}` |" for name in Settings.model_fields],
    "commands.md": [f"\n### {each.name}\n" for each in COMMANDS] + [f"\n#### policy {each.name}\n" for each in POLICY],
    "metrics.md": [f"| `{family.name}" for family in Metrics().registry.collect()],
    "topics.md": [f"\n### {name}\n" for name in CHANNELS],
    "http.md": ["\n## POST /events\n", "| 202 |", "\n### Event\n"],
}


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """Return every page as it has to be."""
    return {path.name: (content or b"").decode() for path, content in files(FOLDER).items()}


def test_the_pages_are_up_to_date() -> None:
    """A setting, an option, a metric or a field that changed makes its page stale: `python -m tools.reference` writes it."""
    assert [path.name for path in stale(files(FOLDER))] == []
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_out(page: str, made: dict[str, str]) -> None:
    """Every setting, command, metric and topic that the code knows stands on its page."""
    assert [name for name in NAMED[page] if name not in made[page]] == []


def test_options_come_with_their_defaults(made: dict[str, str]) -> None:
    """What `--help` says of an option, its limits included, is on the page."""
    assert "| `--seed <int>` | The same seed plays the same accounts. [default: 7] |" in made["commands.md"]


def test_no_page_knows_the_machine_that_made_it(made: dict[str, str]) -> None:
    """A default that depends on the machine is told in words."""
    assert [page for page, text in made.items() if str(Path.home()) in text or str(ROOT) in text] == []


def test_a_cell_keeps_its_table_whole() -> None:
    """A bar is escaped and a tag shown as text, but in code a tag stays; several lines become one."""
    assert cell("a | b\n<c> `<d>`") == "a \\| b &lt;c> `<d>`"
    assert table(("a",), [("b",)]) == "| a |\n|---|\n| b |"
    assert not table(("a",), [])


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": ["string", "null"]}, "string"),
        ({"type": "number", "minimum": 1, "maximum": 5}, "number, 1 to 5"),
        ({"enum": ["a", "b", None]}, "`a`, `b`"),
        ({"enum": list(range(300))}, "one of 300 values"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Part"}}, "list of [Part](#part)"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "integer"),
        ({"type": "string", "format": "date-time"}, "moment"),
    ],
)
def test_a_field_is_told_in_words(field: dict[str, object], words: str) -> None:
    """What a JSON Schema allows of a field, as a person says it; null is what a field is that may be left out."""
    assert takes(field) == words
