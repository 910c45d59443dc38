"""A firm's part written into a policy's text: every value with its reason beside it, and everything else left as it is."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from relationship.policy.file import Firm, PolicyError
from relationship.policy.text import Path, entries

VERSION_MOST: Final = 32  # characters of a version
MARK: Final = "-firm-"
ABOVE: Final = (
    "# How this firm records, measured by `clientward policy calibrate` on {accounts:,} accounts, without labels."
)
_VERSION: Final = re.compile(r"""(?m)^(version\s*=\s*)(?:"([^"]*)"|'([^']*)')([^\n]*)$""")


def with_firm(text: str, firm: Firm, reasons: Mapping[Path, str], accounts: int) -> str:
    """Return a policy's text with a firm's part, which replaces one that is there, under a version of its own.

    `reasons` are by the path within the part. Raises PolicyError for a text whose version is not written on a line.
    """
    part = _part(firm, reasons, accounts)
    rest = without_firm(text)
    digest = blake2b(part.encode(), digest_size=3).hexdigest()

    def renamed(found: re.Match[str]) -> str:
        before = (found[2] or found[3] or "").partition(MARK)[0]
        return f'{found[1]}"{before[: VERSION_MOST - len(MARK) - len(digest)]}{MARK}{digest}"{found[4]}'

    renewed, count = _VERSION.subn(renamed, rest, count=1)
    if not count:
        raise PolicyError("the policy's version is not written on a line of its own: nothing can be calibrated there")
    return renewed.rstrip("\n") + "\n\n" + part


def without_firm(text: str) -> str:
    """Return a policy's text without a firm's part, its tables and the comments right above them."""
    lines = text.splitlines(keepends=True)
    headers = [entry for entry in entries(text) if entry.is_table]
    drop: set[int] = set()
    for number, entry in enumerate(headers):
        if entry.path[0] == "firm":
            start, end = entry.line - 1, headers[number + 1].line - 1 if number + 1 < len(headers) else len(lines)
            while start and lines[start - 1].lstrip().startswith("#"):
                start -= 1
            while end > entry.line and end < len(lines) and lines[end - 1].lstrip().startswith("#"):
                end -= 1  # these stand above the next table
            drop |= {*range(start, end)}
    return "".join(line for number, line in enumerate(lines) if number not in drop)


def _part(firm: Firm, reasons: Mapping[Path, str], accounts: int) -> str:
    lines = [ABOVE.format(accounts=accounts), "[firm]", f"bills = {str(firm.bills).lower()} # {reasons['bills',]}"]
    if firm.bar:
        lines.append(f"bar = {firm.bar:g} # {reasons['bar',]}")
    if firm.density:
        lines.append(f"density = {firm.density:g} # {reasons['density',]}")
    for table, about in (
        ("coverage", "How much of each dimension its events can say at all: what they cannot leaves the sum."),
        ("scales", "What much is, here: factors on the scales of the dimensions."),
        ("kinds", "How much the kind of a contact tells: nothing where one kind is used for all."),
        (
            "filled",
            "What this was measured on. It decides nothing: a worker tells by it when the firm records otherwise.",
        ),
    ):
        values: Mapping[str, float] = getattr(firm, table)
        lines += ["", f"# {about}", f"[firm.{table}]"]
        lines += [f"{name} = {value:.3g} # {reasons[table, name]}" for name, value in values.items()]
    return "\n".join(lines) + "\n"
