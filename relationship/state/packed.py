"""A history as its record holds it: facts one after the other, their ids without what all of them begin with.

A producer makes the ids of one account's events mostly of the same words (the account's, the source's), which would be
more than a quarter of a history's bytes. That common beginning, the `stem`, stands once in the record. It is that of all
facts kept; one that begins otherwise has the history written anew, with a shorter stem.

A fact's type is compared here and not asked for with `isinstance`, which takes three times as long where the answer is no.
"""

from collections.abc import Sequence
from copy import copy
from os.path import commonprefix
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from relationship.state import facts as f

_encode: Final = msgspec.msgpack.Encoder().encode


def _names(fact: f.Fact) -> tuple[str, ...]:
    """Return the ids that a fact bears: its own, and that of the event which a command corrects."""
    if type(fact) is f.CommandFact and fact.corrects is not None:
        return fact.id, fact.corrects
    return (fact.id,)


def stem_of(facts: Sequence[f.Fact]) -> str:
    """Return what all ids in the facts begin with."""
    return commonprefix([name for fact in facts for name in _names(fact)])  # noqa: RUF071 - of characters, not of paths


def stem_with(stem: str, fact: f.Fact) -> str:
    """Return what all ids begin with once a fact has joined those that begin with `stem`."""
    for name in _names(fact):
        if not name.startswith(stem):
            stem = commonprefix([stem, name])  # noqa: RUF071
    return stem


def _shortened(fact: f.Fact, stem: str) -> f.Fact:
    """Return a copy of a fact whose ids are without the stem."""
    short = copy(fact)
    force_setattr(short, "id", fact.id[len(stem) :])
    if type(fact) is f.CommandFact and fact.corrects is not None:
        force_setattr(short, "corrects", fact.corrects[len(stem) :])
    return short


def entry(fact: f.Fact, stem: str) -> bytes:
    """Return a fact as the history holds it. All ids in it begin with the stem."""
    return f.encode_fact(_shortened(fact, stem))


def entries(facts: Sequence[f.Fact], stem: str) -> bytes:
    """Return a history. All ids in the facts begin with the stem."""
    return f.encode_history([_shortened(fact, stem) for fact in facts])


def written_anew(count: int, history: bytes, stem: str, shorter: str) -> bytes:
    """Return a history with a shorter stem, with which its own begins. Raises as `facts` does.

    What the shorter stem has lost goes back in front of the ids; no fact is copied for it.
    """
    return f.encode_history(facts(count, history, stem[len(shorter) :]))


def facts(count: int, history: bytes, stem: str) -> list[f.Fact]:
    """Return the facts of a history. Raises msgspec.DecodeError where it holds others or none."""
    found = f.decode_history(count, history)
    if stem:
        for fact in found:  # just decoded, and nobody else's yet: not so frozen
            force_setattr(fact, "id", stem + fact.id)
            if type(fact) is f.CommandFact and fact.corrects is not None:
                force_setattr(fact, "corrects", stem + fact.corrects)
    return found


def may_name(history: bytes, stem: str, event_id: str) -> bool:
    """Tell whether a fact of the history may bear an id, by looking for its encoding; False is certain."""
    return event_id.startswith(stem) and _encode(event_id[len(stem) :]) in history
