"""Merges: one account's history joins another's, and leaves it again."""

import json

import msgspec
from story import (
    CORE,
    NOW_US,
    POLICY,
    command,
    courtship,
    fold,
    meeting,
    on,
    path,
    profile,
    purchase,
    record_of,
    state_of,
    steps,
    ticket,
)

from relationship.contract.messages import MOVES, decoder_for
from relationship.contract.outcome import AUDIT, STATE, Delivered
from relationship.replay import Replay
from relationship.state.facts import MergedProfileFact
from relationship.state.record import decode
from relationship.timeline.explain import describe


def audits(told):
    """Fold messages and return the audit entries, as (action, outcome, detail)."""
    replay, found = Replay(CORE), []
    for topic, message in told:
        for sent in replay.fold(topic, message, NOW_US)[1]:
            if sent.topic == AUDIT:
                entry = json.loads(sent.value)
                found.append((entry["action"], entry["outcome"], entry["detail"]))
    return replay, found


def halves():
    """Return a courtship in which every other event is another account's."""
    told = courtship()
    return [
        (topic, msgspec.structs.replace(message, account_id="ab"[i % 2])) for i, (topic, message) in enumerate(told)
    ]


def test_a_merge_folds_both_histories_as_one():
    """After b merges into a, a stands where an account with all the events stands."""
    merged, decisions = fold([*halves(), command(170, "merge", account="b", into="a")])
    one, plain = fold(courtship())
    assert state_of(merged).status == state_of(one).status == "client"
    assert steps([d for d in decisions if d["account_id"] == "a"]) == steps(plain)
    assert record_of(merged).head.spent == record_of(one).head.spent


def test_a_merged_account_has_no_state_of_its_own():
    """It is absent from the states, its state topic gets a tombstone, and it tells nothing any more."""
    replay = Replay(CORE)
    sends = []
    for topic, message in [*halves(), command(170, "merge", account="b", into="a"), purchase(180, account="b")]:
        sends += replay.fold(topic, message, NOW_US)[1]
    assert [state.account_id for state in replay.states(POLICY)] == ["a"]
    of_b = [sent for sent in sends if sent.key == "b" and sent.topic == STATE]
    assert of_b[-1].value is None


def test_what_a_merged_account_does_later_is_the_other_account_s():
    """An event of b after the merge counts for a, once, also when it is sent again."""
    told = [purchase(1), purchase(2, account="b"), command(3, "merge", account="b", into="a")]
    later = purchase(4, account="b", amount="5.00")
    replay, _ = fold([*told, later, later])
    assert record_of(replay).head.spent == {"EUR": "25.00"}


def test_a_correction_of_a_merged_account_reaches_the_other():
    """Withdrawing an event of b takes it out of a."""
    told = [purchase(1), purchase(2, "oops", account="b"), command(3, "merge", account="b", into="a")]
    replay, _ = fold([*told, command(4, "correct", account="b", corrects="oops", value=None)])
    assert record_of(replay).head.spent == {"EUR": "10.00"}


def test_unmerge_takes_the_history_back():
    """After merge and unmerge both accounts stand where they would have stood without, later events included."""
    there = command(170, "merge", account="b", into="a")
    back = command(190, "unmerge", account="b", into="a")
    later = [ticket(180, account="b", kind="advice"), meeting(181, account="a")]
    replay, decisions = fold([*halves(), there, *later, back])
    plain, _ = fold([*halves(), *later])
    for account in "ab":
        assert state_of(replay, account).status == state_of(plain, account).status
        assert record_of(replay, account).head.spent == record_of(plain, account).head.spent
    assert record_of(replay, "a").head == record_of(plain, "a").head
    told = [d for d in decisions if d["account_id"] == "a"]
    assert [d["transition_seq"] for d in told] == list(range(1, len(told) + 1))
    assert path(told)[-1] == state_of(plain, "a").status


def test_the_own_profile_wins_field_by_field():
    """What a's profile leaves open is filled in from b's; what it says stands."""
    told = [
        profile(1, account="b", industry="law", party="individual", market="consumer"),
        profile(2, account="a", industry="retail", party=None, market=None),
        command(3, "merge", account="b", into="a"),
    ]
    segment = state_of(fold(told)[0]).segment
    assert (segment.industry, segment.party, segment.market) == ("retail", "individual", "consumer")


def test_the_profile_of_a_merged_account_can_be_what_tips_a_decision():
    """An agreement that only b's profile names makes a customer of a, and the sentence says whose profile it was."""
    signed = {"id": "k", "kind": "retainer", "signed_on": on(1).date()}
    told = [
        profile(1, account="a"),
        profile(2, account="b", contract=signed),
        command(3, "merge", account="b", into="a"),
    ]
    (decision,) = [each for each in fold(told)[1] if each["account_id"] == "a"]
    assert decision["to"] == "customer"
    assert "the profile of an account merged into it of 2024-01-03" in decision["why"]


