"""The table of rights on docs/security.md, made of `streams/rights/parts.py`: `python -m tools.rights`, or `--check`."""

from pathlib import Path
from typing import Final

from relationship.generated import Files, Generator
from relationship.generated import main as generate
from streams.config.settings import Settings
from streams.rights.parts import Part, Right, parts
from tools.pages import with_part

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "security.md"
BEGIN: Final = "<!-- made by `python -m tools.rights` of streams/rights/parts.py: change that, not this -->\n"
END: Final = "<!-- end of the rights -->\n"


def table() -> str:
    """Return every part with its rights, as the page shows them."""
    # The group's name as a person reads it: it is a setting, and these are its default's.
    settings = Settings.model_construct(group="GROUP")
    lines = ["| part | | in Kafka | in Redis |", "|---|---|---|---|"]
    lines += [f"| `{part.name}` | {part.who} | {_kafka(part)} | {_redis(part)} |" for part in parts(settings).values()]
    return "\n".join([*lines, ""])


def _kafka(part: Part) -> str:
    return "<br>".join(_right(right) for right in part.kafka)


def _right(right: Right) -> str:
    names = ", ".join(f"`{name}`" for name in right.names)
    plural = f"{right.resource.lower()}s" if len(right.names) > 1 else right.resource.lower()
    return f"{', '.join(right.operations)} on {plural} {names}: {right.why}"


def _redis(part: Part) -> str:
    if part.redis is None:
        return "nothing"
    return f"`{part.redis.keys}`: {part.redis.why}, by {', '.join(part.redis.commands)}"


def files(page: Path) -> Files:
    """Return the page with the rights of now in it."""
    return with_part(page, BEGIN, END, table)


GENERATOR: Final = Generator("tools.rights", "the rights", PAGE, files)

if __name__ == "__main__":
    raise SystemExit(generate(GENERATOR))
