"""What no other system has, and this one must: as far as the core and the command line show it."""

import json
import random
import sys
from datetime import datetime
from itertools import pairwise

import msgspec
import pytest
from reading import POLICY_FILE, STORIES, history
from story import (
    CORE,
    NOW_US,
    POLICY,
    START,
    command,
    courtship,
    fold,
    fold_on,
    in_force,
    meeting,
    on,
    path,
    purchase,
    record_of,
    step,
)
from variants import variant, variant_text

from cli.main import run
from relationship.classify import fold as fold_module
from relationship.contract import messages as m
from relationship.contract.outcome import RECLASSIFIED, SHADOWED, STATE, Delivered
from relationship.core import Core
from relationship.policy.compiled import PolicyError, load_policy, parse_policy
from relationship.replay import Replay
from relationship.state.record import decode
from relationship.timeline.published import ACTIVE, PublishedPolicies, outgoing, publication
from relationship.timeline.shadow import Shadow

FADING = [purchase(165 + 20 * i, f"f{i}") for i in range(40)]


@pytest.mark.row("only 1")
class TestDecidedOnTheEvent:
    """Decided on the event, in milliseconds, up and down, with two thresholds and a least stay."""

    def test_the_step_that_folds_the_event_sends_the_decision(self):
        """The purchase, the contact and the meeting that tip it each bring their decision in the same step."""
        told = [each for each in courtship() if not isinstance(each[1], m.Profile)]
        record, found = None, []
        for i, each in enumerate(told):
            outcome = step(record, [each], first_offset=i)
            record = outcome.record
            sent = [json.loads(s.value) for s in outcome.sends if s.topic == RECLASSIFIED]
            assert all(decision["caused_by"] == each[1].event_id for decision in sent)
            found += sent
        assert path(found) == ["customer", "candidate", "client"]

    @pytest.mark.skipif(not fold_module.__file__.endswith(".py"), reason="a compiled core shows no profiler its calls")
    def test_a_decision_folds_the_event_alone(self):
        """Deciding does not fold the history again, so that it stays a matter of microseconds: see docs/benchmarks.md."""
        *before, last = courtship()[:13]
        record = None
        for i, each in enumerate(before):
            record = step(record, [each], first_offset=i).record
        folded = []

        def count(frame, event, _):
            if event == "call" and frame.f_code.co_name == "advance" and frame.f_code.co_filename.endswith("fold.py"):
                folded.append(frame.f_locals["fact"].id)

        sys.setprofile(count)
        try:
            outcome = step(record, [last], first_offset=99)
        finally:
            sys.setprofile(None)
        assert [json.loads(s.value)["to"] for s in outcome.sends if s.topic == RECLASSIFIED] == ["client"]
        # What is tried for `what_next` has no id: of a client, when buying alone no longer keeps it.
        assert [each for each in folded if each] == [last[1].event_id]

    def test_up_and_down(self):
        """A relationship that fades is demoted by the clock, while it goes on buying."""
        decisions = fold([*courtship(), *FADING])[1]
        assert [each["direction"] for each in decisions[:3]] == ["promotion"] * 3
        assert {each["direction"] for each in decisions[3:]} == {"demotion"}
        assert path(decisions)[-1] == "customer"

    def test_two_thresholds(self):
        """A client is made above one score and let go below another; between them nothing flaps."""
        trade = POLICY.trade(0)
        assert trade.client_down < trade.client_up
        decisions = fold([*courtship(), *FADING])[1]
        up = next(each for each in decisions if each["to"] == "client")
        down = next(each for each in decisions if each["direction"] == "demotion")
        assert up["score"] * 100 >= trade.client_up
        assert down["score"] * 100 < trade.client_down

    def test_a_least_stay(self):
        """No status is left before its least time."""
        decisions = fold([*courtship(), *FADING])[1]
        stays = {name: POLICY.stays_us[name] / 86_400e6 for name in ("customer", "candidate", "client")}
        for earlier, later in pairwise(decisions):
            assert days(later) - days(earlier) >= stays[earlier["to"]]


def days(decision):
    """Return the moment of a decision in days since the epoch."""
    return datetime.fromisoformat(decision["effective_at"]).timestamp() / 86_400


