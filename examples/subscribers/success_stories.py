"""Says whose success story could be told, with consent, and of everybody else why not.

    python success_stories.py consents.csv [--years 1] [--score 60] [--confidence 0.8] [--today 2026-11-24]

`consents.csv` (`account_id,given_on,until`, with that heading, days as 2026-11-24, `until` may be empty) is yours: no
event says that somebody agreed to be named, and a standing is no permission. Whose consent is taken back is taken out of
the file.

A candidate has been a client for so many years without a break, scores well above the threshold, is judged with confidence
by the evidence and not held there by a person, and has agreed. One line of JSON on stdout for each client and for each who
has agreed: who, whether it is a candidate, and each reason that speaks for or against it. It reads where everybody stands
now and ends; whoever was erased is not there any more, and is named on stderr where the file still has a consent of it.
"""

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from clientward_client import ClientwardError, State, States

DAYS_A_YEAR = 365.25


class Consent(NamedTuple):
    """Since when and until when an account may be named; without an end, until it is taken back."""

    given_on: date
    until: date | None


class Wanted(NamedTuple):
    """What a story wants: years as a client, a score of 0-100, and a confidence of 0-1."""

    years: float
    score: float
    confidence: float


class Reason(NamedTuple):
    """One thing that speaks for an account, or against it."""

    speaks_for: bool
    text: str


def reasons_of(state: State, consent: Consent | None, wanted: Wanted, today: date) -> Iterator[Reason]:
    """Yield what speaks for an account and what against it; a candidate is one that nothing speaks against."""
    if state.status != "client":
        yield Reason(speaks_for=False, text=f"is a {state.status}, and no client")
    else:
        years = (today - state.since.date()).days / DAYS_A_YEAR
        text = f"a client for {years:.1f} years, since {state.since.date()}; {wanted.years:g} are wanted"
        yield Reason(years >= wanted.years, text)
        yield Reason(state.score >= wanted.score, f"scores {state.score:.1f}; {wanted.score:g} are wanted")
        text = f"is judged with a confidence of {state.confidence:.2f}; {wanted.confidence:g} is wanted"
        yield Reason(state.confidence >= wanted.confidence, text)
        if state.held_until is not None and state.held_until.date() > today:
            yield Reason(
                speaks_for=False,
                text=f"is held there by a person until {state.held_until.date()}, whatever the evidence",
            )
    yield of_consent(consent, today)


def of_consent(consent: Consent | None, today: date) -> Reason:
    """Return what an account's consent comes to on a day."""
    if consent is None:
        return Reason(speaks_for=False, text="has not agreed to be named: ask")
    if consent.given_on > today:
        return Reason(speaks_for=False, text=f"agrees from {consent.given_on} on")
    if consent.until is not None and consent.until < today:
        return Reason(speaks_for=False, text=f"agreed until {consent.until}: ask again")
    return Reason(speaks_for=True, text=f"agreed on {consent.given_on}")


def read_consents(file: Path) -> dict[str, Consent]:
    """Return the consents of a file, by account. Raises ValueError, which names the line."""
    found = {}
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        for row in rows:
            try:
                until = date.fromisoformat(row["until"]) if row.get("until") else None
                found[row["account_id"]] = Consent(date.fromisoformat(row["given_on"]), until)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{file}: line {rows.line_num}: give account_id,given_on,until ({error})") from None
    return found


async def main(file: Path, wanted: Wanted, today: date) -> None:
    """Say whose story could be told."""
    consents = read_consents(file)
    async with States() as states:
        standing = await states.snapshot()
    for account in sorted(consents.keys() - standing.keys()):
        sys.stderr.write(f"{account}: agreed, and is not there: erased, merged, or never seen; take it out of {file}\n")
    for account, state in sorted(standing.items()):
        consent = consents.get(account)
        if state.status != "client" and consent is None:
            continue
        reasons = [*reasons_of(state, consent, wanted, today)]
        line = {
            "account_id": account,
            "candidate": all(each.speaks_for for each in reasons),
            "for": [each.text for each in reasons if each.speaks_for],
            "against": [each.text for each in reasons if not each.speaks_for],
        }
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Whose success story could be told, with consent.")
    parser.add_argument("consents", type=Path)
    parser.add_argument("--years", type=float, default=1.0)
    parser.add_argument("--score", type=float, default=60.0)
    parser.add_argument("--confidence", type=float, default=0.8)
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    given = parser.parse_args()
    try:
        asyncio.run(main(given.consents, Wanted(given.years, given.score, given.confidence), given.today))
    except (ClientwardError, OSError, ValueError) as error:
        sys.exit(str(error))
