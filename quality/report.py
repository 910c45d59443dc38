"""The page `docs/quality.md`, written from the results alone: the same results give the same bytes."""

from collections.abc import Iterable, Sequence
from typing import Any

from quality.aims import LEAST, aims
from quality.firms.page import section

Result = dict[str, Any]

HEAD = """# Quality, measured

<!-- Written by `make quality` from quality/results.json; not by hand. -->

How well the classifier tells clients from customers, and how well its loyalty measure tells who stays. Every figure
on this page is in [quality/results.json](../quality/results.json) and was measured by

    make quality          # took {seconds} s; `make quality-quick` is a small one that writes nothing

`make quality ARGS="--only cdnow"` measures a part anew. The libraries it needs are in an environment of their own
(`requirements/quality.lock`). The policy measured: {policies}.
"""

SIMULATOR = """
## On the simulator

Seeds {seeds}, {accounts_per_seed:,} accounts each, two years up to 2025-06-01, with all the simulator's noise: late,
repeated and spoiled records, missing fields, mistaken kinds, missed meetings. The policy was tuned on seeds 1, 2, 7,
11 and 12. The truth is what the personas are up to, and never a score. Folded in process, as `clientward replay`
does.

A turn's *delay* is the days from the true turn to client until the account stands as one; one never told is
infinitely late. A *flap* is two crossings of the border of client, either way round, less than 90 days apart, however
true they were: {true_flaps} such pairs are in the truth itself (clients who lapse and are back within 90 days).
*Needless changes* are changes between client, lapsed and neither beyond the truth's; *missing* ones are those short
of it. By *account-days*, precision and recall are of the time spent as a client, so that every day of delay counts.
"""

RIVALS = """
## Against the obvious rivals

On the same streams. Each rival had every message once, in order and with nothing spoiled, all amounts in one
currency, and the window and threshold with the highest F1 on the tuning seeds ({tuning}). They are scored by the
tally that scores the classifier. *Points and stage* is a CRM's lead scoring, counted once a contract is won; *points*
is the same without a stage.
"""

CONTRACTS = """
A contract is nearly the truth in the simulator: {won_clients:.1%} of the true clients at the end have won one, and
{won_others:.1%} of the others; that is what the stage lives on. The same streams (seeds {seeds}) with no word of a
contract in them, neither in a profile nor a purchase nor a meeting, and nothing tuned anew:
"""

CDNOW = """
## On real purchases: who comes back?

CDNOW: {customers:,} customers of an online shop. From purchases up to {cut} alone the core folds every account and
reads it at the end of that day; right is who bought from the next day to {until}: {bought_any:.1%} at all,
{bought_many:.1%} three times or more. The area under the ROC curve (AUC) is the chance that a later buyer is ranked
above another customer.
"""

LEARNED = """
The learners are trained on four fifths of these very customers and months, and rank the other fifth: an advantage
over a formula. The formula's three constants were picked, from a few dozen tried, by purchases to 1997-06-30 and the
three months after (AUC there {any:.3f} and {many:.3f}); the areas above were in view while its shape was sought. The
intervals are the bootstrap's, at 95 %; *loyalty is ahead by* is that of the paired difference.
"""

