"""A loyalty programme whose rewards follow tenure and use, as the play says of each standing.

    python rewards.py rewards.sqlite [--once] [--today 2026-11-24]

It reads the states, which a late subscriber can start from, and keeps its own book in SQLite: where each account stands,
and what it was given. Nobody is given the same thing twice, however often a state comes.

- Who buys is rewarded for use: a welcome, then more as its standing grows from `new` to `regular` and `loyal`.
- A client is shown appreciation for its tenure: on becoming one, and each year since. Points would be an offer like
  any other, which its play says to stop; so would they be to a candidate, who keeps what it has.
- Who has lapsed is given nothing until it returns.

Each reward is one line of JSON on stdout, for whoever sends it. Whoever is erased leaves the book, and so does an account
that was merged into another one.
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from clientward_client import Gone, State, subscribe_states

WELCOME, MEMBER, GOLD = "welcome: free delivery once", "member: points on every purchase", "gold: double points"
FOR_USE = {"new": (WELCOME,), "regular": (WELCOME, MEMBER), "loyal": (WELCOME, MEMBER, GOLD)}
ON_BECOMING_A_CLIENT = "a letter of thanks from the person in charge"
YEARLY = "year {years}: an invitation to the clients' evening"

TABLES = """
CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, status TEXT, standing TEXT, since TEXT);
CREATE TABLE IF NOT EXISTS given (id TEXT, reward TEXT, since TEXT, PRIMARY KEY (id, reward, since));
"""


class Standing(NamedTuple):
    """Where an account stands: its status since a day, and how much it uses what it buys."""

    status: str
    standing: str
    since: str


def rewards_of(account: Standing, today: date) -> Iterator[tuple[str, str]]:
    """Yield the rewards that an account has earned by a day, each with what it is earned for: use, or a tenure's begin."""
    if account.status == "customer":
        for reward in FOR_USE.get(account.standing, ()):
            yield reward, "use"
    elif account.status == "client":
        since = date.fromisoformat(account.since[:10])
        yield ON_BECOMING_A_CLIENT, account.since[:10]
        years = today.year - since.year - ((today.month, today.day) < (since.month, since.day))
        for year in range(1, years + 1):
            yield YEARLY.format(years=year), account.since[:10]


class Book:
    """Where accounts stand and what they were given."""

    def __init__(self, file: Path) -> None:
        self.rows = sqlite3.connect(file, isolation_level=None)
        self.rows.executescript("PRAGMA secure_delete = ON;" + TABLES)

    def stand(self, account: str, standing: Standing) -> None:
        """Note where an account stands."""
        self.rows.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?)", (account, *standing))

    def leave(self, account: str) -> None:
        """Forget an account."""
        self.rows.execute("DELETE FROM accounts WHERE id = ?", (account,))
        self.rows.execute("DELETE FROM given WHERE id = ?", (account,))

    def reward(self, account: str, today: date) -> None:
        """Give an account what it has earned by a day and has not got yet."""
        row = self.rows.execute("SELECT status, standing, since FROM accounts WHERE id = ?", (account,)).fetchone()
        for reward, since in rewards_of(Standing(*row), today):
            with self.rows:  # said before it is noted: after a crash it is said again, and never forgotten
                self.rows.execute("BEGIN")
                done = self.rows.execute("INSERT OR IGNORE INTO given VALUES (?, ?, ?)", (account, reward, since))
                if done.rowcount:
                    line = {"account_id": account, "reward": reward, "for": since}
                    sys.stdout.write(json.dumps(line) + "\n")
                    sys.stdout.flush()

    def reward_all(self, today: date) -> None:
        """Give everybody what they have earned by a day: tenure grows without an event."""
        for (account,) in self.rows.execute("SELECT id FROM accounts").fetchall():
            self.reward(account, today)


def handle(state: State | Gone, book: Book, today: date) -> None:
    """Take one state in."""
    if isinstance(state, Gone):
        book.leave(state.account_id)
        return
    book.stand(state.account_id, Standing(state.status, state.segment.standing, state.since.isoformat()))
    book.reward(state.account_id, today)


async def main(file: Path, *, once: bool, today: date | None) -> None:
    """Follow the states."""
    book, seen = Book(file), date.min
    async with subscribe_states("rewards", once=once).stop_on_signals() as states:
        async for state in states:
            day = today or date.today()  # noqa: DTZ011 - a reward's day is the firm's own
            if day != seen:
                seen = day
                book.reward_all(day)
            handle(state, book, day)
    book.reward_all(today or date.today())  # noqa: DTZ011


if __name__ == "__main__":
    day = date.fromisoformat(sys.argv[sys.argv.index("--today") + 1]) if "--today" in sys.argv else None
    asyncio.run(main(Path(sys.argv[1]), once="--once" in sys.argv, today=day))
