"""What each page shows and does: one module a page, each with its routes; `PAGES` is the table that the guard goes by.

A page asks `views` and the read model, has `actions` do what changes something, and gives a template what it shows. What
cannot be answered is a page too: `answering` makes one of every error that has a line for a person.
"""

from typing import Final

from console.access.routes import Page
from console.pages import (
    account,
    audit,
    backtest,
    base,
    commands,
    decisions,
    deliveries,
    entering,
    front,
    letters,
    now,
    policy,
    refused,
    runbook,
)

PAGES: Final[tuple[Page, ...]] = (
    *front.PAGES,
    *entering.PAGES,
    *now.PAGES,
    *account.PAGES,
    *commands.PAGES,
    *decisions.PAGES,
    *base.PAGES,
    *refused.PAGES,
    *letters.PAGES,
    *deliveries.PAGES,
    *policy.PAGES,
    *backtest.PAGES,
    *audit.PAGES,
    *runbook.PAGES,
)