WHY = """
**Why nobody gets further.** {once:.1%} of the customers had bought on one day only by the cut, and {of_any:.1%} of
the later buyers are among them ({of_many:.1%} of those who bought three times). Little in a single purchase tells
which ones: the best of all methods ranks them with {any_once:.3f} ({many_once:.3f}), where chance is 0.500. With all
facts, and trained on the answers of others, the best of all has {any:.3f} ({many:.3f}); the aims were 0.78 and 0.85.
"""


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " to ".join(_cell(each) for each in value)
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1 or value == 1.0 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a Markdown table; numbers stand to the right."""
    lines = [list(map(_cell, row)) for row in rows]
    rule = ["---", *("---:" for _ in heads[1:])]
    return "".join(f"| {' | '.join(line)} |\n" for line in [list(heads), rule, *lines])


MEASURES = {
    "accounts": "accounts",
    "clients": "clients",
    "told": "told",
    "precision": "precision",
    "recall": "recall",
    "precision by account-days": "precision_days",
    "recall by account-days": "recall_days",
    "median delay, days": "delay_median_days",
    "turns never told": "turns_never_told",
    "flaps a year": "flaps_per_year",
    "needless changes a year": "needless_changes_per_year",
}


def _summaries(first: str, key: str, rows: Iterable[Result]) -> str:
    return table((first, *MEASURES), ([str(row[key]), *(row[name] for name in MEASURES.values())] for row in rows))


def _aims(results: Result) -> str:
    rows = [(aim.name, aim.asked, aim.measured, "yes" if aim.met else aim.instead or "no") for aim in aims(results)]
    return "\n## The aims\n\n" + table(("aim", "asked", "measured", "reached"), rows)


def _matrix(confusion: list[Result]) -> str:
    counts = {(row["truth"], row["told"]): row["accounts"] for row in confusion}
    statuses = ("prospect", "customer", "candidate", "client", "lapsed")
    rows = [[true, *(counts.get((true, told), 0) for told in statuses)] for true in statuses if true != "candidate"]
    return table(("truth, down; told, across", *statuses), rows)


def _simulator(found: Result) -> str:
    whole = found["whole"]
    facts = (
        ("precision of clients at the end", whole["precision"], whole["precision_95"]),
        ("recall of clients at the end", whole["recall"], whole["recall_95"]),
        ("precision by account-days", whole["precision_days"], None),
        ("recall by account-days", whole["recall_days"], None),
        ("median delay, days", whole["delay_median_days"], None),
        ("delay of the slowest tenth, days", whole["delay_p90_days"], None),
        ("true turns never told", f"{whole['turns_never_told']} of {whole['turns']}", None),
        ("flaps in an account-year", whole["flaps_per_year"], None),
        ("needless changes in an account-year", whole["needless_changes_per_year"], None),
        ("missing changes in an account-year", whole["missing_changes_per_year"], None),
        ("corrections told in an account-year", whole["corrections_per_year"], None),
    )
    seeds = ", ".join(map(str, found["seeds"]))
    text = SIMULATOR.format(**(found | {"seeds": seeds, "true_flaps": whole["true_flaps"]}))
    size = f"{whole['accounts']:,} accounts, {whole['account_years']:,.0f} account-years.\n\n"
    text += "\n" + size + table(("measure", "value", "95 % interval"), facts)
    text += "\nAt the end, accounts by truth and by what was told:\n\n" + _matrix(found["confusion"])
    for by in ("seed", "difficulty", "industry", "persona"):
        text += f"\n### By {by}\n\n" + _summaries(by, by, found[f"by_{by}"])
    return text


def _rivals(found: Result, ours: Result | None) -> str:
    rows = [{"rule": f"{row['name']}, {row['setting']}, from {row['threshold']:g}", **row} for row in found["rows"]]
    rows.sort(key=lambda row: -row["tuning_f1"])
    if ours and ours["seeds"] == found["seeds"]:
        rows.insert(0, {"rule": "**Clientward**", **ours["whole"]})
    tuning = ", ".join(map(str, found["tuning_seeds"]))
    text = RIVALS.format(tuning=tuning) + "\n" + _summaries("rule", "rule", rows) + _reading(rows)
    blind = found["without_contracts"]
    text += CONTRACTS.format(**(blind | {"seeds": ", ".join(map(str, blind["seeds"]))})) + "\n"
    return text + _summaries("rule", "name", blind["rows"])


def _reading(rows: list[Result]) -> str:
    """Return in words, computed from the table, who is better than its first row in what."""
    ours = rows[0]
    words = {"precision": "precision", "recall": "recall", "delay_median_days": "delay", "flaps_per_year": "flaps"}
    lines = []
    for row in rows[1:]:
        less = {"delay_median_days", "flaps_per_year"}
        better = [
            word for key, word in words.items() if (row[key] < ours[key] if key in less else row[key] > ours[key])
        ]
        if better:
            lines.append(f"- {row['name']}: better than Clientward in {', '.join(better)}.\n")
    return "\n" + "".join(lines) if lines else ""


def _cdnow(found: Result) -> str:
    rows, whole = found["rows"], "any_95" in found["rows"][0]
    heads = ["method", "buys again", "buys three times or more", "bought on one day", "on one day, three times"]
    keys = ["any", "many", "any_once", "many_once"]
    if whole:
        heads += ["interval", "interval, three times", "loyalty is ahead by", "by, three times"]
        keys += ["any_95", "many_95", "any_loyalty_ahead_95", "many_loyalty_ahead_95"]
    text = CDNOW.format(**found) + "\n" + table(heads, ([row["name"], *(row[key] for key in keys)] for row in rows))
    best = {key: max(row[key] for row in rows) for key in ("any", "many", "any_once", "many_once")}
    once = {
        "once": found["bought_on_one_day_before"],
        "of_any": found["of_any_bought_on_one_day_before"],
        "of_many": found["of_many_bought_on_one_day_before"],
    }
    if not whole:
        return text
    return text + LEARNED.format(**found["on_tuning_split"]) + WHY.format(**best, **once) + _chance(rows)


def _chance(rows: list[Result]) -> str:
    """Return whether the aims lie within the interval of the best method."""
    words = []
    for question in ("any", "many"):
        best = max(rows, key=lambda row: row[question])
        side = "within" if LEAST[question] <= best[f"{question}_95"][1] else "beyond"
        words.append(f"{LEAST[question]:.2f} lies {side} the interval of the best method")
    return f"Of the two aims, {' and '.join(words)}.\n"


def _policies(results: Result) -> str:
    """Return which policy was measured; more than one where the parts were measured at different times."""
    measured = [part["policy"] for part in results.values() if part]
    names = {f"`{each['id']}` version {each['version']} (SHA-256 {each['sha256'][:12]}...)": None for each in measured}
    return ", ".join(names)


def page(results: Result) -> str:
    """Return the page of these results; a part that was not measured is left out."""
    seconds = sum(part["seconds"] for part in results.values() if part)
    text = HEAD.format(seconds=seconds, policies=_policies(results)) + _aims(results)
    if results.get("simulator"):
        text += _simulator(results["simulator"])
    if results.get("firms"):
        text += section(results["firms"], table)
    if results.get("rivals"):
        text += _rivals(results["rivals"], results.get("simulator"))
    return text + (_cdnow(results["cdnow"]) if results.get("cdnow") else "")
