"""The alarms as they are, on a clock that runs faster: a rehearsal cannot wait ten minutes for each.

Every window, duration and threshold in seconds is divided by the same number; counts and shares stay as they are, and so do
the expressions.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

FASTER: Final = 20
UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
SPAN: Final = re.compile(r"(?<=[\[: ])(\d+)([smhdw])(?=[\]:) ]|$)")
SECONDS: Final = re.compile(r"(_seconds\) > )(\d+)")


def shortened(text: str) -> str:
    """Return a duration of Prometheus, such as `10m`, divided."""
    return SPAN.sub(lambda found: f"{max(1_000, int(found[1]) * UNITS[found[2]] * 1_000 // FASTER)}ms", text)


def faster(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule for the faster clock."""
    expr = SECONDS.sub(lambda found: f"{found[1]}{int(found[2]) / FASTER:g}", shortened(rule["expr"]))
    return {**rule, "expr": expr} | ({"for": shortened(f" {rule['for']}").strip()} if "for" in rule else {})


def write_faster(sources: Sequence[Path], target: Path) -> Path:
    """Write the rules of some files for the faster clock into one; return it."""
    yaml = YAML(typ="safe")
    groups = [group for source in sources for group in yaml.load(source)["groups"]]
    for group in groups:
        group["rules"] = [faster(rule) for rule in group["rules"]]
    target.write_text(json.dumps({"groups": groups}, indent=1), encoding="utf-8")  # JSON is YAML
    return target
