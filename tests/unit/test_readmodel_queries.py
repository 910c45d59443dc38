"""Lists of the read model: filters, pages, order."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from readmodel_support import (
    DIRECTIONS,
    INDUSTRIES,
    NUMBER,
    START,
    TO,
    Log,
    all_of,
    begun,
    filled,
    opened,
    sample,
    write,
)

from readmodel.answers import Flow
from readmodel.database import ReadModel
from readmodel.errors import CursorError
from readmodel.filters import AccountFilter
from readmodel.queries.accounts import account, accounts
from readmodel.queries.base import flows
from readmodel.queries.decisions import decision, decisions
from readmodel.queries.refusals import refusals
from readmodel.queries.shadow import shadow_differences
from relationship.contract.filters import DecisionFilter


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ReadModel]:
    """The tables of the sample."""
    found = filled(tmp_path, sample())
    yield found
    found.close()


@pytest.mark.parametrize(
    "wanted",
    [
        DecisionFilter(**dict(zip(names, values, strict=True)))
        for names in ((), ("industry",), ("to", "direction"), ("industry", "to", "direction", "least_confidence"))
        for values in itertools.product(
            *(
                {
                    "industry": INDUSTRIES[:2],
                    "to": TO[1:],
                    "direction": DIRECTIONS[:1],
                    "least_confidence": (0.5, 0.93),
                }[n]
                for n in names
            )
        )
    ]
    + [
        DecisionFilter(policy="1", since=START + timedelta(days=10), until=START + timedelta(days=20)),
        DecisionFilter(account="acc-3-10"),
        DecisionFilter(account="acc-3-10", industry="retail"),
        DecisionFilter(policy="none"),
        DecisionFilter(from_="client"),
        *(DecisionFilter(least_confidence=each) for each in (0.999, -1.0, 7.0, float("nan"), float("inf"))),
    ],
)
def test_decisions_filtered(model: ReadModel, wanted: DecisionFilter) -> None:
    """Every combination of filters, read page by page, gives what fits, the newest first, each once."""
    whole = all_of(decisions, model, DecisionFilter(), 500)
    assert len(whole) == NUMBER

    def fits(each: Any) -> bool:
        found = each.decision
        at = datetime.fromisoformat(found.effective_at)
        pairs = (
            (wanted.account, {found.account_id}),
            (wanted.industry, {found.segment.industry}),
            (wanted.from_, {found.from_}),
            (wanted.to, {found.to}),
            (wanted.direction, {found.direction}),
            (wanted.policy, {found.policy.id, found.policy.version}),
        )
        return (
            all(value is None or value in of for value, of in pairs)
            and (wanted.least_confidence is None or found.confidence >= wanted.least_confidence)
            and (wanted.since is None or wanted.since <= at)
            and (wanted.until is None or at < wanted.until)
        )

    found = all_of(decisions, model, wanted, 7)
    assert found == [each for each in whole if fits(each)]
    times = [each.decision.effective_at for each in whole]
    assert times == sorted(times, reverse=True)


def test_corrections_are_folded(tmp_path: Path) -> None:
    """A correction stands under what it corrects; asked for by their direction, corrections stand alone."""
    log = Log()
    log.decision("ann", "d-1", day=1)
    log.decision("bob", "d-9", day=2)
    more = {"direction": "correction", "from": "customer", "to": "prospect"}
    log.decision("ann", "d-2", 2, day=3, supersedes="d-1", **more)
    log.decision("ann", "d-3", 3, day=4)
    log.decision("cem", "d-4", 5, day=5, supersedes="older than what Kafka keeps", **more)
    model = filled(tmp_path, log)
    shown = [
        (each.decision.event_id, each.corrected_by and each.corrected_by.event_id) for each in decisions(model).items
    ]
    assert shown == [("d-4", None), ("d-3", None), ("d-9", None), ("d-1", "d-2")]
    assert decisions(model).total == 4
    alone = decisions(model, DecisionFilter(direction="correction")).items
    assert [each.decision.event_id for each in alone] == ["d-4", "d-2"]
    one = decision(model, "d-1")
    assert one is not None
    assert one.corrected_by is not None
    assert decision(model, "none") is None
    assert flows(model, by="all") == [Flow(date(2026, 1, 3), "prospect", "customer", 2)], "in force alone"


@pytest.mark.parametrize(
    "wanted",
    [
        AccountFilter(),
        AccountFilter(prefix="acc-3"),
        AccountFilter(prefix="acc-3", status="client"),
        AccountFilter(industry="saas", status="candidate"),
        AccountFilter(party="business", standing="regular", play="serve", policy="1"),
        AccountFilter(prefix="\udcff"),
        AccountFilter(prefix="%"),
        AccountFilter(market="wholesale"),
    ],
)
def test_accounts_searched(model: ReadModel, wanted: AccountFilter) -> None:
    """Accounts are found by how their ids begin and by their state, in the order of their ids."""
    whole = all_of(accounts, model, AccountFilter(), 500)
    ids = [each.state.account_id for each in whole]
    assert ids == sorted(ids)
    assert len(ids) == NUMBER

    def fits(each: Any) -> bool:
        found = each.state
        pairs = (
            (wanted.status, found.status),
            (wanted.industry, found.segment.industry),
            (wanted.market, found.segment.market),
        )
        return found.account_id.startswith(wanted.prefix or "") and all(value in {None, of} for value, of in pairs)

    assert all_of(accounts, model, wanted, 11) == [each for each in whole if fits(each)]


def test_one_account(model: ReadModel) -> None:
    """An account comes with its state and its decisions; of one that nobody heard of there is nothing."""
    found = account(model, "acc-3-10")
    assert found is not None
    assert found.account is not None
    assert found.account.state.status == found.decisions.items[0].decision.to
    assert account(model, "nobody") is None
    assert msgspec.json.encode(found)


def test_ids_of_any_kind(tmp_path: Path) -> None:
    """An id with a NUL, a quote, a wildcard or far letters is found by itself and by its beginning, and by no other's."""
    names = ["a\x00b", "a'b", "a%b", "a_b", "a😀b", "é" * 127, "a\uffffb"]
    log = Log()
    for name in names:
        log.decision(name, f"d-{name}")
        log.state(name)
    model = filled(tmp_path, log)
    for name in names:
        found = account(model, name)
        assert found is not None
        assert [each.decision.account_id for each in found.decisions.items] == [name]
        assert [each.state.account_id for each in accounts(model, AccountFilter(prefix=name)).items] == [name]


@pytest.mark.parametrize("after", ["", "x", "!!!!", "kQE", "kgEC.", "gqFh", "k" * 10_000, "ks__________8B"])
def test_cursors_that_are_none(model: ReadModel, after: str) -> None:
    """What no page gave is refused, and reaches no database."""
    for ask in (decisions, accounts, refusals, shadow_differences):
        with pytest.raises(CursorError):
            ask(model, after=after)


def test_pages_stand_while_rows_come(tmp_path: Path) -> None:
    """A row that comes between two pages is neither told twice nor moves another one over the edge."""
    log = Log()
    for at in range(10):
        log.decision(f"a{at}", f"d-{at}", day=at)
    model = opened(tmp_path)
    writer = begun(model)
    write(writer, log.records)
    first = decisions(model, limit=4)
    log.decision("z", "d-new", day=99)
    log.decision("z", "d-new-2", 2, day=5)
    write(writer, log.records[-2:])
    second = decisions(model, after=first.after, limit=4)
    shown = [each.decision.event_id for each in [*first.items, *second.items]]
    assert shown == ["d-9", "d-8", "d-7", "d-6", "d-new-2", "d-5", "d-4", "d-3"]
