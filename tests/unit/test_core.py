"""One step of the core: what is applied, what is a repeat, what is refused, and what is sent."""

import json
from decimal import Decimal

import msgspec
import pytest
from story import (
    CORE,
    NOW_US,
    command,
    courtship,
    fold,
    in_force,
    meeting,
    on,
    path,
    profile,
    purchase,
    record_of,
    refusals,
    state_of,
    step,
)

from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT, RECLASSIFIED, STATE, Applied, Delivered, Reason, Refused, Repeat
from relationship.contract.times import micros
from relationship.state.facts import RANK_OF_TOPIC
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord, RecordError, decode, encode
from relationship.timeline import history


def audits(outcome):
    """Return the audit entries of a step."""
    return [json.loads(sent.value) for sent in outcome.sends if sent.topic == AUDIT]


def test_a_repeat_is_recognised_and_changes_nothing():
    """The same event at another offset is a repeat: no total moves, nothing is decided."""
    first = step(None, [purchase(1, "p")])
    again = step(first.record, [purchase(1, "p")], first_offset=9)
    assert [type(v) for v in again.verdicts] == [Repeat]
    assert decode(again.record).head == decode(first.record).head
    assert again.sends == []


def test_an_offset_already_reflected_is_not_folded_twice():
    """A message at or below the record's own offset is skipped, whatever it holds."""
    first = step(None, [purchase(1, "p"), purchase(2, "q")])
    replayed = step(first.record, [purchase(1, "p"), purchase(2, "q"), purchase(3, "r")])
    assert [type(v) for v in replayed.verdicts] == [Repeat, Repeat, Applied]
    assert decode(replayed.record).head.purchases == 3


@pytest.mark.parametrize("topic", m.MESSAGE_TYPES)
def test_a_record_tells_of_each_topic_which_offset_it_reflects(topic):
    """Of every intake topic by its own name, the worker's own and the commands too."""
    record = AccountRecord(offsets={RANK_OF_TOPIC[topic]: 7})
    assert CORE.reflects(encode(record)) == {topic: 7}


def test_the_same_id_with_another_payload_is_a_conflict():
    """An event_id stands for one payload within its topic; in another topic it is another event."""
    told = [purchase(1, "x"), purchase(1, "x", amount="11.00"), meeting(2, "x")]
    assert [refusal.reason for refusal in refusals(told)] == [Reason.CONFLICT]


def test_an_event_beyond_the_lateness_is_refused():
    """Thirty days older than the account's newest event is folded, a moment more is LATE."""
    assert refusals([purchase(40), purchase(10, "edge")]) == []
    assert [r.reason for r in refusals([purchase(40), purchase(9.999, "late")])] == [Reason.LATE]


def test_a_late_first_purchase_is_told_by_a_correction():
    """An earlier purchase that comes late undoes the promotion told, and tells the one that should have been."""
    _, decisions = fold([purchase(10, "second"), purchase(5, "first")])
    assert [d["direction"] for d in decisions] == ["promotion", "correction", "promotion"]
    assert decisions[1]["supersedes"] == decisions[0]["event_id"]
    assert (decisions[1]["from"], decisions[1]["to"]) == ("customer", "prospect")
    assert in_force(decisions) == in_force(fold([purchase(5, "first"), purchase(10, "second")])[1])


def test_decisions_are_numbered_without_gaps_and_their_ids_differ():
    """transition_seq counts 1, 2, 3 …, corrections included, and no two decisions share an id."""
    _, decisions = fold([*courtship(), purchase(159, "late", kind="advice"), purchase(1000)])
    assert [d["transition_seq"] for d in decisions] == list(range(1, len(decisions) + 1))
    assert len({d["event_id"] for d in decisions}) == len(decisions)


def test_the_same_step_gives_the_same_bytes():
    """A step repeated after a crash publishes the same decisions under the same ids, but for decided_at."""
    told = [Delivered(topic, i, message) for i, (topic, message) in enumerate(courtship())]
    one, two = CORE.step("a", None, told, 1), CORE.step("a", None, told, 1)
    assert one == two


