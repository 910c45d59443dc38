"""Measuring firm by firm: a split's kinds lived once, recorded by each firm, folded, and counted beside the rivals."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from quality.courses import END
from quality.firms.calibrating import calibrated
from quality.firms.figures import by_group, by_kind, figures, misses
from quality.firms.folding import heard, told
from relationship.policy.compiled import Policy, parse_policy
from simulator.firms import HELDOUT, TUNING, Base, Firm

Row = dict[str, Any]
Split = Literal["tuning", "heldout"]
BASE_SEEDS: Final = {"tuning": 301, "heldout": 401}
LIMIT_SEEDS: Final = {"tuning": 302, "heldout": 402}  # other accounts of the same kinds, for the limit's training
TEACHER_SEED: Final = 303  # accounts of the tuning kinds, for the rival's training
KINDS: Final = {"tuning": TUNING, "heldout": HELDOUT}


class Asked(NamedTuple):
    """What to measure: `policy` is the policy's text, `per_kind` the accounts of each kind."""

    split: Split
    per_kind: int
    policy: str
    calibrate: bool = False
    rivals: bool = False
    seed: int | None = None  # another than the split's


def base_of(kinds: str, per_kind: int, seed: int) -> Base:
    """Return the lives of a split's kinds."""
    return Base(KINDS[kinds], per_kind=per_kind, seed=seed, end=END)


def measured(firms: Iterable[Firm], asked: Asked) -> Iterator[Row]:
    """Yield for each firm the classifier's figures, every miss, and the rivals' figures where they are asked for."""
    split, per_kind = asked.split, asked.per_kind
    base, shipped = base_of(split, per_kind, asked.seed or BASE_SEEDS[split]), parse_policy(asked.policy, "policy")
    teachers: dict[str, Base] = {}
    if asked.rivals:
        teachers["limit"] = base_of(split, per_kind, LIMIT_SEEDS[split])
        if split == "heldout":
            teachers["rival"] = base_of("tuning", per_kind, TEACHER_SEED)
    for firm in firms:
        accounts = heard(base, firm)
        policy: Policy = calibrated(accounts, asked.policy, firm.name) if asked.calibrate else shipped
        ours = told(accounts, policy)
        row: Row = {
            "firm": firm.name,
            "split": split,
            "calibrated": asked.calibrate,
            "events": sum(len(each.messages) for each in accounts),
            "ours": figures(ours),
            "groups": by_group(ours),
            "kinds": by_kind(ours),
            "misses": misses(ours),
        }
        if asked.rivals:
            from quality.firms.regression import across_kinds, scored  # noqa: PLC0415 - it alone needs scikit-learn

            taught = {name: heard(teacher, firm) for name, teacher in teachers.items()}
            row["rival"] = scored(taught["rival"], accounts) if "rival" in taught else across_kinds(accounts)
            row["limit"] = scored(taught["limit"], accounts)
        yield row
