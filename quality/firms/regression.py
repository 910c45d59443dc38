"""The rival: a logistic regression on what anybody would count of an account, trained on accounts with labels.

As the *rival* it has never seen the kinds of account that it is asked about: it is trained on other kinds, recorded by the
very same firm. As the *limit* it is trained on other accounts of the same kinds, which no firm has. Both have what the
classifier has not: a label on every account that they are trained on.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log1p
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from quality.courses import END
from quality.firms.figures import f1
from quality.firms.folding import Heard
from relationship.contract import enums
from relationship.contract import messages as m
from simulator.scoring import CLIENT

Array = Any
DAY: Final = 86_400.0
WINDOWS: Final = (90.0, 365.0, 10_000.0)  # days
FOLDS: Final = 3  # of the kinds, where a split has to be its own teacher
CAP_DAYS: Final = 2_500.0
PURCHASE_KINDS: Final = ("goods", "service", "advice", "subscription", "retainer")


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _gaps(moments: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of the gaps, their spread, and the longest, in days; -1 where there are none."""
    gaps = [(b - a) / DAY for a, b in pairwise(moments)]
    if not gaps:
        return -1.0, -1.0, -1.0
    mean = _mean(gaps, 0.0)
    return log1p(mean), log1p(_mean([(gap - mean) ** 2 for gap in gaps], 0.0) ** 0.5), log1p(max(gaps))


def features(account: Heard) -> list[float]:
    """Return what is counted of one account at the end."""
    now = END.timestamp()
    purchases = [each for _, each in account.messages if isinstance(each, m.Purchase) and each.entry != "refund"]
    tickets = [each for _, each in account.messages if isinstance(each, m.Ticket)]
    opened = [each for each in tickets if each.status == "opened"]
    meetings = [each for _, each in account.messages if isinstance(each, m.Meeting) and not each.no_show]
    profiles = [each for _, each in account.messages if isinstance(each, m.Profile)]
    row: list[float] = []
    for group in (purchases, opened, meetings):
        ages = [(now - each.occurred_at.timestamp()) / DAY for each in group]
        row += [log1p(sum(age < days for age in ages)) for days in WINDOWS]
        row += [log1p(min(ages, default=CAP_DAYS)), log1p(max(ages, default=0.0))]
    contacts = sorted(each.occurred_at.timestamp() for each in (*opened, *meetings))
    row += _gaps(contacts)
    row += _gaps([each.occurred_at.timestamp() for each in purchases])
    row += [log1p(sum(each.kind == kind for each in opened)) for kind in enums.TICKET_KINDS]
    row += [log1p(sum(each.kind == kind for each in meetings)) for kind in enums.MEETING_KINDS]
    row += [log1p(sum((each.kind or "goods") == kind for each in purchases)) for kind in PURCHASE_KINDS]
    row += [log1p(sum(each.channel == channel for each in opened)) for channel in enums.TICKET_CHANNELS]
    initiators = [each.initiator for each in opened] + [each.initiator for each in meetings]
    row += [_mean([each == "account" for each in initiators if each], 0.5)]
    row += [_mean([each.csat for each in tickets if each.csat is not None], 3.5)]
    row += [_mean([each.sentiment for each in tickets if each.sentiment is not None], 0.0)]
    row += [_mean([bool(each.outcome_met) for each in meetings if each.outcome_met is not None], 0.5)]
    row += [_mean([bool(each.customised) for each in purchases if each.customised is not None], 0.0)]
    row += [_mean([bool(each.discount_code) for each in purchases], 0.0)]
    row += [_mean([each.paid_on > each.due_on for each in purchases if each.paid_on and each.due_on], 0.0)]
    row += [log1p(sum(bool(each.requirement_change) for each in meetings))]
    row += [log1p(sum(each.duration_minutes for each in meetings) / 60)]
    row += [float(any(each.contract_signed for each in meetings)), float(any(each.contract_id for each in purchases))]
    row += [
        _mean([log1p(float(each.amount)) for each in purchases], 0.0),
        float(len({each.category for each in purchases})),
    ]
    last = profiles[-1] if profiles else None
    contract = last.contract if last else None
    row += [float(contract is not None), float(any(each.contract for each in profiles))]
    row += [float(bool(contract and contract.ends_on and contract.ends_on <= END.date()))]
    row += [float(bool(last and last.account_manager)), float(bool(last and last.goals))]
    industry = last.industry if last else None
    row += [float(industry == each) for each in enums.INDUSTRIES]
    party = last.party if last else None
    return [*row, *(float(party == each) for each in ("individual", "business", "institution"))]


def table(accounts: Sequence[Heard]) -> tuple[Array, Array, list[str]]:
    """Return the features, whether each account is a client, and its kind."""
    clients = [each.truth.status_at(END) == CLIENT for each in accounts]
    return np.array([features(each) for each in accounts]), np.array(clients), [each.truth.persona for each in accounts]


def _trained(rows: Array, clients: Array) -> tuple[Any, float]:
    """Return a regression, and the threshold with the highest F1 on what it was trained on."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2_000))
    model.fit(rows, clients)
    chances = model.predict_proba(rows)[:, 1]
    thresholds = np.linspace(0.2, 0.8, 25)
    best = max(
        thresholds,
        key=lambda bar: f1(int(((chances >= bar) & clients).sum()), int((chances >= bar).sum()), int(clients.sum())),
    )
    return model, float(best)


def _scored(told: Array, clients: Array) -> dict[str, float]:
    found, of_told, of_true = int((told & clients).sum()), int(told.sum()), int(clients.sum())
    return {
        "precision": round(found / of_told, 4) if of_told else 0.0,
        "recall": round(found / of_true, 4) if of_true else 0.0,
        "f1": round(f1(found, of_told, of_true), 4),
    }


def scored(taught: Sequence[Heard], asked: Sequence[Heard]) -> dict[str, float]:
    """Train on some accounts, and return precision, recall and F1 on others."""
    model, bar = _trained(*table(taught)[:2])
    rows, clients, _ = table(asked)
    return _scored(model.predict_proba(rows)[:, 1] >= bar, clients)


def across_kinds(accounts: Sequence[Heard]) -> dict[str, float]:
    """Return precision, recall and F1 where every kind is judged by a regression that was trained without it."""
    rows, clients, kinds = table(accounts)
    # Kinds are dealt out in turn, so that each fold has some of every module.
    fold_of = {kind: number % FOLDS for number, kind in enumerate(dict.fromkeys(kinds))}
    folds = np.array([fold_of[kind] for kind in kinds])
    told = np.zeros(len(kinds), dtype=bool)
    for fold in range(FOLDS):
        model, bar = _trained(rows[folds != fold], clients[folds != fold])
        told[folds == fold] = model.predict_proba(rows[folds == fold])[:, 1] >= bar
    return _scored(told, clients)