def test_pending_gives_the_latest_sends_again():
    """Whoever restores a record from the changelog publishes its last step again, byte for byte."""
    outcome = step(None, courtship())
    assert outcome.sends
    assert list(CORE.pending("a", outcome.record)) == list(outcome.sends)


def test_the_latest_of_an_account_has_its_state_in_any_case():
    """Its latest step may have published none; without a record, or merged into another, it is gone from the topic."""
    told = step(None, courtship())
    assert list(CORE.latest("a", told.record, NOW_US)) == list(told.sends)
    quiet = step(told.record, [purchase(160, "small", amount="0.10")], first_offset=len(courtship()))
    assert STATE not in {sent.topic for sent in quiet.sends}
    (again,) = [sent for sent in CORE.latest("a", quiet.record, NOW_US) if sent.topic == STATE]
    assert (json.loads(again.value)["status"], again.event_id) == ("client", f"state-2-{decode(quiet.record).seq}")
    merged = step(told.record, [command(170, "merge", into="b")], first_offset=len(courtship()))
    (gone,) = [sent for sent in CORE.latest("a", merged.record, NOW_US) if sent.topic == STATE]
    assert (gone.value, gone.event_id.partition("-")[0]) == (None, "merge")
    (erased,) = CORE.latest("a", None, NOW_US)
    assert (erased.topic, erased.key, erased.value, erased.event_id.partition("-")[0]) == (STATE, "a", None, "erase")


def test_a_decision_carries_every_field_of_the_contract():
    """The published object has the contract's fields, and its contributions add up to the score."""
    _, decisions = fold(courtship())
    for decision in decisions:
        assert set(decision) == {
            "event_id", "account_id", "transition_seq", "from", "to", "direction", "effective_at", "decided_at",
            "score", "confidence", "dimensions", "why", "what_next", "segment", "play", "policy", "caused_by",
            "supersedes", "schema_version",
        }  # fmt: skip
        parts = [Decimal(str(part["contribution"])) for part in decision["dimensions"]]
        assert sum(parts) == Decimal(str(decision["score"]))
        assert parts == sorted(parts, reverse=True)
        assert len(parts) == 14


def test_money_is_summed_exactly():
    """Sums of any currency are exact decimals, refunds taken off."""
    told = [purchase(i, amount="0.10") for i in range(3)]
    told += [purchase(4, amount="999999999999999999.99999999"), purchase(5, "r", amount="0.30", entry="refund")]
    told += [purchase(6, amount="5", currency="JPY")]
    head = record_of(fold(told)[0]).head
    assert head.spent == {"EUR": "999999999999999999.99999999", "JPY": "5"}
    assert (head.purchases, head.refunds) == (5, 1)


def test_the_state_is_published_when_the_status_changes():
    """Every change of status comes with the account's new state, keyed by the account."""
    outcome = step(None, [purchase(1)])
    state = json.loads(next(sent.value for sent in outcome.sends if sent.topic == STATE))
    assert (state["status"], state["transition_seq"]) == ("customer", 1)


def test_a_referral_is_credited_to_the_referrer_by_a_message_of_its_own():
    """The buyer's step sends a credit keyed to the referrer, once, and none for naming oneself."""
    replay, _ = fold([purchase(1, account="b", referred_by="a"), purchase(2, account="b", referred_by="b")])
    assert record_of(replay, "a").count == 1
    assert record_of(replay, "b").count == 2
    assert record_of(replay, "a").head.good[4] > 0


def test_an_override_holds_and_runs_out():
    """A held status ignores the evidence, and the end of the override is told at that moment."""
    until = on(100)
    told = [purchase(1), command(10, "override", status="client", until=until), *courtship()[4:9]]
    replay, decisions = fold(told)
    assert path(decisions) == ["customer", "client"]
    assert decisions[1]["direction"] == "override"
    list(replay.run_until(micros(until) - 1, NOW_US))
    assert state_of(replay).status == "client"
    ended = [json.loads(s.value) for s in replay.run_until(micros(until), NOW_US) if s.topic == RECLASSIFIED]
    assert [(d["direction"], d["caused_by"]) for d in ended] == [("override", "2024-04-10T09:00:00Z")]


