"""The encoding of a history in its record: facts one after the other, their ids without the prefix that all share.

The ids of one account's events usually begin alike (with the account's id, or the source's name), and would take more than
a quarter of a history's bytes. The common id prefix is stored once, in the record. It is that of all facts kept; a fact
whose id begins otherwise causes the history to be encoded again with a shorter prefix.

A fact's type is compared by identity and not with `isinstance`, which takes three times as long where the answer is no.
"""

from collections.abc import Sequence
from os.path import commonprefix
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from relationship.state import facts as f

_encode: Final = msgspec.msgpack.Encoder().encode


def _ids(fact: f.Fact) -> tuple[str, ...]:
    """Return the ids that a fact contains: its own, and that of the event which a command corrects."""
    if type(fact) is f.CommandFact and fact.corrects is not None:
        return fact.id, fact.corrects
    return (fact.id,)


def id_prefix_of(facts: Sequence[f.Fact]) -> str:
    """Return the common prefix of all ids in the facts."""
    return commonprefix([name for fact in facts for name in _ids(fact)])  # noqa: RUF071 - of characters, not of paths


def id_prefix_with(prefix: str, fact: f.Fact) -> str:
    """Return the common prefix of ids that begin with `prefix` and of those in one more fact."""
    if fact.id.startswith(prefix) and type(fact) is not f.CommandFact:
        return prefix  # the usual case
    return commonprefix([prefix, *_ids(fact)])  # noqa: RUF071


def _without_prefix(fact: f.Fact, prefix: str) -> f.Fact:
    """Return a copy of a fact whose ids lack the prefix."""
    short = f.copy(fact)
    force_setattr(short, "id", fact.id[len(prefix) :])
    if type(fact) is f.CommandFact and fact.corrects is not None:
        force_setattr(short, "corrects", fact.corrects[len(prefix) :])
    return short


def encode_fact(fact: f.Fact, prefix: str) -> bytes:
    """Return a fact as a history holds it. All ids in it begin with the prefix."""
    return f.encode_fact(_without_prefix(fact, prefix))


def encode_facts(facts: Sequence[f.Fact], prefix: str) -> bytes:
    """Return a history. All ids in the facts begin with the prefix."""
    return f.encode_history([_without_prefix(fact, prefix) for fact in facts])


def reencode(count: int, history: bytes, prefix: str, shorter: str) -> bytes:
    """Return a history under a shorter prefix, which `prefix` begins with. Raises as `decode_facts` does.

    The characters that the prefix loses are put back in front of the ids; the facts are not copied.
    """
    return f.encode_history(decode_facts(count, history, prefix[len(shorter) :]))


def decode_facts(count: int, history: bytes, prefix: str) -> list[f.Fact]:
    """Return the facts of a history. Raises msgspec.DecodeError where it does not hold `count` facts."""
    facts = f.decode_history(count, history)
    if prefix:
        for fact in facts:  # just decoded and not shared yet, so changing a frozen struct is safe
            force_setattr(fact, "id", prefix + fact.id)
            if type(fact) is f.CommandFact and fact.corrects is not None:
                force_setattr(fact, "corrects", prefix + fact.corrects)
    return facts


def may_contain(history: bytes, prefix: str, event_id: str) -> bool:
    """Tell whether a fact of the history may contain an id, by searching for its encoding; False is certain."""
    return event_id.startswith(prefix) and _encode(event_id[len(prefix) :]) in history
