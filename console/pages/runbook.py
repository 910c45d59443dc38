"""The runbook, on a page of the console's own: what to do about what is wrong, also where nothing else can be reached."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from console.access.routes import Page
from console.visit import Visit

#: A copy of docs/runbook.md, which is not installed with the program; a test holds the two together.
TEXT: Final = Path(__file__).parents[1] / "runbook.md"
HEADING: Final = re.compile(r"<h2>(\w+)</h2>")
#: A link to another page of the docs, which the console does not have.
ELSEWHERE: Final = re.compile(r'<a href="[^"#][^"]*">(.*?)</a>')
#: The section that says what to do about what a check of the doctor found, or a look at the deliveries.
SECTIONS: Final[Mapping[str, str]] = {
    "kafka": "ClientwardKafkaAway",
    "workers": "ClientwardNoWorker",
    "lag": "ClientwardBehind",
    "redis": "ClientwardRedisFails",
    "write": "ClientwardRedisFails",
    "persistence": "ClientwardRedisFails",
    "memory": "ClientwardRedisNearlyFull",
    "outbox": "ClientwardOutboxOld",
    "endpoint": "ClientwardEndpointFails",
}


@cache
def rendered() -> Markup:
    """Return the runbook as HTML, each section with its name to be led to. What is HTML in it stands as text."""
    html = MarkdownIt("commonmark", {"html": False}).render(TEXT.read_text(encoding="utf-8"))
    headed = HEADING.sub(lambda found: f'<h2 id="{anchor(found[1])}">{found[1]}</h2>', html)
    return Markup(ELSEWHERE.sub(r"\1", headed))  # noqa: S704 - our own text, rendered without its HTML


def anchor(section: str) -> str:
    """Return what the address of a section ends with; as in the docs on the web, in lower case."""
    return section.lower()


async def runbook(visit: Visit) -> Response:
    """Show it."""
    return visit.page("runbook.html", text=rendered())


PAGES = (Page("GET", "/runbook", "viewer", runbook),)
