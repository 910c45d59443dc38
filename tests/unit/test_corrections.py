"""What a correction means: which event it is of, and which topic where it names none."""

import json

import msgspec
import pytest
from story import CORE, NOW_US, POLICY, Told, command, fold, on, purchase, record_of, ticket

from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT
from relationship.core import Core
from relationship.replay import Replay


def told(messages: list[Told]) -> tuple[Replay, list[str | None]]:
    """Fold messages of the account `a`; return what the audit says of each command: why it was refused, or None."""
    replay, details = Replay(CORE), []
    for topic, message in messages:
        sent = replay.fold(topic, message, NOW_US)[1]
        details += [json.loads(each.value)["detail"] for each in sent if each.topic == AUDIT]
    return replay, details


def correct(
    day: float, event: str, topic: str | None = None, value: Told | None = None, name: str | None = None
) -> Told:
    """Return a correction of an event: its withdrawal, or a value in its place."""
    new = None if value is None else json.loads(msgspec.json.encode(value[1]))
    return command(day, "correct", name or f"c{day}", corrects=event, topic=topic, value=new)


NAME_IT = "the event is not in the history kept: name its 'topic'"


def test_the_topic_of_another_events_correction_is_not_taken():
    """A purchase was withdrawn by its topic; a correction of another event without one means events of any topic."""
    first = [purchase(1, "seen"), correct(2, "not there", m.PURCHASES)]
    replay, _ = told([*first, correct(3, "late"), ticket(1.5, "late")])
    assert record_of(replay).head.letters == 0
    _, details = told([*first, correct(3, "late", value=purchase(1.5, "late"))])
    assert details[-1] == NAME_IT


def test_an_earlier_correction_of_the_same_event_says_its_topic():
    """It need not be named again; of an earlier one that named none it has to be."""
    again = correct(3, "late", value=purchase(1.5, "late", amount="7.00"))
    replay, details = told([purchase(1, "seen"), correct(2, "late", m.PURCHASES), again])
    assert details[-1] is None
    assert record_of(replay).head.purchases == 2
    _, details = told([purchase(1, "seen"), correct(2, "late"), again])
    assert details[-1] == NAME_IT


@pytest.mark.parametrize("topic", [m.COMMANDS, m.REFERRALS, "nothing of ours"])
def test_only_what_producers_send_is_put_in_place(topic):
    """No command, no credit and no unknown topic is corrected by a value."""
    _, details = told([purchase(1), correct(2, "late", topic, purchase(1.5, "late"))])
    assert details == [NAME_IT]


def test_two_topics_that_share_an_id_are_told_apart_by_its_topic():
    """Without it nothing is withdrawn; with it that topic's event alone."""
    both = [purchase(1, "same"), ticket(2, "same")]
    replay, details = told([*both, correct(3, "same")])
    assert details == ["two topics share the event's id: name its 'topic'"]
    assert len(record_of(replay).facts()) == 3
    replay, details = told([*both, correct(3, "same", m.TICKETS)])
    assert details == [None]
    assert record_of(replay).head.purchases == 1
    assert record_of(replay).head.letters == 0


def test_of_two_corrections_the_one_dated_later_holds_in_either_order():
    """The earlier one that comes last is kept, changes nothing, and is told why."""
    early = correct(3, "p", m.PURCHASES, purchase(1, "p", amount="5.00"), "early")
    late = correct(4, "p", m.PURCHASES, purchase(1, "p", amount="6.00"), "late")
    replay, details = told([purchase(1, "p"), late, early])
    assert details == [None, "a later correction of the event is there"]
    assert record_of(replay).head.spent == {"EUR": "6.00"}
    replay, details = told([purchase(1, "p"), early, late])
    assert details == [None, None]
    assert record_of(replay).head.spent == {"EUR": "6.00"}


def test_a_value_must_be_the_corrected_event_of_the_same_account():
    """Another event's id, or another account's, is refused, and so is what is no message; nothing of it is repeated."""
    for value in (purchase(1, "other"), purchase(1, "p", account="b")):
        _, details = told([purchase(1, "p"), correct(2, "p", m.PURCHASES, value)])
        assert details == ["the 'value' is no message of this account with the corrected event's id"]
    bad = command(
        2, "correct", "c", corrects="p", topic=m.PURCHASES, value={"event_id": "p", "secret": on(1).isoformat()}
    )
    assert told([purchase(1, "p"), bad])[1] == [
        "the 'value' is no message of this account with the corrected event's id"
    ]


def test_a_correction_of_what_stands_at_the_edge_is_told_so():
    """It would lie where nothing is folded any more; of what was folded away otherwise it is said that it is not there."""
    replay, _ = fold([purchase(i, f"p{i}") for i in range(4)], Core(POLICY, kept=2, most_kept=4))
    assert record_of(replay).edge[2] == "p1"
    for day, name, words in ((1, "p1", "before the history kept"), (2, "p9", "is not in the history kept")):
        value = json.loads(msgspec.json.encode(purchase(day, name)[1]))
        fix = command(4, "correct", f"fix-{name}", corrects=name, topic=m.PURCHASES, value=value)
        (entry,) = [json.loads(sent.value) for sent in replay.fold(*fix, NOW_US)[1] if sent.topic == AUDIT]
        assert entry["outcome"] == "refused"
        assert words in entry["detail"]
