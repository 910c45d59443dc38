"""What a mapping is, and how it is read from SQL with a head of comments.

    -- Tickets of our own help desk.
    -- column account_id: Customer | Kunde
    -- column solved?: Solved at
    -- words kind: Störung = incident, * = question
    -- zone: Europe/Zurich
    -- to: tickets
    SELECT ...;

The first comment is the title. `column` names a column by what files call it (`?`: it may be absent, and is empty then),
`words` translates what stands in columns, `zone`, `dates` (`day` or `month` first), `decimal` (`point` or `comma`) and
`currency` say what is known of every such file, and `to` says what the query below it yields: `purchases`, `tickets`,
`meetings`, `profiles`, or `told` for rows that are rightly no message, with a `reason`. Capitals and punctuation of
column names do not count.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from importing.errors import ImportingError
from relationship.contract.messages import MEETINGS, PROFILES, PURCHASES, TICKETS

TOPICS: Final = {"purchases": PURCHASES, "tickets": TICKETS, "meetings": MEETINGS, "profiles": PROFILES}
TOLD: Final = "told"
HEAD: Final = re.compile(r"--\s*(column|words|zone|dates|decimal|currency|to|sign)\b\s*([\w.]*\??)\s*:\s*(.*)")
#: Texts, quoted names and comments, in which a semicolon ends nothing.
TOKENS: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|;|[^'\"\-/;]+|.", re.DOTALL)


class Column(NamedTuple):
    """A column that a mapping names.

    Attributes:
        name: as the mapping's SQL has it.
        known_as: what files call it, the likeliest first.
        needed: whether the mapping does not fit a file without it.
        telling: whether it is peculiar to this kind of file, so that a file that has it is likely one.
        joined: whether the first of several that is not empty counts, row by row; else the first that the file has.
    """

    name: str
    known_as: tuple[str, ...]
    needed: bool = True
    telling: bool = False
    joined: bool = False


class Query(NamedTuple):
    """One query: what it yields (a key of TOPICS, or `told`; empty: its columns say), and its SQL."""

    to: str
    sql: str


@dataclass(frozen=True)
class Mapping:
    """Queries, and what they need to know.

    Attributes:
        name: the preset's, or that of the file.
        title: one line for a person.
        columns: those named in the head.
        words: for a field, the contract's words by the file's.
        known: zone, dates, decimal and currency where every such file has the same.
        queries: in order.
        about: the rest of the head's comments, for the documentation.
    """

    name: str
    title: str
    queries: tuple[Query, ...]
    columns: tuple[Column, ...] = ()
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    about: str = ""


def read_mapping(name: str, text: str) -> Mapping:
    """Read a mapping. Raises ImportingError."""
    queries = tuple(_query(name, part) for part in _statements(text) if _code(part).strip())
    if not queries:
        raise ImportingError(
            f"{name}: has no query: it takes SQL such as SELECT … FROM file; docs/importing.md shows one"
        )
    head: list[str] = []
    columns: list[Column] = []
    words: dict[str, dict[str, str]] = {}
    known: dict[str, str] = {}
    for line in text.splitlines():
        found = HEAD.match(line.strip())
        if found is None:
            if line.startswith("--") and not columns and not known:
                head.append(line.lstrip("- ").rstrip())
            continue
        key, which, rest = found.groups()
        if key == "column":
            columns.append(_column(which, rest))
        elif key == "words":
            words.setdefault(which, {}).update(read_words(rest))
        elif key != "to":
            known[key] = rest.strip()
    return Mapping(name, head[0] if head else name, queries, tuple(columns), words, known, "\n".join(head[1:]))


def read_words(text: str) -> dict[str, str]:
    """Read `FROM = TO, FROM = TO`; the last sign counts, since a file's own word may hold one. Raises ImportingError."""
    words = {}
    for pair in text.split(","):
        before, equals, after = pair.rpartition("=")
        if not equals or not before.strip():
            raise ImportingError(f"words are FROM=TO,FROM=TO, such as Phone=phone, not {text!r}")
        words[before.strip()] = after.strip()
    return words


def _column(name: str, rest: str) -> Column:
    telling = rest.rstrip().endswith("!")
    known_as = tuple(part.strip() for part in rest.rstrip(" !").split("|") if part.strip())
    return Column(name.rstrip("?"), known_as, needed=not name.endswith("?"), telling=telling)


def _query(name: str, part: str) -> Query:
    tos = [found[3].strip() for line in part.splitlines() if (found := HEAD.match(line.strip())) and found[1] == "to"]
    to = tos[-1] if tos else ""
    if to and to not in TOPICS and to != TOLD:
        raise ImportingError(f"{name}: no {to!r} to yield; there are: {', '.join((*TOPICS, TOLD))}")
    return Query(to, _code(part).strip())


def _statements(text: str) -> list[str]:
    parts, current = [], ""
    for token in TOKENS.findall(text):
        if token == ";":  # noqa: S105 - no password
            parts.append(current)
            current = ""
        else:
            current += token
    return [*parts, current]


def _code(part: str) -> str:
    """Return a statement without its comments, which are not to shift what the parser counts."""
    return "".join(" " if token.startswith(("--", "/*")) else token for token in TOKENS.findall(part))