def test_a_release_ends_an_override():
    """What the evidence says is in force again, and told as an override."""
    told = [purchase(1), command(10, "override", status="client", until=on(100)), command(20, "release")]
    assert [(d["to"], d["direction"]) for d in fold(told)[1][1:]] == [("client", "override"), ("customer", "override")]


@pytest.mark.parametrize(
    ("told", "detail"),
    [
        (command(9, "override", status="client", until=on(99), by=None), "nobody"),
        (command(9, "override", status="client", until=on(8)), "until"),
        (command(9, "release"), "no override"),
        (command(9, "correct", corrects="unknown", value=None), "not in the history"),
        (command(9, "merge", into="a"), "not merged into itself"),
    ],
)
def test_a_command_that_cannot_be_done_is_answered_in_the_audit_topic(told, detail):
    """It changes nothing, is no dead letter, and its audit entry says why."""
    outcome = step(step(None, [purchase(1)]).record, [told], first_offset=5)
    entry = audits(outcome)[0]
    assert entry["outcome"] == "refused"
    assert detail in entry["detail"]
    assert not [sent for sent in outcome.sends if sent.topic == RECLASSIFIED]


def wire(told):
    """Return a message as the JSON object that a correction carries."""
    return json.loads(msgspec.json.encode(told[1]))


def test_a_withdrawn_event_is_as_if_it_had_never_been():
    """Withdrawing the only purchase undoes the promotion, by a correction that names it."""
    replay, decisions = fold([purchase(1, "oops"), command(2, "correct", corrects="oops", value=None)])
    assert [(d["to"], d["direction"]) for d in decisions[1:]] == [("prospect", "correction")]
    assert decisions[1]["supersedes"] == decisions[0]["event_id"]
    assert record_of(replay).head.spent == {}


def test_a_corrected_event_counts_as_it_should_have_been():
    """The corrected amount is in the totals; the original, sent again, is a repeat."""
    right = wire(purchase(1, "p", amount="12.00"))
    fix = command(2, "correct", corrects="p", value=right)
    replay, _ = fold([purchase(1, "p"), fix, purchase(1, "p")])
    assert record_of(replay).head.spent == {"EUR": "12.00"}
    assert record_of(replay).repeats == 1


def test_a_correction_by_another_account_or_id_is_refused():
    """The replacement must be the same event of the same account."""
    wrong = wire(purchase(1, "other", amount="12.00"))
    outcome = step(None, [purchase(1, "p"), command(2, "correct", corrects="p", value=wrong)])
    assert audits(outcome)[0]["outcome"] == "refused"
    assert decode(outcome.record).head.spent == {"EUR": "10.00"}


def test_a_correction_of_a_correction_and_back_ends_where_it_began():
    """Correcting there and back leaves the totals and the status of the start."""
    there = command(2, "correct", "c1", corrects="p", value=wire(purchase(1, "p", amount="12.00")))
    back = command(3, "correct", "c2", corrects="p", value=wire(purchase(1, "p")))
    replay, _ = fold([purchase(1, "p"), there, back])
    assert record_of(replay).head.spent == {"EUR": "10.00"}


def test_erase_leaves_no_record_and_tombstones():
    """The record goes, and every compacted topic gets a tombstone; an unknown account is answered in the audit."""
    outcome = step(step(None, courtship()).record, [command(200, "erase")], first_offset=99)
    assert outcome.record is None
    assert {sent.topic for sent in outcome.sends if sent.value is None} == {STATE, m.PROFILES}
    unknown = step(None, [command(200, "erase")])
    assert unknown.record is None
    assert audits(unknown)[0]["detail"] == "there was no record of the account"


