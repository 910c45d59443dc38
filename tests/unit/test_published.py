"""The policies published, as values: what they come to, what is refused, what a rollback is, and policy lines of a file."""

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from story import POLICY, courtship, on
from variants import variant_text

from cli.main import run
from relationship.contract.decisions import to_json
from relationship.contract.outcome import AUDIT, POLICIES
from relationship.contract.times import micros
from relationship.policy.compiled import default_text
from relationship.policy.schedule import Schedule
from relationship.timeline.published import ACTIVE, LEAD, SHADOW, PublishedPolicies, audit, named, outgoing, publication

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


def publish(version, effective_at, now=NOW, **values):
    """Return a variant of the policy as it is published."""
    text = variant_text(version, **values)
    return publication(POLICY.id, ACTIVE, version, text, "ops", effective_at, now)


def heard(*published):
    """Return what a topic with these policies comes to."""
    found = PublishedPolicies(POLICY)
    assert [found.apply(outgoing(each).value) for each in published] == [None] * len(published)
    return found


def test_nothing_published_is_the_first_policy_alone():
    """Not even a schedule: the fold is as quick as ever."""
    assert PublishedPolicies(POLICY).rules is POLICY


def test_each_is_in_force_from_its_moment():
    """Records in any order make the same schedule, and of two at one moment the last published counts."""
    first, second = publish("2", NOW), publish("3", NOW + timedelta(days=1))
    third = publish("4", NOW + timedelta(days=1), now=NOW + timedelta(hours=1))
    for order in ([first, second, third], [third, second, first]):
        rules = heard(*order).rules
        moments = [NOW - timedelta(1), NOW, NOW + timedelta(days=1)]
        assert [rules.at(micros(moment)).version for moment in moments] == ["1", "2", "4"]


def test_every_switch_has_a_key_of_its_own():
    """Compaction takes none away."""
    keys = {outgoing(publish(version, NOW)).key for version in ("2", "3")}
    assert keys == {"active/clientward-default/2", "active/clientward-default/3"}


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"null", b'{"slot": "active"}'])
def test_what_is_no_policy_changes_nothing(value):
    """It is rejected with its reason, and what was in force stays."""
    found = heard(publish("2", NOW))
    before = found.rules
    assert found.apply(value)
    assert found.rules is before


@pytest.mark.parametrize("wrong", [{"toml": "gate = 2"}, {"id": "another"}, {"toml": ""}])
def test_a_policy_that_fails_its_check_changes_nothing(wrong):
    """So does one whose text says another id, and an active one without a text."""
    found = PublishedPolicies(POLICY)
    assert found.apply(to_json(msgspec.structs.replace(publish("2", NOW), **wrong)))
    assert found.rules is POLICY


def test_a_tombstone_takes_nothing_back():
    """A switch that was, was."""
    found = heard(publish("2", NOW))
    assert found.apply(None) is None
    assert isinstance(found.rules, Schedule)


def test_a_version_is_published_once():
    """Neither the first policy's version nor a published one's names two policies."""
    found = heard(publish("2", NOW))
    later = NOW + timedelta(days=1)
    assert "raise the version" in found.rejection_reason(publish("2", later))
    assert "raise the version" in found.rejection_reason(publish("1", later))
    assert found.rejection_reason(publish("3", later)) is None


def test_workers_have_time_to_hear():
    """Not sooner than a minute from now; by default a little later than that."""
    assert "60 s" in PublishedPolicies(POLICY).rejection_reason(publish("2", NOW + LEAD - timedelta(seconds=1)))
    assert PublishedPolicies(POLICY).rejection_reason(publish("2", NOW + LEAD)) is None
    assert PublishedPolicies(POLICY).rejection_reason(publish("2", None)) is None


def test_a_rollback_goes_to_the_one_before():
    """Without a version the policy before the last switch, by a new name; with one, that one."""
    found = heard(publish("2", NOW), publish("3", NOW + timedelta(hours=1)))
    policy, text, version = found.rollback(None, default_text())
    assert (policy.version, version) == ("2", "2-r1")
    assert 'version = "2"' in text
    assert found.rollback("1", default_text())[2] == "1-r1"
    assert "no earlier version 9: there is 1, 2" in found.rollback("9", default_text())
    assert "no switch" in PublishedPolicies(POLICY).rollback(None, default_text())


