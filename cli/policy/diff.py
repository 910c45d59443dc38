"""`clientward policy diff A B`: every value that differs between two policies."""

import json

from cli.options import JsonLines
from cli.output import columns, print_line, printable, printable_json
from cli.policy.files import PolicyA, PolicyB, policy_at
from relationship.policy.diff import differences
from relationship.policy.units import Scalar


def diff(a: PolicyA, b: PolicyB, as_json: JsonLines = False) -> None:
    """List every value that differs between two policies, with its unit."""
    found = differences(policy_at(a).source, policy_at(b).source)
    if as_json:
        for each in found:
            print_line(printable_json(json.dumps(each._asdict() | {"path": ".".join(each.path)}, ensure_ascii=False)))
        return
    rows = [(".".join(each.path), _shown(each.before), _shown(each.after), each.unit) for each in found]
    if not rows:
        print_line(printable(f"{a} and {b} are the same, value by value"))
        return
    for line in columns(("value", "A", "B", "unit"), rows):
        print_line(line)


def _shown(value: Scalar) -> str:
    return "not set" if value is None else str(value)
