"""Which preset a file's header fits, and why."""

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Table
from typing import NamedTuple

from importing.errors import QuestionError
from importing.mapping.mapping import Mapping
from importing.mapping.view import Found, find_columns


class Fit(NamedTuple):
    """A preset that fits a file, and by which columns.

    Attributes:
        mapping: the preset.
        found: the file's columns that it takes.
        sure: whether all columns peculiar to its kind of file are there; else the names fit and nothing more.
    """

    mapping: Mapping
    found: Found
    sure: bool

    def why(self) -> str:
        """Return the reason in words."""
        telling = [column.name for column in self.mapping.columns if column.telling]
        names = [self.found.sources[name][0] for name in telling or self.found.sources if name in self.found.sources]
        return f"it has the columns {', '.join(names)}"


def fitting(mappings: Iterable[Mapping], names: Sequence[str], said: Table[str, str]) -> list[Fit]:
    """Return the presets that fit a header, the best first; `said` are columns by a preset's names for them."""
    fits = []
    for mapping in mappings:
        own = {column.name for column in mapping.columns}
        found = find_columns(mapping, names, {name: text for name, text in said.items() if name in own})
        has, of = found.telling
        if not found.missing and (has == of):
            fits.append(Fit(mapping, found, sure=of > 0))
    return sorted(fits, key=lambda fit: (fit.found.telling[0], len(fit.found.sources)), reverse=True)


def choose(mappings: Iterable[Mapping], names: Sequence[str], said: Table[str, str]) -> Fit:
    """Return the preset that fits a header. Raises QuestionError where none does, or nobody can tell which."""
    fits = fitting(mappings, names, said)
    if not fits:
        raise QuestionError(
            "No preset fits.",
            "--preset",
            f"no preset fits the columns {', '.join(names)}: say --map FIELD=COLUMN for each field, or --sql FILE.sql",
        )
    best = fits[0]
    rivals = [fit.mapping.name for fit in fits if fit.found.telling[0] == best.found.telling[0]]
    if best.sure and len(rivals) == 1:
        return best
    listed = " or ".join(dict.fromkeys([best.mapping.name, *rivals]))
    raise QuestionError(
        f"Which of these is it: {listed}?",
        "--preset",
        f"fits {listed}: {best.why()}; say --preset {best.mapping.name}",
        tuple(dict.fromkeys([best.mapping.name, *rivals])),
    )