def test_a_rollback_s_version_is_the_one_decisions_name():
    """The text still says the version that it was written as."""
    text = variant_text("2")
    rolled = publication(POLICY.id, ACTIVE, "2-r1", text, "ops", NOW, NOW)
    assert heard(rolled).rules.at(micros(NOW)).version == "2-r1"


def test_a_switch_still_to_come_is_replaced_at_its_own_moment():
    """A rollback before then takes force with it, and wins, being published later."""
    coming = publish("2", NOW + timedelta(days=3))
    found = heard(coming)
    assert found.not_before(NOW) == coming.effective_at
    assert heard(publish("2", NOW)).not_before(NOW) is None


def test_the_audit_says_who_and_what():
    """One entry, of no account, with an id that is the same however often it is told."""
    published = publish("2", NOW)
    entry = audit(published, "policy-publish", None, NOW)
    told = json.loads(entry.value)
    assert entry.topic == AUDIT
    assert (told["by"], told["outcome"], told["account_id"], entry.key) == ("ops", "done", None, "")
    assert entry.event_id == audit(published, "policy-publish", None, NOW + timedelta(1)).event_id
    assert json.loads(audit(published, "policy-reject", "why", NOW).value)["detail"] == "why"


def lines_of(told):
    """Return messages as lines of a file."""
    return [json.dumps({"topic": topic, "value": json.loads(msgspec.json.encode(each))}) for topic, each in told]


def test_replay_takes_policy_lines(tmp_path, capsys):
    """A policy in the file switches where it says; a bad one is told with its line, and nothing else changes."""
    strict = publish("2", on(100), client_up=95.0)
    file = tmp_path / "events.jsonl"
    policy = json.dumps({"topic": POLICIES, "value": json.loads(to_json(strict))})
    bad = json.dumps({"topic": POLICIES, "value": {"slot": "active"}})
    file.write_text("\n".join([bad, policy, *lines_of(courtship())]), encoding="utf-8")
    assert run(["replay", str(file)]) == 0
    out, err = capsys.readouterr()
    decisions = [json.loads(line) for line in out.splitlines()]
    assert [each["to"] for each in decisions] == ["customer", "candidate"]
    assert err.startswith("line 1: a policy is rejected: ")
    assert run(["replay", str(file), "--states"]) == 0
    assert json.loads(capsys.readouterr().out)["policy"]["version"] == "2"


@pytest.mark.parametrize("arguments", [["rollback"], ["publish", "x.toml"]])
def test_a_name_is_asked_for(arguments, capsys):
    """Without --by nothing is published."""
    assert run(["policy", *arguments]) == 2
    assert "--by" in capsys.readouterr().err


def test_publish_checks_the_file_first(tmp_path, capsys):
    """Its mistakes are told with their lines, and no broker is asked for."""
    file = tmp_path / "mine.toml"
    file.write_text(default_text().replace("gate = 0.25", "gate = 2.5"), encoding="utf-8")
    assert run(["policy", "publish", str(file), "--by", "ops"]) == 1
    assert "thresholds.gate" in capsys.readouterr().err


def test_a_slot_has_its_own_policies():
    """A shadow is no switch, and the last one published is the shadow; one without a text ends it."""
    active = publish("2", NOW)
    trial = publication(POLICY.id, SHADOW, "s1", variant_text("s1"), "ops", NOW, NOW)
    later = publication(POLICY.id, SHADOW, "s2", variant_text("s2"), "ops", NOW, NOW + timedelta(hours=1))
    found = heard(later, active, trial)
    assert [each.published.version for each in found.switches()] == ["2"]
    assert [each.published.version for each in found.entries(SHADOW)] == ["s1", "s2"]
    assert (found.shadow.mark, found.shadow.policy.version) == (later.event_id, "s2")
    off = publication("off", SHADOW, "off", "", "ops", NOW, NOW + timedelta(hours=2))
    assert found.apply(outgoing(off).value) is None
    assert found.shadow is None
    assert [each.published.version for each in found.switches()] == ["2"]


