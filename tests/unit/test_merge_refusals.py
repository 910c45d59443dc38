"""What refused and ended merges leave behind."""

import json

from story import CORE, NOW_US, Told, command, on, purchase, record_of, step

from relationship.classify.commands import MERGE, REFUSED, UNMERGE, command_rejection
from relationship.contract.messages import MOVES, REFERRALS, Move
from relationship.contract.outcome import AUDIT, Delivered
from relationship.replay import Replay
from relationship.state.account import Account, Merge
from relationship.state.facts import CommandFact
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord, decode, encode
from relationship.timeline.explain import event_id_of
from relationship.timeline.history import APPLIED
from relationship.timeline.merging import join_rejection
from relationship.timeline.referrals import changed, forget_message


def told(messages: list[Told]) -> tuple[Replay, list[tuple[str, str]]]:
    """Fold messages; return the audit's entries of the account `b`, as (action, outcome)."""
    replay = Replay(CORE)
    sent = [each for topic, message in messages for each in replay.fold(topic, message, NOW_US)[1]]
    entries = [json.loads(each.value) for each in sent if each.topic == AUDIT]
    found = [(each["action"], each["outcome"]) for each in entries if each["account_id"] == "b"]
    return replay, found


def test_a_refusal_ends_the_merges_into_whom_it_comes_from_and_no_other():
    """One into another account, taken back long ago, stays done as it was, and is not audited again."""
    many = [purchase(400 + i / 2, f"p{i}") for i in range(700)]  # so many that the first are folded away
    replay, found = told(
        [
            *many,
            purchase(1, "early", account="b"),
            command(740, "merge", "m1", account="b", into="x"),
            command(741, "unmerge", "u1", account="b", into="x"),
            command(742, "merge", "m2", account="b", into="a"),
        ]
    )
    assert found == [("merge", "done"), ("unmerge", "done"), ("merge", "done"), ("merge", "refused")]
    kept = {fact.id: fact for fact in record_of(replay, "b").facts() if isinstance(fact, CommandFact)}
    assert (kept["m1"].command, kept["m1"].into) == (MERGE, "x")
    assert (kept["m2"].command, kept["m2"].into) == (REFUSED, None)


def test_only_the_merge_in_force_is_taken_back():
    """Of another account, of none, and where nobody is named on either side: no effect, and the audit says what is so."""

    def why(merged_into: str | None, into: str | None) -> str | None:
        account = Account(merge=None if merged_into is None else Merge(merged_into, "m"))
        return command_rejection(account, CommandFact(0, "u", UNMERGE, None, None, None, None, into))

    assert why("a", "a") is None
    assert why("a", "x") == "it is merged into a"
    assert why("a", None) == "it is merged into a"
    assert why(None, "a") == "it is merged into nothing"
    assert why(None, None) == "it is merged into nothing"


def test_an_erasure_tells_the_account_into_which_it_was_merged_once():
    """The merge was taken back, and the other account still names the erased one among those that were in it."""
    replay = Replay(CORE)
    messages = [
        purchase(1, "own"),
        purchase(1, "p", account="b"),
        command(2, "merge", "m", account="b", into="a"),
        command(3, "unmerge", "u", account="b", into="a"),
    ]
    for topic, message in messages:
        replay.fold(topic, message, NOW_US)
    assert record_of(replay, "a").former_sources == ["b"]
    topic, message = command(4, "erase", "e", account="b")
    sent = replay.fold(topic, message, NOW_US)[1]
    assert [each.key for each in sent if each.topic == REFERRALS] == ["a"]
    assert record_of(replay, "a").former_sources == []


def moved(action, history):
    """Return a move of no facts from b to a."""
    base = {"event_id": "e", "account_id": "a", "occurred_at": on(1), "source": "b", "cause": "c"}
    return Move(**base, action=action, through=[], count=0, history=history)


def test_two_histories_join_up_to_the_bytes_that_a_record_has_for_them():
    """Both count together; at the bound they join, and a byte more is too much."""
    record = AccountRecord()
    record.history = b"x" * 40
    move = moved("join", "y" * 20)
    assert join_rejection(record, move, [], 100) is None
    record.history += b"x"
    assert join_rejection(record, move, [], 100) == "the two histories are longer than a record may be"


def test_a_refusal_is_applied_whether_or_not_it_is_out_of_date():
    """It is a message like any other: it is counted, and no dead letter."""
    move = moved("refused", "")
    assert step(None, [purchase(1), (MOVES, move)]).verdicts == [APPLIED, APPLIED]


def test_who_forgets_an_erased_account_is_told_under_an_id_of_its_own():
    """The same for the same erasure, so that a repeat is known as one; of another one, or to another account, another."""
    erased = command(4, "erase", "e", account="b")[1]
    told = forget_message("b", "a", erased)
    assert (told.topic, told.key, told.event_id) == (REFERRALS, "a", event_id_of("b", 0, 0, 0, 0, "forgotten:a:e"))


def test_a_corrected_credit_has_an_id_by_its_revision():
    """The same correction folded again sends the same message; the first credit's id has no revision in it."""
    bought = fact_of(purchase(1, "p", account="b", referred_by="a")[1])
    (credited,) = changed("b", None, bought, 1, None)
    (withdrawn,) = changed("b", bought, None, 2, None)
    assert credited.event_id == event_id_of("b", 1, 0, 0, 0, "credited:a:p")
    assert withdrawn.event_id == event_id_of("b", 2, 0, 0, 0, "withdrawn:a:p")


def refused_by(into, base):
    """Return the record of `b`, merged into `a` after it had been in `base`, when an account refuses its history."""
    record = AccountRecord(merged_into="a", base=Account(merge=Merge(base, "m0")), edge=(0, 0, ""))
    told = [command(1, "unmerge", "u", account="b", into=base), command(2, "merge", "m", account="b", into="a")]
    record.keep([fact_of(message) for _, message in told])
    base_ids = {"event_id": "e", "account_id": "b", "occurred_at": on(3), "source": into, "cause": "m"}
    move = Move(**base_ids, action="refused", through=[], count=0, history="", detail="no room")
    return decode(CORE.step("b", encode(record), [Delivered(MOVES, 9, move)], NOW_US).record)


def test_a_refusal_reaches_what_was_folded_away_of_its_own_merge_alone():
    """Where the account itself was merged into the one that refuses; from any other it is out of date."""
    for base, left in (("x", Merge("x", "m0")), ("a", None)):
        found = refused_by("a", base)
        assert (found.merged_into, found.base.merge) == (None, left)
        stale = refused_by("y", base)
        assert (stale.merged_into, stale.base.merge) == ("a", Merge(base, "m0"))