def test_the_tombstone_of_an_erased_account_brings_nothing_back():
    """An empty profile of an account that is not there makes no record."""
    cleared = profile(1, "tombstone:3", industry=None, party=None, market=None)
    assert step(None, [cleared]).record is None


def test_free_text_reaches_no_record():
    """An account manager's name and the goals are kept as being there only."""
    secret = "Zebulon Quirke wants to sail"
    outcome = step(None, [profile(1, account_manager=secret, goals=secret), purchase(2, discount_code=secret)])
    assert secret.encode() not in outcome.record
    assert not [sent for sent in outcome.sends if sent.value and secret.encode() in sent.value]


def test_stored_bytes_that_are_no_record_are_named():
    """A foreign value is told apart by a RecordError, never folded onto."""
    with pytest.raises(RecordError, match="no account record"):
        step(b"\x93nonsense", [purchase(1)])


def test_a_refused_message_is_not_part_of_the_record():
    """A late event leaves the totals alone, and its offset counts as seen."""
    outcome = step(None, [purchase(100), purchase(1, "late")])
    assert isinstance(outcome.verdicts[1], Refused)
    assert decode(outcome.record).head.purchases == 1
    assert decode(outcome.record).offsets == {1: 1}


def test_a_busy_account_s_history_is_not_decoded_at_every_event(monkeypatch):
    """While nothing may be trimmed yet, an event in order costs what it appends: a trim is tried once in `KEPT` events."""
    decoded, facts = [], AccountRecord.facts

    def counted(record):
        decoded.append(record.count)
        return facts(record)

    monkeypatch.setattr(AccountRecord, "facts", counted)
    raw = step(None, [purchase(1, "first")]).record
    decoded.clear()
    for number in range(1, 4 * history.KEPT):
        raw = step(raw, [purchase(1 + number / 1440, f"p{number}")], first_offset=number).record
    assert decoded == [2 * history.KEPT, 3 * history.KEPT, 4 * history.KEPT]


def test_a_busy_account_s_history_is_bounded_within_the_lateness():
    """However many events an account has within the lateness, it never keeps more than the most, and trims to `KEPT`."""
    told = [purchase(1 + i / 1440, f"p{i}") for i in range(history.MOST_KEPT + 1)]
    before = step(None, told[: history.MOST_KEPT - 1]).record
    at_most = step(before, told[history.MOST_KEPT - 1 :][:1], first_offset=history.MOST_KEPT - 1).record
    assert decode(before).count == history.MOST_KEPT - 1
    assert decode(at_most).count == history.KEPT
    assert decode(at_most).head.facts == history.MOST_KEPT


def test_a_correction_tells_what_the_clock_owes_once():
    """An override that ran out meanwhile is told by the correction's step, and not a second time by its folding again."""
    held = command(1, "override", status="client", until=on(2))
    decisions = fold([purchase(0, "p"), held, command(20, "correct", corrects="p", value=None)])[1]
    told = [(each["effective_at"], each["from"], each["to"]) for each in decisions if each["direction"] == "override"]
    assert len(told) == len(set(told))


def test_a_withdrawal_is_taken_back_by_the_event_as_it_was():
    """A correction with the value brings back what an earlier one withdrew, whose topic it need not name."""
    value = json.loads(msgspec.json.encode(purchase(5, "p")[1]))
    gone = [purchase(5, "p"), command(6, "correct", "w", corrects="p", value=None)]
    back = command(7, "correct", "b", corrects="p", topic=m.PURCHASES, value=value)
    assert record_of(fold([*gone, back])[0]).head.purchases == 1
    untold = command(7, "correct", "b", corrects="p", value=value)
    assert record_of(fold([*gone, untold])[0]).head.purchases == 1


