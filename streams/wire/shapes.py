"""What the codec derives from each message type: its decoder, its fields, and how many quotation marks its JSON has.

msgspec lets the last of repeated keys win, and does not examine fields that it drops. Counting quotation marks excludes both
at almost no cost: an object of n members, s of them strings, and nothing nested has 2(n + s) of them, and more where a key
is repeated, a field is unknown, or a quotation mark is escaped inside a string. The count errs in one direction only, so a
record that passes needs no further examination.
"""

from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from msgspec import inspect
from msgspec.json import Decoder
from msgspec.structs import astuple

from relationship.contract.messages import MESSAGE_TYPES, Message, decoder_for

QUOTED: Final = (inspect.StrType, inspect.DateTimeType, inspect.DateType, inspect.LiteralType)
FLAT: Final = (*QUOTED, inspect.FloatType, inspect.IntType, inspect.BoolType)


class Shape(NamedTuple):
    """One message type as the hot path uses it.

    Attributes:
        decoder: of its JSON.
        flat: no field is an object, or of any type.
        marks: the number of quotation marks of a message that has every field.
        unquoted_of: returns the values of the fields that JSON writes without quotation marks.
    """

    decoder: Decoder[Message]
    flat: bool
    marks: int
    unquoted_of: Callable[[Message], tuple[Any, ...]]

    def is_plain(self, message: Message, value: bytes) -> bool:
        """Tell whether `value` has the message's own fields, each once, and nothing else. False only means: perhaps not."""
        return self.flat and value.count(b'"') == (
            self.marks - 4 * astuple(message).count(None) + 2 * self.unquoted_of(message).count(None)
        )


def fields_of(struct: inspect.StructType) -> dict[str, tuple[inspect.Type, ...]]:
    """Return the field names of `struct` in JSON, each with the types that it may have, without null."""
    return {field.encode_name: tuple(_alternatives(field.type)) for field in struct.fields}


@cache
def struct_of(message_type: type[Message]) -> inspect.StructType:
    """Return msgspec's own description of a message type."""
    described = inspect.type_info(message_type)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"{message_type.__name__} is no msgspec Struct; the messages of the intake are")
    return described


def shape_of(topic: str) -> Shape:
    """Derive the shape of `topic`'s type, so that a new field needs no change here. Raises KeyError: not an intake."""
    kinds = fields_of(struct_of(MESSAGE_TYPES[topic]))
    unquoted = [name for name, types in kinds.items() if not all(isinstance(kind, QUOTED) for kind in types)]
    # attrgetter returns a tuple for two names or more only. The names added are never None, so they do not change the count.
    names = unquoted if len(unquoted) > 1 else ["event_id", "account_id", *unquoted]
    return Shape(
        decoder=decoder_for(topic),
        flat=all(isinstance(kind, FLAT) for types in kinds.values() for kind in types),
        marks=4 * len(kinds) - 2 * len(unquoted),
        unquoted_of=attrgetter(*names),
    )


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Yield the types that `kind` is made of: through unions and annotations, without null."""
    if isinstance(kind, inspect.Metadata):
        yield from _alternatives(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from _alternatives(part)
    elif not isinstance(kind, inspect.NoneType):
        yield kind


SHAPES: Final = {topic: shape_of(topic) for topic in MESSAGE_TYPES}