@pytest.mark.row("only 2")
class TestEveryDecisionSaysWhy:
    """Contributions with the ids of the events behind them, the policy's version, and what next."""

    def test_contributions_add_up_and_name_events(self):
        """The contributions make the score, each with ids of events that were folded."""
        told = courtship()
        ids = {message.event_id for _, message in told}
        for decision in fold(told)[1]:
            parts = decision["dimensions"]
            assert round(sum(part["contribution"] for part in parts), 2) == decision["score"]
            assert len(parts) == 14
            assert {event for part in parts for event in part["evidence"]} <= ids
            assert any(part["evidence"] for part in parts)

    def test_the_policy_s_version_and_a_sentence(self):
        """Each names the policy that decided, and says why in one sentence."""
        for decision in fold([*courtship(), *FADING])[1]:
            assert decision["policy"] == {"id": POLICY.id, "version": POLICY.version}
            assert decision["why"].endswith(".")

    def test_what_next(self):
        """A candidate's decision says what would make it a client, and doing that does."""
        decisions = fold(courtship()[:10])[1]
        assert path(decisions) == ["customer", "candidate"]
        assert "would make it a client" in decisions[-1]["what_next"]


@pytest.mark.row("only 3")
class TestTheSameEventsGiveTheSameDecisions:
    """Live, replayed, in another order within the lateness allowed, or after a crash, byte for byte."""

    def test_replayed_byte_for_byte(self):
        """Folding the same log again sends the same bytes."""
        assert sent_of(history(courtship()[1:])) == sent_of(history(courtship()[1:]))

    def test_after_a_crash_byte_for_byte(self):
        """A record that went to its store and back between every two messages sends the same bytes."""
        told = history(courtship()[1:])
        offsets, record, found = {}, None, []
        for topic, message in told:
            offsets[topic] = offsets.get(topic, -1) + 1
            outcome = CORE.step("a", record, [delivered(topic, offsets[topic], message)], NOW_US)
            again = CORE.step("a", record, [delivered(topic, offsets[topic], message)], NOW_US)
            assert again == outcome, "what a crash makes it do twice it does the same way"
            record = outcome.record
            found += outcome.sends
        assert found == sent_of(told)

    def test_in_another_order(self):
        """Shuffled within the lateness allowed, the decisions in force are the same."""
        told = history(courtship()[1:])
        wanted = in_force(fold(told)[1])
        for seed in range(5):
            rng = random.Random(seed)
            order = sorted(told, key=lambda each: each[1].occurred_at.timestamp() + rng.uniform(0, 20 * 86_400))
            assert in_force(fold(order)[1]) == wanted


def delivered(topic, offset, message):
    """Return one message as the engine hands it over."""
    return Delivered(topic, offset, message)


def sent_of(told):
    """Return all that a replay sends."""
    replay, found = Replay(Core(load_policy())), []
    for topic, message in told:
        found += replay.fold(topic, message, NOW_US)[1]
    return found


@pytest.mark.row("only 3: corrections")
class TestCorrections:
    """A late, corrected, merged or withdrawn event that undoes a decision is told as a correction."""

    @staticmethod
    def undone(told):
        """Return the correction told, and check that it names the decision it undoes."""
        decisions = fold(told)[1]
        found = [each for each in decisions if each["direction"] == "correction"]
        ids = [each["event_id"] for each in decisions]
        assert found
        assert all(each["supersedes"] in ids for each in found)
        return found

    def test_late(self):
        """An earlier first purchase that comes late undoes the one that was told."""
        assert self.undone([purchase(20, "second"), purchase(5, "first")])[0]["to"] == "prospect"

    def test_corrected(self):
        """A purchase that should have been a day later undoes the decision it made."""
        _, right = purchase(6, "p")
        value = json.loads(msgspec.json.encode(right))
        fix = command(20, "correct", corrects="p", value=value)
        assert self.undone([purchase(5, "p"), fix])

    def test_withdrawn(self):
        """A purchase that never was leaves a prospect."""
        fix = command(20, "correct", corrects="p", value=None)
        assert self.undone([purchase(5, "p"), fix])[-1]["to"] == "prospect"

    def test_merged(self):
        """An account joined by one that bought all through its silence had not lapsed, as was told; it was no other's."""
        told = [purchase(0, "first"), *[purchase(day, f"b{day}", account="b") for day in range(30, 900, 30)]]
        told += [purchase(900, "late"), command(901, "merge", account="b", into="a")]
        found = self.undone(told)
        assert any(each["account_id"] == "a" for each in found)


