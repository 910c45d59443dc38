"""What `import` reads from its options: pairs, words, choices."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from cli.errors import WRONG_USE, CommandError

# Several pairs may stand in one option: a comma ends one where a new `field=` follows.
BETWEEN_PAIRS: Final = re.compile(r",(?=\s*\w+=)")

Choice = TypeVar("Choice")


def read_pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    """Return `FIELD=…` by field. Raises CommandError."""
    pairs: dict[str, str] = {}
    for text in (part.strip() for option_text in texts for part in BETWEEN_PAIRS.split(option_text)):
        field, equals, rest = text.partition("=")
        if not (field and equals and rest):
            raise CommandError(f"{option} takes FIELD=…, such as --map account_id=customer_id, not {text!r}", WRONG_USE)
        if field in pairs:
            raise CommandError(f"{option} names {field} twice", WRONG_USE)
        pairs[field] = rest
    return pairs


def read_words(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return words by field from `FIELD:FROM=TO,FROM=TO`. Raises CommandError."""
    words: dict[str, dict[str, str]] = {}
    for text in texts:
        field, _, pairs = text.partition(":")
        known = words.setdefault(field.strip(), {})
        for pair in pairs.split(","):
            # The last sign: what stands in a column may hold one itself, an enum's value never does.
            before, equals, after = pair.rpartition("=")
            if not equals:
                raise CommandError(
                    f"--words takes FIELD:FROM=TO,FROM=TO, such as channel:Phone=phone, not {text!r}", WRONG_USE
                )
            known[before.strip()] = after.strip()
    return words


def said(option: str, text: str | None, choices: Mapping[str, Choice]) -> Choice | None:
    """Return what one of few words stands for. Raises CommandError."""
    if text is None:
        return None
    if text not in choices:
        raise CommandError(f"{option} is {' or '.join(choices)}, not {text!r}", WRONG_USE)
    return choices[text]