def test_an_erasure_of_an_unknown_account_is_answered_in_the_audit_topic():
    """It is done: nobody is there, what others can read is deleted in any case, and there is no record."""
    outcome = step(None, [command(1, "erase")])
    sent, *rest = outcome.sends
    assert [(each.topic, each.value) for each in rest] == [(STATE, None), (m.PROFILES, None)]
    entry = json.loads(sent.value)
    assert (sent.topic, entry["action"], entry["outcome"], entry["by"]) == (AUDIT, "erase", "done", "ops")
    assert entry["detail"] == "there was no record of the account"
    assert outcome.record is None


def test_a_correction_behind_the_history_kept_is_refused_in_the_audit_topic():
    """Of an event that was folded away, and of one that would be moved there: each with its reason, and nothing changes."""
    many = [purchase(i / 2, f"p{i}") for i in range(700)]
    moved = wire(purchase(1, "p690"))
    for corrects, value, reason in (
        ("p1", None, "not in the history kept"),
        ("p690", moved, "before the history kept"),
    ):
        replay, _ = fold(many)
        before = record_of(replay)
        assert before.base is not None
        fix = command(360, "correct", corrects=corrects, topic=m.PURCHASES, value=value)
        sends = replay.fold(*fix, NOW_US)[1]
        (entry,) = [json.loads(sent.value) for sent in sends if sent.topic == AUDIT]
        assert (entry["outcome"], reason in entry["detail"]) == ("refused", True)
        assert record_of(replay).head.spent == before.head.spent


def test_no_correction_means_a_command():
    """The event that a correction names is one: of a command's id it is not in the history, and the command holds."""
    told = [purchase(1), command(2, "override", "o", status="client", until=on(90))]
    outcome = step(None, [*told, command(3, "correct", corrects="o", value=None)])
    assert [entry["outcome"] for entry in audits(outcome)] == ["done", "refused"]
    assert "not in the history" in audits(outcome)[1]["detail"]
    assert decode(outcome.record).head.override is not None


def test_a_correction_names_its_topic_where_two_share_an_id():
    """Without it, it is refused; with it, the one is withdrawn and the other stays."""
    told = [purchase(1, "x"), meeting(1, "x")]
    refused = step(None, [*told, command(2, "correct", corrects="x", value=None)])
    assert "name its 'topic'" in audits(refused)[0]["detail"]
    done = step(None, [*told, command(2, "correct", corrects="x", topic=m.MEETINGS, value=None)])
    assert [fact.id for fact in decode(done.record).facts()] == ["x", "e2"]
    assert decode(done.record).head.purchases == 1


def test_a_refused_command_leaves_its_id_and_nothing_else():
    """It is a fact without an effect, so that it is known again when it comes again."""
    outcome = step(None, [purchase(1), command(2, "override", "c")])
    fact = decode(outcome.record).facts()[-1]
    assert (fact.id, fact.command) == ("c", -1)
    assert decode(outcome.record).applied == 2


def test_whole_numbers_up_to_a_weeks_minutes_are_kept_as_ints():
    """Larger ones and fractions as they are; equal in any case."""
    for value, kind in ((10_080.0, int), (10_081.0, float), (0.5, float), (-1.0, int)):
        fact = fact_of(purchase(1, quantity=value)[1])
        assert (fact.quantity, type(fact.quantity)) == (value, kind)
    assert fact_of(meeting(1, duration_minutes=0)[1]).minutes == 0


def test_the_tombstone_of_an_erasure_is_nothing_to_the_account_that_begins_anew():
    """It comes back to the worker as an intake record of today; folded, it would make what is older than a month LATE."""
    erased = m.erased_profile(m.Profile(event_id="tombstone:7", account_id="a", occurred_at=on(900)))
    replay, _ = fold(
        [purchase(1), command(2, "erase"), purchase(3, "again"), (m.PROFILES, erased), purchase(4, "more")]
    )
    assert [fact.id for fact in record_of(replay).facts()] == ["again", "more"]
    assert m.follows_erasure(erased)
    assert not m.follows_erasure(m.Profile(event_id="tombstone:7", account_id="a", occurred_at=on(900)))
    assert not m.follows_erasure(m.Profile(event_id="erased:7", account_id="a", occurred_at=on(9), industry="law"))
