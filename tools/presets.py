"""The table of presets on docs/importing.md, made of their files: `python -m tools.presets`, or `--check`."""

import re
from pathlib import Path
from typing import Final

from importing.mapping.mapping import TOLD, Mapping
from importing.presets.catalogue import ALSO, presets
from relationship.generated import Files, Generator
from relationship.generated import main as generate
from tools.pages import with_part

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "importing.md"
BEGIN: Final = "<!-- made by `python -m tools.presets` of the presets: change those, not this -->\n"
END: Final = "<!-- end of the presets -->\n"
#: What a mapping's SQL calls where only a person knows something, and the option that says it.
ASKED: Final = {"own(": "`--own-domain`", "word('meetings.kind'": "`--words`", "currency(": "`--currency`"}


def table() -> str:
    """Return the presets as a table: what each reads, what it yields, and what a person may have to say."""
    lines = ["| preset | reads | yields | may ask for |", "|---|---|---|---|"]
    for name, mapping in presets().items():
        also = [f"`{other}`" for other, meant in ALSO.items() if meant == name]
        title = mapping.title + (f" (also {', '.join(also)})" if also else "")
        told = " ".join(mapping.about.split())
        lines.append(
            f"| [`{name}`](../importing/presets/{name}.sql) | {title}. {told} | {_yields(mapping)} | {_asks(mapping)} |"
        )
    return "\n".join([*lines, ""])


def _yields(mapping: Mapping) -> str:
    return ", ".join(dict.fromkeys(query.to for query in mapping.queries if query.to != TOLD))


def _asks(mapping: Mapping) -> str:
    sql = " ".join(query.sql for query in mapping.queries)
    asked = [option for call, option in ASKED.items() if call in sql and "currency" not in mapping.known]
    zone = re.search(r"moment\([^,()]*(\([^()]*\))?[^,()]*\)", sql) is not None and "zone" not in mapping.known
    return ", ".join(["`--zone`", *asked] if zone else asked) or "nothing"


def files(page: Path) -> Files:
    """Return the page with the presets of now in it."""
    return with_part(page, BEGIN, END, table)


GENERATOR: Final = Generator("tools.presets", "the presets", PAGE, files)

if __name__ == "__main__":
    raise SystemExit(generate(GENERATOR))
