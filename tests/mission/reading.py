"""Words for the mission's tests: the dimensions, the score and the status of account `a` after a history.

Every history is read at the same moment, since dimensions decay: `LOOK` days into the story, where the profile comes once
more, which is evidence of nothing.
"""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from story import POLICY, START, Told, fold, profile, purchase, record_of, state_of

from relationship.classify.transitions import read
from relationship.contract.messages import decoder_for
from relationship.contract.names import DIMENSIONS
from relationship.core import Core
from relationship.policy.compiled import Policy

LOOK = 190
STORIES = Path(__file__).parents[2] / "examples" / "stories"
POLICY_FILE = Path(__file__).parents[2] / "relationship" / "policy" / "default.toml"


def history(told: Iterable[Told], **fields: Any) -> list[Told]:
    """Return a profile with these fields, the messages in order of time, and the profile again at `LOOK`."""
    first, last = profile(0, "known", **fields), profile(LOOK, "look", **fields)
    return [first, *sorted(told, key=lambda each: each[1].occurred_at), last]


def dims(told: Iterable[Told], **fields: Any) -> dict[str, float]:
    """Return the fourteen values."""
    head = record_of(fold(history(told, **fields))[0]).head
    assert head.t >= (START + timedelta(days=LOOK)).timestamp() * 1e6
    return dict(zip(DIMENSIONS, read(head, POLICY).values, strict=True))


def score(told: Iterable[Told], **fields: Any) -> float:
    """Return the score."""
    return state_of(fold(history(told, **fields))[0]).score


def status(told: Iterable[Told], **fields: Any) -> str:
    """Return the status."""
    return state_of(fold(history(told, **fields))[0]).status


def best(told: Iterable[Told], policy: Policy = POLICY, **fields: Any) -> str:
    """Return the highest status that was ever told."""
    order = ["prospect", "lapsed", "customer", "candidate", "client"]
    decisions = fold(history(told, **fields), Core(policy))[1]
    return max((each["to"] for each in decisions), key=order.index, default="prospect")


def tale(name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fold one of the example stories; return what was told and the final state, as JSON has them."""
    lines = [json.loads(line) for line in (STORIES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    told = [(line["topic"], decoder_for(line["topic"]).decode(json.dumps(line["value"]))) for line in lines]
    replay, decisions = fold(told)
    (state,) = replay.states(POLICY)
    return decisions, msgspec.to_builtins(state)


SALE = purchase(1, "sale")


def monthly(
    what: Callable[..., Told], first: float = 10, count: int = 6, every: float = 30, **fields: Any
) -> list[Told]:
    """Return one event a month, or as often as `every` says."""
    return [what(first + every * i, f"{what.__name__}{i}", **fields) for i in range(count)]


def more(name: str, with_it: Iterable[Told], without: Iterable[Told] = (), **fields: Any) -> bool:
    """Tell whether the dimension stands higher with these events besides a sale than with those."""
    return dims([SALE, *with_it], **fields)[name] > dims([SALE, *without], **fields)[name]
