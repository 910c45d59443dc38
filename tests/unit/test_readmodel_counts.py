"""Counts of the read model, and the lists of what is few: refusals, audit, shadow, accounts near to turning."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from readmodel_support import NUMBER, PURCHASES, START, Log, all_of, filled, sample

from readmodel.answers import Levels, Page, RefusalCount, ShadowCount
from readmodel.database import ReadModel
from readmodel.filters import AccountFilter, RefusalFilter, ShadowFilter
from readmodel.queries.accounts import accounts
from readmodel.queries.audit import audit_entries
from readmodel.queries.base import base_counts, flows
from readmodel.queries.closest import closest, levels_of
from readmodel.queries.refusals import refusal, refusal_counts, refusals
from readmodel.queries.shadow import shadow_counts, shadow_differences
from readmodel.writing.refusals import VALUE_BYTES
from relationship.contract.enums import INDUSTRIES as INDUSTRY_NAMES
from relationship.contract.filters import AuditFilter
from relationship.contract.outcome import Reason
from relationship.policy.compiled import load_policy


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ReadModel]:
    """The tables of the sample."""
    found = filled(tmp_path, sample())
    yield found
    found.close()


def test_base(model: ReadModel) -> None:
    """Counts by status, industry and segment add up, and follow a change of status."""
    found = base_counts(model)
    whole = all_of(accounts, model, AccountFilter(), 500)
    assert found.accounts == NUMBER == sum(found.statuses.values()) == sum(each.accounts for each in found.segments)
    for industry, counts in found.industries.items():
        for status, count in counts.items():
            states = [each.state for each in whole]
            assert count == sum(each.segment.industry == industry and each.status == status for each in states)
    assert base_counts(model, most=3) == replace(found, segments=found.segments[:3])


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
    assert days[0] == RefusalCount(datetime(2026, 1, 1, tzinfo=UTC), Reason.DECODE, PURCHASES, 12, 12)
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
