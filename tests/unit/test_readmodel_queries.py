"""Questions to the read model: filters, pages, counts."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from readmodel_support import PURCHASES, START, Log, begun, filled, opened, write

from readmodel.answers import Flow, Levels, Page, RefusalCount, ShadowCount
from readmodel.database import ReadModel
from readmodel.errors import CursorError
from readmodel.filters import AccountFilter, AuditFilter, DecisionFilter, RefusalFilter, ShadowFilter
from readmodel.queries.accounts import account, accounts
from readmodel.queries.audit import audit_entries
from readmodel.queries.base import base_counts, flows
from readmodel.queries.closest import closest, levels_of
from readmodel.queries.decisions import decision, decisions
from readmodel.queries.refusals import refusal, refusal_counts, refusals
from readmodel.queries.shadow import shadow_counts, shadow_differences
from readmodel.writing.refusals import VALUE_BYTES
from relationship.contract.enums import INDUSTRIES as INDUSTRY_NAMES
from relationship.contract.outcome import Reason
from relationship.policy.compiled import load_policy

INDUSTRIES = ("law", "saas", "retail")
DIRECTIONS = ("promotion", "demotion")
TO = ("customer", "candidate", "client")
NUMBER = 360  # decisions; three in ten have each industry, and few have all that is asked for


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ReadModel]:
    """The tables of some hundred accounts, with a decision each, some at one time."""
    log = Log()
    for at in range(NUMBER):
        name, to = f"acc-{at % 7}-{at}", TO[at % 3 and at % 5 % 3]
        more = {"industry": INDUSTRIES[at % 3], "direction": DIRECTIONS[at % 11 == 0], "confidence": at % 100 / 100}
        log.decision(name, f"d-{at}", day=at // 4, to=to, **more)
        log.state(name, to, at % 60, industry=INDUSTRIES[at % 3])
    found = filled(tmp_path, log)
    yield found
    found.close()


def all_of(ask: Callable[..., Page[Any]], model: ReadModel, wanted: Any, limit: int) -> list[Any]:
    """Return every item of a list, page by page."""
    items, after = [], None
    while True:
        found = ask(model, wanted, after=after, limit=limit)
        assert len(found.items) <= limit
        items += found.items
        assert found.total is None or len(items) <= found.total
        after = found.after
        if after is None:
            assert found.total in {None, len(items)}
            return items


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


def test_base(model: ReadModel) -> None:
    """Counts by status, industry and segment add up, and follow a change of status."""
    found = base_counts(model)
    whole = all_of(accounts, model, AccountFilter(), 500)
    assert found.accounts == NUMBER == sum(found.statuses.values()) == sum(each.accounts for each in found.segments)
    for industry, counts in found.industries.items():
        for status, count in counts.items():
            states = [each.state for each in whole]
            assert count == sum(each.segment.industry == industry and each.status == status for each in states)


def test_flows(model: ReadModel) -> None:
    """Flows are cut at the days asked for, and of a trade alone where that is asked for."""
    by_day = flows(model, by="day")
    assert sum(each.decisions for each in by_day) == NUMBER
    for period in ("week", "month", "all"):
        assert sum(each.decisions for each in flows(model, by=period)) == NUMBER
    first, last = date(2026, 1, 10), date(2026, 2, 10)
    within = flows(model, since=first, until=last, by="month", industry="law")
    days = [each for each in flows(model, by="day", industry="law") if first <= each.start < last]
    assert sum(each.decisions for each in within) == sum(each.decisions for each in days) > 0
    assert {each.start for each in within} == {first, date(2026, 2, 1)}


@pytest.mark.parametrize("direction", ["up", "down"])
def test_closest(model: ReadModel, direction: Any) -> None:
    """The nearest to a threshold come first, each once over the pages; those beyond it are none of them."""
    levels = dict.fromkeys(levels_of(load_policy(None)), Levels(36.0, 26.0, 56.0, 47.0))  # some stand right at them
    whole = {each.state.account_id: each.state for each in all_of(accounts, model, AccountFilter(), 500)}

    def ask(of: ReadModel, _wanted: None, *, after: str | None, limit: int) -> Page[Any]:
        return closest(of, levels, direction, after=after, limit=limit)

    found = all_of(ask, model, None, 9)
    distances = [each.distance for each in found]
    assert distances == sorted(distances)
    assert min(distances) >= 0
    names = [each.account.state.account_id for each in found]
    assert len(set(names)) == len(names)
    sides = {"up": {"customer": "candidate_up", "candidate": "client_up"}}
    sides["down"] = {"candidate": "candidate_down", "client": "client_down"}

    def is_before(state: Any) -> bool:
        name = sides[direction].get(state.status)
        if name is None:
            return False
        level = getattr(levels[state.segment.industry], name)
        return bool(state.score < level if direction == "up" else state.score >= level)

    assert set(names) == {name for name, state in whole.items() if is_before(state)}
    some = closest(model, levels, direction, status="candidate", industry="law").items
    assert {(each.account.state.status, each.account.state.segment.industry) for each in some} <= {("candidate", "law")}


def test_levels() -> None:
    """The thresholds of every trade are those that the policy decides by, in points."""
    policy = load_policy(None)
    found = levels_of(policy)
    assert [*found] == [*INDUSTRY_NAMES]
    for at, levels in enumerate(found.values()):
        trade = policy.trade(at)
        assert (levels.candidate_up * 100, levels.client_down * 100) == (trade.candidate_up, trade.client_down)
    assert len(set(found.values())) > 1


def test_refusals(tmp_path: Path) -> None:
    """Refusals are filtered, counted by hour and day, and bounded in their bytes."""
    log = Log()
    for hour in range(50):
        log.refusal(
            f"k{hour % 2}", b'{"account_id":"ann"}' if hour % 5 == 0 else b"\xff\x00", list(Reason)[hour % 2], hour
        )
    log.refusal("long", b"x" * (VALUE_BYTES + 5), Reason.SIZE, 60)
    model = filled(tmp_path, log)
    newest = refusals(model).items[0]
    assert (newest.value_bytes, len(newest.value or b"")) == (VALUE_BYTES + 5, VALUE_BYTES)
    assert refusal(model, 0, newest.dead_letter_offset) == newest
    assert refusal(model, 9, 9) is refusal(model, 2**70, -(2**70)) is None
    assert (newest.topic, newest.partition, newest.offset, newest.text) == (PURCHASES, 3, 17, "amount: expected `str`")
    assert len(all_of(refusals, model, RefusalFilter(), 7)) == 51
    assert len(all_of(refusals, model, RefusalFilter(account="ann"), 3)) == 10
    assert len(all_of(refusals, model, RefusalFilter(account="k1"), 3)) == 20
    assert len(all_of(refusals, model, RefusalFilter(reason=Reason.DECODE, topic=PURCHASES), 7)) == 25
    since, until = START + timedelta(hours=10), START + timedelta(hours=20)
    assert len(all_of(refusals, model, RefusalFilter(since=since, until=until), 3)) == 10
    assert sum(each.refusals for each in refusal_counts(model, since=since, until=until)) == 10
    days = refusal_counts(model, by="day")
    assert days[0] == RefusalCount(datetime(2026, 1, 1, tzinfo=UTC), Reason.DECODE, PURCHASES, 12)
    assert sum(each.refusals for each in days) == 51


def test_audit(tmp_path: Path) -> None:
    """Entries are filtered by who, what, of whom, when and how it ended, the newest first; those of no account too."""
    log = Log()
    for at in range(40):
        decided = (START + timedelta(hours=at)).isoformat()
        more = {"by": f"user-{at % 3}", "outcome": ("done", "refused")[at % 2], "decided_at": decided}
        log.audit(None if at % 10 == 0 else f"acc-{at % 4}", f"a-{at}", ("override", "merge")[at % 5 == 0], **more)
    model = filled(tmp_path, log)
    found = all_of(audit_entries, model, AuditFilter(), 7)
    assert [each.event_id for each in found] == [f"a-{at}" for at in range(39, -1, -1)]
    wanted = AuditFilter(by="user-1", outcome="done", action="override", since=START + timedelta(hours=5))
    some = all_of(audit_entries, model, wanted, 2)
    assert (
        some
        == [each for each in found if each.by == "user-1" and each.outcome == "done" and each.action == "override"][:-1]
    )
    assert len(all_of(audit_entries, model, AuditFilter(account="acc-1", until=START + timedelta(hours=20)), 2)) == 5


def test_shadow(tmp_path: Path) -> None:
    """Differences are those that stand, counted by both statuses, of one trial where it is named."""
    log = Log()
    for at in range(20):
        log.difference(f"acc-{at:02}", publication=f"p{at % 2}", shadow=("client", "lapsed")[at % 4 == 0])
    log.difference("acc-00", "left", "p0")
    log.difference("acc-01", "changed", "p1", "candidate")
    model = filled(tmp_path, log)
    assert shadow_counts(model, "p1") == [ShadowCount("customer", "client", 9), ShadowCount("customer", "candidate", 1)]
    assert sum(each.accounts for each in shadow_counts(model)) == 19
    wanted = ShadowFilter(publication="p1", active="customer", shadow="client", prefix="acc-1")
    assert [each.account_id for each in all_of(shadow_differences, model, wanted, 2)] == [
        f"acc-{at}" for at in range(11, 20, 2)
    ]


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
