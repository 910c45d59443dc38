"""Names that the contract and the policy share: the fourteen dimensions, and the types of an id, a version, a person."""

from typing import Annotated, Final

from msgspec import Meta

DIMENSIONS: Final = (
    "duration",
    "engagement",
    "personalisation",
    "bought",
    "trust",
    "loyalty",
    "commitment",
    "dialogue",
    "value",
    "breadth",
    "needs",
    "expectations",
    "duties",
    "service",
)
INDEX: Final = {name: i for i, name in enumerate(DIMENSIONS)}
Name = Annotated[str, Meta(min_length=1, max_length=64, description="a name")]
Label = Annotated[str, Meta(min_length=1, max_length=32, description="a name")]
