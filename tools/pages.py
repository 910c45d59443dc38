"""Pages of the documentation of which a part is made: what stands between two marks is replaced, the rest is a person's."""

import re
from collections.abc import Callable
from pathlib import Path

from relationship.generated import Files


def with_part(page: Path, begin: str, end: str, make: Callable[[], str]) -> Files:
    """Return the page with what `make` returns between its marks `begin` and `end`."""
    text = page.read_text(encoding="utf-8")
    made = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: begin + make() + end, text, flags=re.DOTALL)
    return {page: made.encode()}
