"""`python -m quality.firms`: a line for each firm with the classifier's figures, and on request the rivals' beside them."""

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path

from quality.firms.files import write_events, write_labels
from quality.firms.folding import heard
from quality.firms.learning import DRAWS
from quality.firms.measuring import BASE_SEEDS, Asked, Row, base_of, measured
from relationship.policy.compiled import default_text
from simulator.firms import FIRMS, REPORTED_FIRMS, TUNING_FIRMS, Firm

HEADS = (
    "firm", "accounts", "events", "prec", "recall", "F1", "usual", "delay", "never", "flaps", "ECE", "conf", "rival", "limit"
)  # fmt: skip


def _line(row: Row) -> str:
    ours = row["ours"]
    values = [
        row["firm"],
        ours["accounts"],
        row["events"],
        *(
            ours[name]
            for name in (
                "precision",
                "recall",
                "f1",
                "f1_usual",
                "delay_days",
                "turns_never_told",
                "flaps_per_year",
                "ece",
            )
        ),
        ours["confidence_median"],
        *(row[name]["f1"] if row.get(name) else None for name in ("rival", "limit")),
    ]
    cells = ["-" if each is None else f"{each:.3f}" if isinstance(each, float) else str(each) for each in values]
    return f"{cells[0]:44}" + "".join(f"{each:>9}" for each in cells[1:])


def _kinds(row: Row) -> str:
    wrong = sorted((each for each in row["kinds"] if each["wrong"]), key=lambda each: -each["wrong"])
    lines = [
        f"    {each['kind']:32} {each['wrong']:4} of {each['accounts']} wrong: truly client {each['clients']}, "
        f"told {each['told']}, delay {each['delay_days']}, flaps {each['flaps']}, {each['standings']}"
        for each in wrong
    ]
    groups = ", ".join(
        f"{name} {each['missed']} of {each['clients']} clients missed, {each['false']} of "
        f"{each['accounts'] - each['clients']} others told clients"
        for name, each in row["groups"].items()
    )
    return "\n".join([f"    {groups}", *lines])


def _reliability(rows: list[Row]) -> str:
    """Return the reliability of the confidence over all firms together."""
    bins: dict[int, Counter[str]] = {}
    for row in rows:
        for each in row["ours"]["reliability"]:
            known = bins.setdefault(min(9, int(each["confidence"] * 10)), Counter())
            known["accounts"] += each["accounts"]
            known["said"] += each["accounts"] * each["confidence"]
            known["right"] += each["accounts"] * each["right"]
    total = sum(each["accounts"] for each in bins.values())
    error = sum(abs(each["said"] - each["right"]) for each in bins.values()) / total
    lines = [
        f"    said {each['said'] / (of := each['accounts']):.3f}   right {each['right'] / of:.3f}   of {of:.0f}"
        for _, each in sorted(bins.items())
    ]
    return "\n".join([f"reliability over all firms (ECE {error:.4f}):", *lines])


def _write(firms: tuple[Firm, ...], asked: Asked, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    base = base_of(asked.split, asked.per_kind, asked.seed or BASE_SEEDS[asked.split])
    for firm in firms:
        accounts, name = heard(base, firm), "-".join(re.findall(r"\w+", firm.name))
        write_events(accounts, folder / f"{name}.jsonl")
        write_labels(accounts, folder / f"{name}.csv")


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(prog="python -m quality.firms", description="Measure the classifier by firm.")
    parser.add_argument("--split", choices=sorted(BASE_SEEDS), default="tuning", help="which kinds, firms and seed")
    parser.add_argument("--firm", action="append", help="a firm's name, or all (again for more)")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="another policy than the shipped one")
    parser.add_argument("--calibrate", action="store_true", help="calibrate the policy on each firm's events first")
    parser.add_argument("--accounts", type=int, default=20, metavar="N", help="accounts of each kind")
    parser.add_argument("--rivals", action="store_true", help="measure the regressions as well")
    parser.add_argument(
        "--labels", action="store_true", help="learn from 100 labels as well: five draws, minutes a firm"
    )
    parser.add_argument("--misses", action="store_true", help="list the kinds that are misjudged, firm by firm")
    parser.add_argument("--list", action="store_true", help="name the firms and stop")
    parser.add_argument("--seed", type=int, help="other lives than those reported (the splits have seeds of their own)")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="only write each firm's events and labels as files"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and every miss")
    return parser.parse_args()


def main() -> int:
    """Measure and print; return the exit code."""
    given = arguments()
    firms: tuple[Firm, ...] = TUNING_FIRMS if given.split == "tuning" else REPORTED_FIRMS
    if given.list:
        print("\n".join(firm.name for firm in firms))  # noqa: T201 - the programme's output
        return 0
    wanted = given.firm or ["all"]
    if "all" not in wanted:
        unknown = [name for name in wanted if name not in {firm.name for firm in firms}]
        if unknown:
            other = " (it belongs to the other split)" if unknown[0] in FIRMS else ""
            print(f"no firm {unknown[0]!r} in the split {given.split}{other}: see --list", file=sys.stderr)  # noqa: T201
            return 2
        firms = tuple(firm for firm in firms if firm.name in wanted)
    text = given.policy.read_text(encoding="utf-8") if given.policy else default_text()
    asked = Asked(
        given.split,
        given.accounts,
        text,
        calibrate=given.calibrate,
        rivals=given.rivals,
        draws=DRAWS if given.labels else 0,
        seed=given.seed,
    )
    if given.write:
        _write(firms, asked, given.write)
        return 0
    print(f"{HEADS[0]:44}" + "".join(f"{each:>9}" for each in HEADS[1:]))  # noqa: T201
    rows = []
    for row in measured(firms, asked):
        print(_line(row), flush=True)  # noqa: T201
        if given.labels:
            print(f"    with labels: {row['labels']}", flush=True)  # noqa: T201
        if given.misses:
            print(_kinds(row), flush=True)  # noqa: T201
        rows.append(row)
    print(_reliability(rows))  # noqa: T201
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
