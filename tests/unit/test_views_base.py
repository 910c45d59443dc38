"""The base counted, and the policies published, as views answer them."""

import importlib
import json
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from variants import variant_text

import views
from cli.look.audit import sentence as audit_sentence
from cli.output import ranges
from relationship.contract.decisions import Audit, Published, SegmentPart, to_json
from relationship.policy.compiled import load_policy
from relationship.timeline.published import OFF, PublishedPolicies, publication
from views.base.statuses import StatusInSegment, counted
from views.policies.published import policies_of

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LAW = SegmentPart("law", "business", "external", "business", "regular")
SHOP = SegmentPart("retail", "individual", "external", "consumer", "loyal")


def test_the_base_adds_up_in_every_way() -> None:
    """Statuses, industries and segments each add up to all accounts; the largest come first, and all statuses are there."""
    standings = {
        StatusInSegment("client", LAW): 3,
        StatusInSegment("customer", SHOP): 5,
        StatusInSegment("lapsed", SHOP): 1,
    }
    found = counted(standings, NOW)
    assert found.accounts == sum(found.statuses.values()) == sum(each.accounts for each in found.segments) == 9
    assert list(found.statuses) == ["prospect", "customer", "candidate", "client", "lapsed"]
    assert list(found.industries) == ["retail", "law"]
    assert found.industries["retail"] == {"prospect": 0, "customer": 5, "candidate": 0, "client": 0, "lapsed": 1}
    assert [(each.segment, each.status, each.accounts) for each in found.segments] == [
        (SHOP, "customer", 5),
        (LAW, "client", 3),
        (SHOP, "lapsed", 1),
    ]
    assert json.loads(msgspec.json.encode(found))["industries"]["law"]["client"] == 3


def test_an_empty_base_is_counted_too() -> None:
    """There are no accounts, of each status none."""
    found = counted({}, NOW)
    assert (found.accounts, set(found.statuses.values()), found.industries, found.segments) == (0, {0}, {}, [])


def known(*published: Published) -> PublishedPolicies:
    """Return these publications as a reader of the topic knows them."""
    found = PublishedPolicies(load_policy())
    for each in published:
        assert found.apply(to_json(each)) is None
    return found


def switch(version: str, at: datetime, slot: str = "active") -> Published:
    """Return a policy for a slot, published an hour before it takes force."""
    text = "" if version == OFF else variant_text(version)
    policy_id = OFF if version == OFF else "clientward-default"
    return publication(policy_id, slot, version, text, "ops", at, at - timedelta(hours=1))


HOUR = timedelta(hours=1)
SWITCHES = (switch("3", NOW + HOUR), switch("1-r1", NOW), switch("2", NOW - HOUR))


@pytest.mark.parametrize(
    ("at", "phases"),
    [
        (NOW - 2 * HOUR, ["in force", "to come", "to come", "to come"]),
        (NOW - HOUR, ["past", "in force", "to come", "to come"]),
        (NOW, ["past", "past", "in force", "to come"]),
        (NOW + 2 * HOUR, ["past", "past", "past", "in force"]),
    ],
)
def test_a_policy_is_past_in_force_or_to_come(at: datetime, phases: list[str]) -> None:
    """In order of their times, from each one's own moment on; one is in force at any time."""
    found = policies_of(known(*SWITCHES), at)
    assert [each.version for each in found.history] == ["1", "2", "1-r1", "3"]
    assert [each.phase for each in found.history] == phases
    assert found.in_force is found.history[phases.index("in force")]
    assert found.to_come == [each for each in found.history if each.phase == "to come"]


def test_the_workers_own_policy_was_published_by_nobody() -> None:
    """The first has no time and no name; the others have both."""
    first, second, *_ = policies_of(known(*SWITCHES), NOW).history
    assert (first.effective_at, first.published_at, first.by) == (None, None, None)
    assert (second.effective_at, second.published_at, second.by) == (NOW - HOUR, NOW - 2 * HOUR, "ops")


def test_a_shadow_is_the_last_trial_until_it_ends() -> None:
    """Each trial stays in the history; the one on trial is named by its publication, and none is once it is ended."""
    one, two = switch("s1", NOW - 2 * HOUR, "shadow"), switch("s2", NOW - HOUR, "shadow")
    found = policies_of(known(one, two), NOW)
    assert found.shadow is not None
    assert (found.shadow.version, found.shadow.publication) == ("s2", two.event_id)
    assert [each.version for each in found.trials] == ["s1", "s2"]
    ended = policies_of(known(one, two, switch(OFF, NOW, "shadow")), NOW)
    assert ended.shadow is None
    assert [each.version for each in ended.trials] == ["s1", "s2"]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], "-"), ([3], "3"), ([0, 1, 2, 3], "0-3"), ([0, 1, 4, 6, 7], "0-1, 4, 6-7")],
)
def test_partitions_are_shown_as_ranges(numbers: list[int], text: str) -> None:
    """Runs of numbers are named by their ends."""
    assert ranges(numbers) == text


def test_an_entry_of_the_audit_is_a_readable_line() -> None:
    """When, what, the outcome, whose, by whom and why; what is not there leaves no gap, and foreign text is escaped."""
    entry = Audit(
        event_id="x",
        account_id="a\x1b1",
        action="merge",
        outcome="refused",
        detail="into itself",
        by="ops",
        occurred_at="2026-01-01T00:00:00Z",
        decided_at="2026-01-02T03:04:05.678Z",
    )
    assert audit_sentence(entry).plain == "2026-01-02 03:04:05  merge  refused  a\\x1b1  by ops  into itself"
    bare = msgspec.structs.replace(entry, account_id=None, detail=None, by=None, outcome="done")
    assert audit_sentence(bare).plain == "2026-01-02 03:04:05  merge  done"


def test_of_two_switches_at_one_moment_the_last_decides() -> None:
    """The other is past as soon as it takes force."""
    found = policies_of(known(switch("2", NOW), switch("3", NOW)), NOW)
    assert [each.phase for each in found.history] == ["past", "past", "in force"]
    assert found.in_force.version == "3"


def test_the_list_of_questions_names_functions_that_are_there() -> None:
    """Every module and function of the table in the room's docstring exists."""
    found = re.findall(r"`(\w+\.\w+)`(?:: ((?:`\w+`(?:, )?)+))?", views.__doc__ or "")
    assert len(found) >= 12
    for module, functions in found:
        if module.startswith("msgspec"):
            continue
        there = importlib.import_module(f"views.{module}")
        for name in re.findall(r"\w+", functions):
            assert callable(getattr(there, name))
