"""Measuring firm by firm: a split's kinds lived once, recorded by each firm, folded, and counted beside the rivals."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from quality.courses import END
from quality.firms.calibrating import calibrated
from quality.firms.figures import by_group, by_kind, f1_of, figures, misses
from quality.firms.folding import Heard, heard, told
from relationship.policy.compiled import parse_policy
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
    both: bool = False  # the policy as it was given as well, where it is calibrated
    draws: int = 0  # of labelled accounts to learn from
    seed: int | None = None  # another than the split's


def base_of(kinds: str, per_kind: int, seed: int) -> Base:
    """Return the lives of a split's kinds."""
    return Base(KINDS[kinds], per_kind=per_kind, seed=seed, end=END)


def _teachers(asked: Asked) -> dict[str, Base]:
    """Return the lives that the regressions, and those who learn from labels, are trained on."""
    teachers: dict[str, Base] = {}
    if asked.rivals or asked.draws:
        teachers["limit"] = base_of(asked.split, asked.per_kind, LIMIT_SEEDS[asked.split])
    if asked.rivals and asked.split == "heldout":
        teachers["rival"] = base_of("tuning", asked.per_kind, TEACHER_SEED)
    return teachers


def measured(firms: Iterable[Firm], asked: Asked) -> Iterator[Row]:
    """Yield for each firm the classifier's figures and every miss, and beside them whatever else is asked for."""
    base = base_of(asked.split, asked.per_kind, asked.seed or BASE_SEEDS[asked.split])
    teachers = _teachers(asked)
    for firm in firms:
        yield _row(firm, heard(base, firm), {name: heard(teacher, firm) for name, teacher in teachers.items()}, asked)


def _row(firm: Firm, accounts: list[Heard], taught: dict[str, list[Heard]], asked: Asked) -> Row:
    text = calibrated(accounts, asked.policy) if asked.calibrate else asked.policy
    ours = told(accounts, parse_policy(text, firm.name))
    row: Row = {
        "firm": firm.name,
        "split": asked.split,
        "calibrated": asked.calibrate,
        "events": sum(len(each.messages) for each in accounts),
        "ours": figures(ours),
        "groups": by_group(ours),
        "kinds": by_kind(ours),
        "misses": misses(ours),
    }
    if asked.calibrate and asked.both:
        row["shipped"] = figures(told(accounts, parse_policy(asked.policy, "shipped")))
    if asked.rivals:
        from quality.firms.regression import across_kinds, scored  # noqa: PLC0415 - it alone needs scikit-learn

        row["rival"] = scored(taught["rival"], accounts) if "rival" in taught else across_kinds(accounts)
        row["limit"] = scored(taught["limit"], accounts)
    if asked.draws:
        from quality.firms.learning import with_labels  # noqa: PLC0415 - so does learning
        from quality.firms.regression import scored  # noqa: PLC0415

        row["labels"] = with_labels(
            firm.name,
            taught["limit"],
            text,
            lambda policy: f1_of(told(accounts, parse_policy(policy, "learned"))),
            lambda labelled: scored(labelled, accounts)["f1"],
            asked.draws,
        )
    return row
