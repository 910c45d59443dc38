"""What a stranger gets onto the console's pages and into its files: text that does nothing, and ids that stay masked."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from console_support import Place
from readmodel_support import begun, sample, write
from starlette.requests import Request

from console.access.users import Known
from console.pages.refused import BYTES_SHOWN, readable
from console.tables import csv_file
from console.visit import Visit
from readmodel.answers import Standing
from relationship.contract.decisions import Audit
from views.base.decisions import Decision

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}' onfocus=alert(3) \u202e"

FAR = Standing(None, "new", caught_up=False, asked_at=None, topics=[])


class Row(NamedTuple):
    """A decision of a list, as the read model gives it."""

    decision: Any
    corrected_by: Any


#: What the page of decisions wants besides its rows.
BLANK: dict[str, Any] = {
    "notice": "", "total": 1, "standing": FAR, "onward": "", "industries": [HOSTILE], "statuses": [], "directions": [],
    "query": "",
}  # fmt: skip


@pytest.fixture
def place(users: Path) -> Place:
    """A console of which no server answers."""
    return Place(users)


class Tags(HTMLParser):
    """Collects the tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.tags.append((tag, dict(attrs)))


def harmless(page: str) -> bool:
    """Tell whether a page has no script but our files, nothing that acts inline, and leads nowhere else."""
    for tag, attributes in Tags(page).tags:
        if tag == "script" and not str(attributes.get("src", "")).startswith("/static/"):
            return False
        if tag in {"img", "iframe", "object", "embed", "style", "base"} or "style" in attributes:
            return False
        if any(name.startswith("on") or name in {"hx-on", "srcdoc", "formaction"} for name in attributes):
            return False
        if not re.match(r"/|#|$", str(attributes.get("href") or attributes.get("action") or "")):
            return False
    return True


def visit(place: Place, role: Any = "admin") -> Visit:
    """Return a visit of somebody who is logged in."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/decisions",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
    }
    return Visit(Request(scope), place.house, place.house.sessions.begin(Known(role, role, once=True)), {})


def decision(account_id: str, **more: Any) -> Decision:
    """Return a decision whose every text is hostile."""
    texts = {"why": HOSTILE + account_id, "what_next": HOSTILE, "event_id": HOSTILE}
    plain = {"from_": "customer", "to": "client", "effective_at": "2026-01-31T00:00:00Z", "score": 60.0}
    return Decision(account_id=account_id, **(plain | texts | more))


# Script in account ids and free text -----------------------------------------------------------------------------------


def test_text_from_outside_is_shown_and_does_nothing(place: Place) -> None:
    """An account id, a reason and an audit's detail that are markup stand on the pages as text."""
    rows = [Row(decision(HOSTILE), decision(HOSTILE, supersedes=HOSTILE))]
    texts = dict.fromkeys(("event_id", "account_id", "action", "detail", "by"), HOSTILE)
    times = dict.fromkeys(("occurred_at", "decided_at"), "2026-01-31T00:00:00Z")
    entry = Audit(outcome="done", **texts, **times)
    pages = [
        visit(place).fragment("decisions.html", **BLANK | {"notice": HOSTILE, "rows": rows, "query": HOSTILE}),
        visit(place).fragment("account_trace.html", entries=[entry], awaited=HOSTILE, here=entry, shown=HOSTILE),
        visit(place).fragment("audit.html", **BLANK | {"entries": [entry], "outcomes": [HOSTILE], "onward": HOSTILE}),
        visit(place).fragment("problem.html", notice="", line=HOSTILE),
    ]  # fmt: skip
    for page in pages:
        assert harmless(page)
        assert "&lt;script&gt;" in page
        assert "{{7*7}}" in page
    assert not harmless(f"<p>{HOSTILE}</p>")


