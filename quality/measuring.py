"""Measuring on the simulator: the classifier, and its rivals on the same streams, as `results.json` holds it."""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Final

from quality.courses import (
    ACCOUNTS,
    END,
    TEST_SEEDS,
    TUNING_SEEDS,
    Course,
    Seen,
    folded,
    messages_by_account,
    played,
    unchanged,
    without_contract,
)
from quality.rivals import Messages, Tuned, course, fifths_of, rivals, tuned, won_at
from quality.tally import broken_down, tally
from relationship.policy.compiled import Policy
from simulator import AccountTruth
from simulator.scoring import CLIENT

Result = dict[str, Any]
Say = Callable[[str], None]
Base = list[tuple[AccountTruth, Messages]]
FIFTHS_WINDOWS: Final = (180.0, 365.0)  # days over which RFM is looked at
BREAKDOWNS: Final = ("industry", "difficulty", "persona")
QUICK_ACCOUNTS: Final = 400
BLIND_SEEDS: Final = 2  # of the test seeds, for the trial without contracts


def simulator(policy: Policy, say: Say, *, quick: bool) -> Result:
    """Measure the classifier on simulations that it was not tuned on."""
    seeds, accounts = (TEST_SEEDS[:1], QUICK_ACCOUNTS) if quick else (TEST_SEEDS, ACCOUNTS)
    courses: list[Course] = []
    by_seed = []
    for seed in seeds:
        say(f"simulator, seed {seed}")
        ours = folded(played(seed, accounts), policy)
        by_seed.append({"seed": seed, **tally(ours, END).summary()})
        courses += ours
    whole = tally(courses, END)
    return {
        "seeds": list(seeds),
        "accounts_per_seed": accounts,
        "whole": whole.summary(),
        "confusion": whole.confusions(),
        "by_seed": by_seed,
        **{f"by_{by}": broken_down(courses, END, by) for by in BREAKDOWNS},
    }


def _base(seeds: Iterable[int], accounts: int) -> Base:
    base: Base = []
    for seed in seeds:
        simulation = played(seed, accounts)
        by_account = messages_by_account(simulation)
        base += [(truth, by_account[truth.account_id]) for truth in simulation.accounts]
    return base


def _best(seeds: Iterable[int], accounts: int) -> list[Tuned]:
    """Return of each rule the setting and threshold that served it best."""
    base, end = _base(seeds, accounts), END.timestamp()
    fifths = {days: fifths_of((messages for _, messages in base), end, days) for days in FIFTHS_WINDOWS}
    best: dict[str, Tuned] = {}
    for rival in rivals(fifths):
        candidate = tuned(rival, base, end)
        if rival.name not in best or candidate.f1 > best[rival.name].f1:
            best[rival.name] = candidate
    return list(best.values())


def _told(best: Iterable[Tuned], base: Base, seen: Seen = unchanged) -> dict[str, list[Course]]:
    """Return by the rivals' names what they say of a base, its messages `seen` as that makes them."""
    told: dict[str, list[Course]] = {each.rival.name: [] for each in best}
    for truth, messages in base:
        shown = [seen(message) for message in messages]
        for each in best:
            told[each.rival.name].append(course(each, truth, shown))
    return told


def against(policy: Policy, say: Say, *, quick: bool) -> Result:
    """Measure the rivals on the very simulations of `simulator`, tuned on the tuning seeds."""
    tuning, seeds, accounts = (
        (TUNING_SEEDS[:1], TEST_SEEDS[:1], QUICK_ACCOUNTS) if quick else (TUNING_SEEDS, TEST_SEEDS, ACCOUNTS)
    )
    say("rivals, tuning")
    best = _best(tuning, accounts)
    say("rivals, measuring")
    told = _told(best, _base(seeds, accounts))
    rows = [
        {
            "name": each.rival.name,
            "setting": each.rival.setting,
            "threshold": round(each.threshold, 1),
            "tuning_f1": round(each.f1, 4),
            **tally(told[each.rival.name], END).summary(),
        }
        for each in best
    ]
    blind = _without_contracts(best, policy, seeds[:BLIND_SEEDS], accounts, say)
    return {
        "tuning_seeds": list(tuning),
        "seeds": list(seeds),
        "accounts_per_seed": accounts,
        "rows": rows,
        "without_contracts": blind,
    }


def _without_contracts(best: list[Tuned], policy: Policy, seeds: Sequence[int], accounts: int, say: Say) -> Result:
    """Measure the classifier and its rivals where nobody hears of a contract, and how much a contract gives away."""
    say("without contracts")
    base = _base(seeds, accounts)
    ours = [each for seed in seeds for each in folded(played(seed, accounts), policy, without_contract)]
    told = {"**Clientward**": ours} | _told(best, base, without_contract)
    won = {True: [0, 0], False: [0, 0]}
    for truth, messages in base:
        counts = won[truth.status_at(END) == CLIENT]
        counts[0] += won_at(messages) < inf
        counts[1] += 1
    return {
        "seeds": list(seeds),
        "won_clients": round(won[True][0] / won[True][1], 4),
        "won_others": round(won[False][0] / won[False][1], 4),
        "rows": [{"name": name, **tally(courses, END).summary()} for name, courses in told.items()],
    }
