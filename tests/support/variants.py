"""Policies that differ from the one that comes with the package, for tests of what a switch between two does."""

import re
from typing import Any

from relationship.policy.compiled import Policy, default_text, parse_policy


def variant_text(version: str, **values: Any) -> str:
    """Return the package's policy as another version, every value of these names replaced."""
    text = default_text().replace('version = "1"', f'version = "{version}"')
    for name, value in values.items():
        text, found = re.subn(rf"\b{name}(\s*)= [0-9.-]+", rf"{name}\1= {value}", text)
        assert found, f"no value {name} in the policy"
    return text


def variant(version: str, **values: Any) -> Policy:
    """Return that policy."""
    return parse_policy(variant_text(version, **values), f"variant {version}")