def test_a_merge_that_cannot_be_is_answered_in_the_audit_topic():
    """By nobody, twice, in a circle, or taken back where there is none: refused with the reason, and nothing changes."""
    first = [purchase(1), purchase(1, account="b"), command(2, "merge", "m1", account="b", into="a")]
    cases = [
        (command(3, "merge", "x", account="a", into="b"), "circle"),
        (command(3, "merge", "x", account="b", into="c"), "unmerge it first"),
        (command(3, "unmerge", "x", account="a", into="b"), "merged into nothing"),
        (command(3, "merge", "x", account="c", into="a", by=None), "nobody"),
        (command(3, "merge", "x", account="c", into="c"), "not merged into itself"),
    ]
    for told, reason in cases:
        _, found = audits([*first, told])
        assert found[0] == ("merge", "done", None)
        assert found[1][1] == "refused"
        assert reason in found[1][2]


def test_a_merge_behind_the_history_kept_is_refused_and_undone():
    """Where the other account's history was folded away already, the merged account stands for itself again."""
    many = [purchase(400 + i / 2, f"p{i}") for i in range(700)]
    told = [*many, purchase(1, "early", account="b"), command(760, "merge", account="b", into="a")]
    replay, found = audits(told)
    assert record_of(replay).base is not None
    assert ("merge", "refused", "it reaches further back than the history that the other account keeps") in found
    assert decode(replay.records["b"]).merged_into is None
    assert record_of(replay, "a").head.purchases == 700


def test_a_chain_of_merges_carries_everything_to_its_end():
    """C into b, b into a: a has all three; c taken back leaves the other two."""
    told = [purchase(1), purchase(2, account="b"), purchase(3, account="c")]
    told += [command(4, "merge", account="c", into="b"), command(5, "merge", account="b", into="a")]
    replay, _ = fold(told)
    assert record_of(replay).head.purchases == 3
    replay, _ = fold([*told, command(6, "unmerge", account="c", into="b")])
    assert record_of(replay).head.purchases == 2
    assert state_of(replay, "c").status == "customer"


def test_erasing_a_merged_account_takes_its_history_from_the_other():
    """Nothing of b is left, in a neither."""
    told = [purchase(1), purchase(2, account="b"), command(3, "merge", account="b", into="a")]
    replay, _ = fold([*told, command(4, "erase", account="b")])
    assert set(replay.records) == {"a"}
    assert record_of(replay).head.purchases == 1


def test_erasing_an_account_lets_those_merged_into_it_stand_alone():
    """The guest keeps its own history, tells for itself again, and what it does later brings no erased account back."""
    told = [purchase(1), purchase(2, account="b"), command(3, "merge", account="b", into="a"), purchase(4, account="b")]
    replay, found = audits([*told, command(5, "erase"), purchase(6, account="b")])
    assert set(replay.records) == {"b"}
    assert (record_of(replay, "b").merged_into, record_of(replay, "b").head.purchases) == (None, 3)
    assert ("merge", "refused", "the account that it was merged into is erased") in found


def test_what_is_taken_back_from_an_account_that_is_gone_brings_none_to_life():
    """An unmerge's message that is sent again after a rebuild finds nobody, and makes nobody."""
    told = [purchase(1), purchase(2, account="b"), command(3, "merge", account="b", into="a")]
    replay = Replay(CORE)
    sends = [
        sent for each in [*told, command(4, "unmerge", account="b", into="a")] for sent in replay.fold(*each, NOW_US)[1]
    ]
    (leave,) = [sent for sent in sends if sent.topic == MOVES and b'"leave"' in sent.value]
    replay.fold(*command(5, "erase"), NOW_US)
    replay.fold(MOVES, decoder_for(MOVES).decode(leave.value), NOW_US)
    assert set(replay.records) == {"b"}


def test_a_guest_s_profile_that_tips_a_decision_is_named():
    """A demotion behind the profile of an account merged in has its sentence; the step does not fail on it."""
    _, decisions = fold([purchase(1), profile(2, account="b"), command(3, "merge", account="b", into="a")])
    assert decisions
    assert describe(MergedProfileFact(0, "p", None, None, None, None, None, 0)) == (
        "the profile of an account merged into it of 1970-01-01"
    )


