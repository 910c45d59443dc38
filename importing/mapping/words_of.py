"""The contract's own words: which a field takes, by its name alone or with what it is a field of."""

from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from importing.mapping.mapping import TOPICS
from relationship.contract.messages import MESSAGE_TYPES, Contract

#: `kind` is a field of three messages: their queries say which, as in word('meetings.kind', …).
TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    **{what: MESSAGE_TYPES[topic] for what, topic in TOPICS.items()},
    "contract": Contract,
}


def known_words(field: str) -> frozenset[str]:
    """Return the words that a field takes, such as those of `meetings.kind`, or of `channel` of whatever; or none."""
    what, _, name = field.rpartition(".")
    types = [TYPES[what]] if what in TYPES else list(TYPES.values())
    found = (each for owner in types for part in msgspec.structs.fields(owner) if part.name == name for each in (part,))
    return frozenset(word for part in found for word in _literals(part.type))


def _literals(wanted: Any) -> list[str]:
    if get_origin(wanted) is Literal:
        return [str(each) for each in get_args(wanted)]
    return [word for part in get_args(wanted) for word in _literals(part)]
