"""A firm's events and labels as files, as `clientward replay`, `send` and `policy` read them."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from quality.courses import END
from quality.firms.folding import Heard


def write_events(accounts: Iterable[Heard], file: Path) -> None:
    """Write accounts' messages as lines for `replay`, `send` and `policy`, in the order in which they happened."""
    lines = [(message.occurred_at, topic, message) for account in accounts for topic, message in account.messages]
    lines.sort(key=lambda line: line[:2])
    with file.open("wb") as out:
        for _, topic, message in lines:
            value = {name: each for name, each in msgspec.to_builtins(message).items() if each is not None}
            out.write(msgspec.json.encode({"topic": topic, "value": value}) + b"\n")


def write_labels(accounts: Iterable[Heard], file: Path) -> None:
    """Write what accounts truly are at the end, as labels."""
    with file.open("w", encoding="utf-8") as out:
        out.write("account_id,label\n")
        for each in accounts:
            out.write(f"{each.truth.account_id},{each.truth.status_at(END)}\n")