def test_a_guest_s_profile_is_corrected_through_the_guest():
    """A correction of a that names it is refused in the audit topic; one of b reaches a."""
    told = [profile(1, "pa", industry=None), profile(2, "pb", account="b"), command(3, "merge", account="b", into="a")]
    _, found = audits([*told, command(4, "correct", corrects="pb", value=None)])
    assert found[-1][:2] == ("correct", "refused")
    replay, _ = audits([*told, command(4, "correct", account="b", corrects="pb", value=None)])
    assert state_of(replay).segment.industry == "other"


def test_two_merges_that_cross_are_a_circle_and_undone():
    """Each commanded before the other was heard of: neither account is lost, and the audit says why it stands alone."""
    offsets = iter(range(100))

    def deliver(record, account, topic, message):
        outcome = CORE.step(account, record, [Delivered(topic, next(offsets), message)], NOW_US)
        moves = [sent for sent in outcome.sends if sent.topic == MOVES]
        answers.extend(json.loads(sent.value) for sent in outcome.sends if sent.topic == AUDIT)
        return outcome.record, moves

    answers, records, waiting = [], {}, []
    for account, other in ("ab", "ba"):
        records[account], _ = deliver(None, account, *purchase(1, f"p{account}", account=account))
        merge = command(2, "merge", f"m{account}", account=account, into=other)
        records[account], moves = deliver(records[account], account, *merge)
        waiting += moves
    while waiting:
        sent = waiting.pop(0)
        message = decoder_for(MOVES).decode(sent.value)
        records[sent.key], moves = deliver(records[sent.key], sent.key, MOVES, message)
        waiting += moves
    alone = [account for account in "ab" if decode(records[account]).merged_into is None]
    assert alone == ["a", "b"]
    assert {each["detail"] for each in answers if each["outcome"] == "refused"} == {
        "the accounts are merged in a circle"
    }
    assert all(decode(records[account]).head.purchases == 1 for account in alone)


def test_an_account_that_is_merged_takes_a_third_one_in():
    """B into a, and then c into b: it is no circle, and a has all three."""
    told = [purchase(1), purchase(2, account="b"), purchase(3, account="c")]
    told += [command(4, "merge", account="b", into="a"), command(5, "merge", account="c", into="b")]
    replay, found = audits(told)
    assert [each[1] for each in found] == ["done", "done"]
    assert record_of(replay, "b").merged_sources == ["c"]
    assert record_of(replay, "b").head.purchases == 2
    assert record_of(replay).head.purchases == 3


def test_leaving_takes_those_along_that_came_with_it():
    """B brought c along; taken back, neither is a's any more, and another's merge stays."""
    told = [purchase(i, account=account) for i, account in enumerate("abcd", 1)]
    told += [command(5, "merge", account="c", into="b"), command(6, "merge", account="b", into="a")]
    told += [command(7, "merge", account="d", into="a")]
    assert record_of(fold(told)[0]).merged_sources == ["b", "c", "d"]
    replay, _ = fold([*told, command(8, "unmerge", account="b", into="a")])
    assert record_of(replay).merged_sources == ["d"]
    assert record_of(replay).head.purchases == 2
    assert record_of(replay, "b").head.purchases == 2


def test_a_refusal_that_is_out_of_date_ends_no_merge():
    """An answer of another account than the one that it is merged into now says nothing."""
    told = [purchase(1, account="b"), command(2, "merge", account="b", into="a")]
    replay, _ = fold(told)
    late = {"event_id": "r", "account_id": "b", "occurred_at": on(2).isoformat(), "action": "refused", "source": "x"}
    late |= {"cause": "m", "through": [], "count": 0, "history": "", "detail": "no"}
    sends = replay.fold(MOVES, decoder_for(MOVES).decode(json.dumps(late)), NOW_US)[1]
    assert record_of(replay, "b").merged_into == "a"
    assert sends == []


def test_a_fact_that_both_accounts_have_is_there_once():
    """An event of one id in both histories joins once: it is not counted twice."""
    told = [purchase(1, "x"), purchase(1, "x", account="b"), purchase(2, account="b")]
    replay, _ = fold([*told, command(3, "merge", account="b", into="a")])
    assert record_of(replay).head.purchases == 2
    assert record_of(replay).count == 2


def test_what_is_merged_are_events_and_a_profile_that_fills_in():
    """Commands stay with the account that they were given to."""
    told = [profile(1, "p", account="b"), purchase(2, "q", account="b")]
    told += [command(3, "override", "o", account="b", status="client", until=on(90))]
    replay, _ = fold([*told, command(4, "merge", account="b", into="a")])
    facts = record_of(replay).facts()
    assert [(fact.id, isinstance(fact, MergedProfileFact)) for fact in facts] == [("p", True), ("q", False)]
    assert record_of(replay).head.override is None
    assert [fact.id for fact in record_of(replay, "b").facts()][:3] == ["p", "q", "o"]
