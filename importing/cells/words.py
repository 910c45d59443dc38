"""A firm's own words to the contract's: a table with `*` for any run of characters; and yes and no in several languages."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from importing.errors import Misfit

_YES: Final = "true t yes y 1 1.0 on x ja j wahr oui vrai si sí sì verdadero vero sim verdadeiro waar ✓"
_NO: Final = "false f no n 0 0.0 off nein falsch non faux falso não nao nee onwaar -"
YES: Final = frozenset(_YES.split(" "))
NO: Final = frozenset(_NO.split(" "))
#: What people write into a cell that holds nothing.
NOTHING: Final = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "nan", "nil", "<na>", "(none)", "(blank)"})


def parse_yes(text: str) -> bool:
    """Return the truth that a cell says. Raises Misfit."""
    word = text.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Misfit("neither yes nor no")


def is_nothing(text: str) -> bool:
    """Tell whether a cell says that there is nothing."""
    return text.strip().lower() in NOTHING


class Words:
    """A table of words: exact ones first, then those with a `*`, in the order in which they were given; `*` alone is last.

    Capitals and blanks around do not count. A word that stands for nothing is translated to an empty text.
    """

    def __init__(self, table: Mapping[str, str], known: frozenset[str]) -> None:
        self._exact = {_plain(word): meaning for word, meaning in table.items() if "*" not in word}
        globs = sorted(((word, meaning) for word, meaning in table.items() if "*" in word), key=_is_rest)
        self._globs = [(_pattern(word), meaning) for word, meaning in globs]
        self._known = known

    def translate(self, text: str) -> str:
        """Return the contract's word for a text. Raises Misfit where none is given and it is none itself."""
        word = _plain(text)
        if word in self._exact:
            return self._exact[word]
        as_it_is = re.sub(r"[\s-]+", "_", word)
        if as_it_is in self._known:
            return as_it_is
        for pattern, meaning in self._globs:
            if pattern.fullmatch(word):
                return meaning
        raise Misfit("no word of the contract")


def _is_rest(pair: tuple[str, str]) -> bool:
    return pair[0].strip() == "*"


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@lru_cache
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, _plain(word).split("*"))), re.DOTALL)
