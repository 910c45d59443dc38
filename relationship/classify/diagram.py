"""Generates `docs/statuses.md`: a mermaid diagram and a table of the transitions.

`python -m relationship.classify.diagram` writes the page; `--check` only tells whether it is up to date, and a test does the
same. No transition is written here: all are rows of `transitions.py` and values of the policy.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from relationship.classify.transitions import GATE_SLACK, LAPSE_SAYS, OVERRIDE_SAYS, RULES, Rule
from relationship.contract.enums import STATUSES
from relationship.policy.compiled import Policy, load_policy
from relationship.state.account import LAPSED, PROSPECT

PAGE: Final = Path("docs/statuses.md")
INTRO: Final = """\
# Statuses

Generated from `relationship/classify/transitions.py` by `python -m relationship.classify.diagram`: change the rules
there, not here.

The rules of a status are tried in this order at every event, on the evidence as it stands then; the first whose
condition holds is taken, once the status has been held for its least time. What a correction undoes waits for no least
time. A lapse comes with the clock and an override with a command; under an override the evidence goes on being weighed,
and decides again when it ends.
"""


class Row(NamedTuple):
    """One transition as a row of the page's table."""

    source: str
    target: str
    direction: str
    says: str
    stay: str


def rows(policy: Policy) -> Iterator[Row]:
    """Yield every transition: those of the rules, then the lapse and the override."""
    for rule in RULES:
        yield Row(STATUSES[rule.source], STATUSES[rule.target], rule.direction, rule.says, _stay(rule, policy))
    living = ", ".join(status for i, status in enumerate(STATUSES) if i != LAPSED)
    yield Row(living, STATUSES[LAPSED], "lapse", LAPSE_SAYS, "")
    yield Row("any", "any", "override", OVERRIDE_SAYS, "")


def _stay(rule: Rule, policy: Policy) -> str:
    return f"{getattr(policy.source.stays, rule.stay):g} days" if rule.stay else ""


def mermaid() -> str:
    """Return the state diagram, without the override, which leads from any status to any other."""
    arrows = [f"    {STATUSES[r.source]} --> {STATUSES[r.target]}: {r.direction}" for r in RULES]
    arrows += [f"    {status} --> {STATUSES[LAPSED]}: lapse" for i, status in enumerate(STATUSES) if i != LAPSED]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {STATUSES[PROSPECT]}", *arrows, "```"])


def table(policy: Policy) -> str:
    """Return the transitions as a Markdown table."""
    lines = ["| from | to | direction | when | held for at least |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows(policy)]
    return "\n".join(lines)


def thresholds(policy: Policy) -> str:
    """Return the values of the thresholds in the policy that comes with the package."""
    t, stays = policy.source.thresholds, policy.source.stays
    return f"""\
In the policy that comes with it: candidate_up is {t.candidate_up:g} points and candidate_down {t.candidate_down:g},
client_up {t.client_up:g} and client_down {t.client_down:g}, each moved by the industry's prior and by what a mistake costs
there; the least tenure is {stays.tenure:g} days. The gate is open where two of engagement, personalisation, trust and
commitment stand at {t.gate:g} of 1 or above, one of them engagement or personalisation; for a client it closes at
{t.gate * GATE_SLACK:g}. [policy.md](policy.md) has every value."""


def page() -> str:
    """Return the whole page."""
    policy = load_policy()
    return "\n\n".join([INTRO.rstrip(), mermaid(), table(policy), thresholds(policy)]) + "\n"


def main(arguments: Iterable[str] | None = None) -> int:
    """Write the page, or check it; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m relationship.classify.diagram", description="Write the page of statuses."
    )
    parser.add_argument("page", nargs="?", type=Path, default=PAGE)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is not up to date")
    options = parser.parse_args(None if arguments is None else list(arguments))
    text, file = page(), options.page
    if not options.check:
        file.write_text(text, encoding="utf-8")
    elif not file.is_file() or file.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"{file}: not what the rules say; run `python -m relationship.classify.diagram`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