@pytest.mark.parametrize(
    "path",
    [
        *("/account", "/account/do?command=override&", "/decisions", "/audit", "/policy", "/refused", "/base"),
        *("/refused/do?what=discard&", "/policy/backtest", "/deliveries/endpoint", "/deliveries/do?what=redrive&"),
    ],
)
def test_a_hostile_address_gives_a_page_that_does_nothing(place: Place, path: str, tmp_path: Path) -> None:
    """Whatever a filter says comes back as text, or not at all."""
    names = (
        *("id", "account", "industry", "from", "since", "confidence", "reason", "a", "by", "event", "awaits", "after"),
        *("prefix", "state", "days", "place", "number", "name", "what"),
    )
    place.house.deliveries = tmp_path / "deliveries.toml"
    place.house.deliveries.write_text('[endpoints.crm]\nurl = "https://crm.example"\nsecret_variables = ["X"]\n')
    browser = place.browser("admin")
    for name in names:
        for value in (
            HOSTILE.replace("\u202e", ""),
            HOSTILE,
            "' OR 1=1 --",
            "\x00",
            "9" * 600,
            "nan",
            "2026-13-45",
            "-1",
        ):
            answer = place_answer(browser, path, name, value)
            assert answer.status_code in {200, 400, 404, 422, 503}, (path, name, value, answer.text)
            assert harmless(answer.text), (path, name, value)


def place_answer(browser: Any, path: str, name: str, value: str) -> Any:
    """Ask for a page with a query of one value."""
    base, _, query = path.partition("?")
    given = dict(pair.split("=") for pair in query.split("&") if pair) | {name: value}
    return browser.client.get(base, params=given, headers={"accept": "text/html"})


@pytest.mark.parametrize("value", ["%", "_", "acc_0", "' OR 1=1 --", "acc-0-0' --", "*", "[a-z]", "acc-0-0\\"])
def test_a_filter_is_a_value_and_nothing_of_it_is_asked(place: Place, value: str) -> None:
    """Wildcards and SQL match nobody, where every account begins otherwise; what is meant is found."""
    write(begun(place.house.model), sample().records)
    browser = place.browser("admin")
    for path, name, none in (
        ("/account", "prefix", "No account fits."),
        ("/decisions", "account", "No decision fits."),
        ("/decisions", "policy", "No decision fits."),
        ("/audit", "by", "No entry fits."),
    ):
        assert none in place_answer(browser, path, name, value).text, (path, name)
    assert "acc-0-0" in place_answer(browser, "/account", "prefix", "acc-0-0").text
    assert "acc-0-0" in place_answer(browser, "/decisions", "account", "acc-0-0").text


def test_a_refused_record_is_shown_so_that_nothing_in_it_acts() -> None:
    """Control characters and what turns text around stand as escapes, and of a large one only the beginning."""
    assert readable(b"a\x00\x1b[31m\xff\n\xe2\x80\xaeb") == "a\\x00\\x1b[31m\\xff\n\\u202eb"
    assert readable(b"x" * 5_000) == "x" * BYTES_SHOWN + "\n… and 3,000 bytes more"
    assert readable(None) == "null"


async def test_no_cell_of_a_file_is_a_formula() -> None:
    """A spreadsheet that opens the CSV computes nothing of it."""

    async def rows() -> AsyncIterator[list[object]]:
        for cell in ("=1+1", "@x", "-1", -1.5, "plain, quoted"):
            yield [cell]

    body = csv_file("x", ("a",), rows()).body_iterator
    assert [line async for line in body] == [
        "a\r\n",
        "'=1+1\r\n",
        "'@x\r\n",
        "'-1\r\n",
        "-1.5\r\n",
        '"plain, quoted"\r\n',
    ]


# Masked ids -------------------------------------------------------------------------------------------------------------


def test_a_viewer_sees_pseudonyms_where_ids_are_masked(users: Path) -> None:
    """On pages and in files; an id that is guessed gets no page, a link that was shown does. Others see the ids."""
    place = Place(users, masks=True)
    viewer, operator = visit(place, "viewer"), visit(place, "operator")
    values = BLANK | {"rows": [Row(decision("acme-17"), None)]}
    page = viewer.fragment("decisions.html", **values)
    assert "acme-17" not in page
    assert place.house.mask.of("acme-17") in page
    assert "acme-17" in operator.fragment("decisions.html", **values)
    assert "acme-17" not in str(viewer.masked(decision("acme-17", caused_by="acme-17:p1")))
    assert viewer.real_id(place.house.mask.of("acme-17")) == "acme-17"
    assert place.browser("viewer").get("/account?id=acme-17").status_code == 422
    assert place.browser("viewer").get(f"/account?id={place.house.mask.of('acme-17')}").status_code == 503
