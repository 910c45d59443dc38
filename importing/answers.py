"""What a person said about a file, and what the file itself has settled since."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Order = Literal["day", "month"]
Point = Literal[".", ","]


@dataclass(frozen=True)
class Answers:
    """What has to be known beside the file.

    Attributes:
        zone: name of the zone of times that name none; None where nobody said.
        first: whether the day or the month comes first in dates such as 1/2/2024; None where nobody said.
        point: what stands before the decimals; None where nobody said.
        currency: code of amounts that name none.
        own_domains: domains of one's own people's e-mail addresses.
        words: for a field, what to write for what stands in a column; `*` stands for any run of characters.
        said: those of them that a person gave; the others are a preset's or proposed.
        rounding: whether digits that no money has are rounded away.
        constants: fields that are the same in every message.
    """

    zone: str | None = None
    first: Order | None = None
    point: Point | None = None
    currency: str | None = None
    own_domains: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    said: frozenset[str] = frozenset()
    rounding: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
