"""Generates `docs/statuses.md`: a mermaid diagram and a table of the transitions.

`python -m relationship.classify.diagram` writes the page; `--check` only tells whether it is up to date, and a test does the
same. No transition is written here: all are rows of `transitions.py` and values of the policy.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from relationship import generated
from relationship.classify.transitions import GATE_SLACK, LAPSE_SAYS, OVERRIDE_SAYS, RULES, Rule
from relationship.contract.enums import STATUSES
from relationship.policy.compiled import Policy, load_policy
from relationship.state.account import LAPSED, PROSPECT

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


def _files(target: Path) -> generated.Files:
    return {target: page().encode()}


GENERATOR: Final = generated.Generator(
    "relationship.classify.diagram",
    "the rules of relationship/classify/transitions.py",
    Path("docs/statuses.md"),
    _files,
)
main: Final = partial(generated.main, GENERATOR)


if __name__ == "__main__":
    sys.exit(main())
