"""What a refused merge leaves of the commands around it."""

import json

from story import CORE, NOW_US, Told, command, purchase, record_of

from relationship.classify.commands import MERGE, REFUSED
from relationship.contract.outcome import AUDIT
from relationship.replay import Replay
from relationship.state.facts import CommandFact


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
