"""What differs between two policies: value by value, with the unit."""

from typing import NamedTuple

from relationship.policy.file import PolicyFile
from relationship.policy.text import Path
from relationship.policy.units import Scalar, unit_of, values_of


class Difference(NamedTuple):
    """One value that differs; None stands for one that a policy does not set."""

    path: Path
    before: Scalar
    after: Scalar
    unit: str


def differences(before: PolicyFile, after: PolicyFile) -> list[Difference]:
    """Return every value that differs, in the order of the files."""
    old, new = dict(values_of(before)), dict(values_of(after))
    paths = dict.fromkeys([*old, *new])
    return [Difference(p, old.get(p), new.get(p), unit_of(p)) for p in paths if old.get(p) != new.get(p)]