@pytest.mark.row("only 4")
class TestAPolicyIsData:
    """Checked, versioned, and backtested on history before it is published."""

    TEXT = POLICY_FILE.read_text(encoding="utf-8")

    def test_checked(self, tmp_path, capsys):
        """A mistake is told with file, line and field, and the policy is not used."""
        file = tmp_path / "mine.toml"
        file.write_text(self.TEXT.replace("gate = 0.25", "gate = 2.5"), encoding="utf-8")
        assert run(["policy", "check", str(file)]) == 1
        line = 1 + self.TEXT[: self.TEXT.index("gate = ")].count("\n")
        assert capsys.readouterr().err.startswith(f"{file}:{line}: thresholds.gate: ")
        with pytest.raises(PolicyError):
            load_policy(file)

    def test_versioned(self):
        """Each decision carries the version that made it."""
        second = parse_policy(self.TEXT.replace('version = "1"', 'version = "2"'), "second")
        assert {each["policy"]["version"] for each in fold(courtship(), Core(second))[1]} == {"2"}

    def test_backtested(self, tmp_path, capsys):
        """Against itself over a history no account is classed otherwise; against a stricter one some is."""
        strict = tmp_path / "strict.toml"
        strict.write_text(self.TEXT.replace("client_up = 52.0", "client_up = 90.0"), encoding="utf-8")
        story = str(STORIES / "consulting-client.jsonl")
        assert run(["policy", "backtest", "default", "default", story]) == 0
        assert "0 of 1 accounts" in capsys.readouterr().out
        assert run(["policy", "backtest", "default", str(strict), story]) == 0
        assert "1 of 1 accounts" in capsys.readouterr().out


@pytest.mark.row("only 4: hot")
def test_a_published_policy_decides_from_its_moment_on():
    """Published to its topic while a core folds, it decides what happens from then on; tests/integration does so live."""
    published = publication(POLICY.id, ACTIVE, "2", variant_text("2"), "ops", on(75), START)
    core = Core(POLICY)
    heard, (replay, decisions) = PublishedPolicies(POLICY), fold(courtship()[:6], core)
    assert heard.apply(outgoing(published).value) is None
    core.follow(heard)
    for each in courtship()[6:]:
        decisions += fold_on(replay, *each)
    versions = [(each["to"], each["policy"]["version"]) for each in decisions]
    assert versions == [("customer", "1"), ("candidate", "2"), ("client", "2")]


@pytest.mark.row("only 4: shadow")
def test_a_shadow_shows_where_it_differs_and_decides_nothing():
    """A stricter policy beside the active one tells of the client that it would not have; tests/integration, live."""
    core = Core(POLICY)
    core.shadow = Shadow("trial", variant("s", client_up=95.0))
    replay, decisions = fold(courtship()[:12], core)
    sends = replay.fold(*courtship()[12], NOW_US)[1]
    (difference,) = [json.loads(sent.value) for sent in sends if sent.topic == SHADOWED]
    assert (difference["active"]["status"], difference["shadow"]["status"]) == ("client", "candidate")
    assert decisions == fold(courtship()[:12])[1]


@pytest.mark.row("only 5")
def test_an_erasure_leaves_no_record_and_tombstones_on_every_compacted_topic():
    """Of an erased account no byte is kept, and its state and profile are deleted from the topics that keep the last."""
    first = step(None, courtship())
    outcome = step(first.record, [command(200, "erase", reason="asked to")], first_offset=99)
    assert outcome.record is None
    assert {sent.topic for sent in outcome.sends if sent.value is None} == {STATE, m.PROFILES}
    assert all(sent.key == "a" for sent in outcome.sends)


@pytest.mark.row("only 5")
def test_what_comes_after_an_erasure_is_a_stranger_s():
    """Numbers, evidence and history begin anew."""
    replay, decisions = fold([*courtship(), command(200, "erase"), purchase(210, "new")])
    assert decode(replay.records["a"]).count == 1
    assert (decisions[-1]["transition_seq"], decisions[-1]["from"]) == (1, "prospect")
    assert record_of(replay).head.facts == 1


@pytest.mark.row("only 1")
def test_an_override_is_up_or_down_at_once():
    """A person's word waits for no threshold and no stay."""
    decisions = fold([purchase(1), command(1.1, "override", status="client", until=on(30)), meeting(2)])[1]
    assert path(decisions) == ["customer", "client"]