def test_an_active_policy_needs_a_text():
    """Only a shadow can be without one."""
    assert PublishedPolicies(POLICY).apply(to_json(msgspec.structs.replace(publish("2", NOW), toml="")))


def test_a_policy_is_published_for_a_full_second_after_the_lead():
    """Sixty seconds and the rest of the second that has begun, and one more; or when it is asked for, in UTC."""
    now = NOW + timedelta(microseconds=1)
    soonest = publication(POLICY.id, ACTIVE, "2", "", "ops", None, now)
    assert timedelta(seconds=60) == LEAD
    assert soonest.effective_at == NOW + timedelta(seconds=62)
    assert (soonest.slot, soonest.published_at, soonest.by) == ("active", now, "ops")
    assert publication(POLICY.id, SHADOW, "2", "", "ops", NOW, now).slot == "shadow"
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    given = publication(POLICY.id, ACTIVE, "2", "", "ops", east, now)
    assert (given.effective_at, given.effective_at.tzinfo) == (NOW, UTC)
    assert given.event_id == "policy-active/clientward-default/2-1709294400000001"
    sent = outgoing(given)
    assert (sent.topic, sent.key, sent.event_id, sent.time) == (
        POLICIES,
        "active/clientward-default/2",
        given.event_id,
        "2024-03-01T12:00:00.000001Z",
    )


def test_the_lead_is_kept_to_the_moment():
    """Sixty seconds are enough, a microsecond less is not; the first policy's own version is there already too."""
    found = PublishedPolicies(POLICY)
    at = publish("2", NOW + LEAD)
    assert found.rejection_reason(at) is None
    early = found.rejection_reason(publish("2", NOW + LEAD - timedelta(microseconds=1)))
    assert early == "it must take force 60 s from now or later, at 2024-03-01T12:01:00Z: every worker must hear first"
    assert "is there already" in found.rejection_reason(publish("1", NOW + LEAD))
    assert "is there already" in heard(at).rejection_reason(at)


def test_a_switch_is_still_to_come_beyond_the_soonest():
    """Whose place another can take only at its own moment; one that would come as soon anyway is none."""
    soonest = NOW + LEAD + timedelta(seconds=2)
    assert heard(publish("2", soonest)).not_before(NOW) is None
    assert heard(publish("2", soonest + timedelta(seconds=1))).not_before(NOW) == soonest + timedelta(seconds=1)
    assert PublishedPolicies(POLICY).not_before(NOW) is None


def test_a_rollback_names_what_there_is():
    """Back to a named version, to the one before the last, or to none; each with a version that is free."""
    found = heard(publish("2", NOW), publish("3", NOW + timedelta(days=1)))
    policy, text, version = found.rollback(None, "first")
    assert (policy.version, version) == ("2", "2-r1")
    assert text == variant_text("2")
    policy, text, version = found.rollback("1", "first")
    assert (policy.version, text, version) == ("1", "first", "1-r1")
    assert found.rollback("9", "first") == "no earlier version 9: there is 1, 2"
    assert found.rollback("3", "first") == "no earlier version 3: there is 1, 2"
    assert PublishedPolicies(POLICY).rollback(None, "first") == "there is no switch to take back"
    again = heard(publish("2", NOW), publish("1-r1", NOW + timedelta(1)), publish("4", NOW + timedelta(2)))
    assert again.rollback("1", "first")[2] == "1-r2"
    assert again.rollback("1-r1", "first")[2] == "1-r2"


def test_a_record_is_named_whatever_its_policy_is_worth():
    """What is no publication has no name."""
    broken = msgspec.structs.replace(publish("2", NOW), toml="nonsense")
    assert named(to_json(broken)) == broken
    assert [named(value) for value in (b"", b"null", b"\xff", b"{}")] == [None] * 4
