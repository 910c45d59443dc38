"""The presets, by name: the SQL files of this folder."""

from functools import cache
from importlib.resources import files
from typing import Final

from importing.errors import ImportingError
from importing.mapping.mapping import Mapping, read_mapping

#: Other names of a preset: what exports the same form.
ALSO: Final = {
    "google_calendar": "ics",
    "icalendar": "ics",
    "outlook_csv": "outlook",
    "stripe": "stripe_payments",
    "jira": "jira_service_management",
    "uci": "online_retail",
}


@cache
def presets() -> dict[str, Mapping]:
    """Return every preset by its name."""
    found = sorted(files(__package__).iterdir(), key=lambda each: each.name)
    return {
        path.name.removesuffix(".sql"): read_mapping(path.name.removesuffix(".sql"), path.read_text(encoding="utf-8"))
        for path in found
        if path.name.endswith(".sql")
    }


def preset(name: str) -> Mapping:
    """Return a preset. Raises ImportingError where there is none of the name."""
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    plain = ALSO.get(plain, plain)
    if plain not in presets():
        raise ImportingError(f"no preset {name!r}; there are: {', '.join(presets())}")
    return presets()[plain]
