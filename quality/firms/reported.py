"""The measurement that `make quality` reports: the kinds and firms kept out of tuning, as `results.json` holds it."""

import csv
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any, Final

from quality.firms.calibrating import calibrator
from quality.firms.measuring import BASE_SEEDS, TEACHER_SEED, Asked, Row, measured
from relationship.policy.compiled import default_text
from simulator.firms import FIRMS, HELDOUT, REPORTED_FIRMS, TUNING

Result = dict[str, Any]
ROWS: Final = {  # the rows and their aims: F1 of clients at the end, without labels
    "every field": 0.97,
    "a fifth of the fields": 0.93,
    "none of the optional fields": 0.91,
    "a fifth, one kind of each": 0.86,
    "none, one kind of each": 0.80,
    "5x logged": 0.94,
    "a fifth logged": 0.90,
    "a fifth logged, a fifth of the fields": 0.82,
    "meetings only": 0.92,
    "tickets only": 0.90,
}
PER_KIND: Final = 20
MOST_JOBS: Final = 4  # firms measured beside one another; each takes half a gigabyte
DRAWS: Final = 3
QUICK: Final = ("every field", "none, one kind of each")
QUICK_PER_KIND: Final = 5
MISSES: Final = Path("quality/misses.csv")
MISS_FIELDS: Final = ("firm", "kind", "account", "industry", "true", "told", "score", "confidence")


def firms(say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure the firms; the whole run writes every miss into `quality/misses.csv` as well."""
    calibrate = calibrator() is not None
    per_kind = QUICK_PER_KIND if quick else PER_KIND
    asked = Asked("heldout", per_kind, default_text(), calibrate=calibrate, both=True, rivals=True)
    names = QUICK if quick else tuple(firm.name for firm in REPORTED_FIRMS)
    rows: list[Row] = []
    with ProcessPoolExecutor(min(MOST_JOBS, cpu_count() or 1)) as pool:
        for row in pool.map(_measured, names, [asked._replace(draws=DRAWS * (not quick and n in ROWS)) for n in names]):
            say(f"firm: {row['firm']}")
            rows.append(row)
    if not quick:
        _write_misses(rows)
    return {
        "calibrated": calibrate,
        "per_kind": per_kind,
        "kinds": len(HELDOUT),
        "tuning_kinds": len(TUNING),
        "seed": BASE_SEEDS["heldout"],
        "teacher_seed": TEACHER_SEED,
        "rows": [_kept(row) for row in rows],
    }


def _measured(name: str, asked: Asked) -> Row:
    return next(measured([FIRMS[name]], asked))


def _kept(row: Row) -> Row:
    """Return a row without its misses, and with the kinds that were misjudged only."""
    wrong = {each["kind"]: each["wrong"] for each in row["kinds"] if each["wrong"]}
    return {name: value for name, value in row.items() if name not in {"misses", "kinds", "split"}} | {"wrong": wrong}


def _write_misses(rows: list[Row]) -> None:
    with MISSES.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, MISS_FIELDS, lineterminator="\n")
        out.writeheader()
        out.writerows({"firm": row["firm"], **miss} for row in rows if row["firm"] in ROWS for miss in row["misses"])
