"""What a step sends, as it is published: topics, keys, ids that repeat with the event, and what a record keeps of it."""

import json
import zlib

import msgspec
from story import command, on

from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT, RECLASSIFIED, STATE, Outgoing
from relationship.contract.times import micros
from relationship.state.facts import ReferralFact
from relationship.timeline import posting
from relationship.timeline.explain import event_id_of
from relationship.timeline.merging import unpack as facts_of

NOON = micros(on(1))


def of(sent):
    """Return the JSON of what is sent."""
    return json.loads(sent.value)


def test_an_audit_entry_says_what_became_of_an_action():
    """Done, or refused with the reason; at the event's own time, under an id made of the event's."""
    _, asked = command(1, "release", "c")
    done = posting.audit("a", asked, "release", "ops", None, NOON, "trace")
    assert (done.topic, done.key, done.event_id, done.time, done.traceparent) == (
        AUDIT,
        "a",
        "audit-c",
        "2024-01-02T09:00:00Z",
        "trace",
    )
    assert of(done) == {
        "event_id": "audit-c",
        "account_id": "a",
        "action": "release",
        "outcome": "done",
        "detail": None,
        "by": "ops",
        "occurred_at": "2024-01-02T09:00:00Z",
        "decided_at": "2024-01-02T09:00:00Z",
        "schema_version": "1.0",
    }
    refused = of(posting.audit("a", asked, "release", None, "no override", NOON, None))
    assert (refused["outcome"], refused["detail"], refused["by"]) == ("refused", "no override", None)


def test_a_tombstone_is_named_by_the_command():
    """A null value under the account's key."""
    assert posting.tombstone(STATE, "a", "erase", command(1, "erase", "c")[1], "trace") == Outgoing(
        STATE, "a", None, "erase-c", "2024-01-02T09:00:00Z", "trace"
    )


def test_a_move_carries_facts_to_another_account():
    """By the event behind it, with the accounts that come along; its id tells a join from a leave, and targets apart."""
    facts = [ReferralFact(5, "r1"), ReferralFact(6, "r2")]
    _, merge = command(1, "merge", "c", into="b")
    sent = posting.move("a", "b", "join", facts, ["x"], merge)
    message = m.decoder_for(m.MOVES).decode(sent.value)
    assert (sent.topic, sent.key, sent.time) == (m.MOVES, "b", "2024-01-02T09:00:00Z")
    assert (message.account_id, message.source, message.action, message.cause) == ("b", "a", "join", "c")
    assert (message.through, message.count, message.occurred_at, message.detail) == (["x"], 2, on(1), None)
    assert facts_of(message) == facts
    ids = {sent.event_id, message.event_id, event_id_of("a", 0, 0, 0, 0, "join:b:c")}
    others = [posting.move("a", *each, facts, [], merge).event_id for each in (("b", "leave"), ("d", "join"))]
    assert len(ids) == 1
    assert len({*ids, *others}) == 3


def test_a_refusal_and_a_release_are_moves_that_carry_nothing():
    """Back to whom it came from with the reason, and to each account whose history had joined an erased one."""
    _, merge = command(1, "merge", "c", into="b")
    move = m.decoder_for(m.MOVES).decode(posting.move("a", "b", "join", [], [], merge).value)
    _, erased = command(2, "erase", "e", account="b")
    for sent, event_id, cause, detail, at in (
        (posting.refusal("b", move, "no room"), move.event_id, "c", "no room", on(1)),
        (posting.release("b", "a", erased), "e", "e", "the account that it was merged into is erased", on(2)),
    ):
        message = m.decoder_for(m.MOVES).decode(sent.value)
        assert (sent.topic, sent.key, message.account_id, message.source) == (m.MOVES, "a", "a", "b")
        assert (sent.time, sent.traceparent) == (at.isoformat().replace("+00:00", "Z"), None)
        assert (message.action, message.cause, message.detail, message.occurred_at) == ("refused", cause, detail, at)
        assert (message.through, message.count, message.history) == ([], 0, "")
        assert sent.event_id == message.event_id == event_id_of("b", 0, 0, 0, 0, f"refused:a:{event_id}")


def test_an_id_is_a_digest_of_all_that_makes_a_message_this_one():
    """The same for the same, another where any part is another; a surrogate in an id is no error."""
    one = event_id_of("a", 1, 2, 3, 4, "e")
    assert one == event_id_of("a", 1, 2, 3, 4, "e")
    others = [
        event_id_of(*each)
        for each in (
            ("b", 1, 2, 3, 4, "e"),
            ("a", 2, 2, 3, 4, "e"),
            ("a", 1, 3, 3, 4, "e"),
            ("a", 1, 2, 4, 4, "e"),
            ("a", 1, 2, 3, 5, "e"),
            ("a", 1, 2, 3, 4, "f"),
            ("a", 12, 3, 4, 4, "e"),
        )
    ]
    assert len({one, *others}) == 8
    assert event_id_of("\ud800", 1, 2, 3, 4, "e").startswith("rc-")
    assert len(one) == 35


def decision(size):
    """Return something to send of so many bytes."""
    return Outgoing(RECLASSIFIED, "a", b"x" * size, "e", "t", None)


def test_a_record_keeps_what_it_sent_but_the_state():
    """The state is left out, its tombstone is not; all else comes back byte for byte."""
    assert posting.pack([]) == b""
    assert posting.unpack(b"") == []
    state = Outgoing(STATE, "a", b"{}", "s", "t", None)
    gone = state._replace(value=None)
    sends = [decision(10), state, gone]
    assert posting.unpack(posting.pack(sends)) == [sends[0], state._replace(value=posting.LEFT_OUT), gone]


def test_what_is_large_is_compressed():
    """Above a kilobyte; up to it the bytes are as they are."""
    frame = len(msgspec.msgpack.encode([decision(1000)])) - 1000
    at, above = decision(1_024 - frame), decision(1_025 - frame)
    assert posting.pack([at]) == msgspec.msgpack.encode([at])
    packed = posting.pack([above])
    assert packed[:1] == posting.COMPRESSED
    assert zlib.decompress(packed[1:]) == msgspec.msgpack.encode([above])
    assert posting.unpack(packed) == [above]
    assert len(packed) < 100


def test_an_entry_of_an_earlier_command_has_an_id_of_both():
    """Of the command and of what gave it its effect or took it: told twice it is the same one, and of another another."""
    _, cause = command(3, "unmerge", "u", into="b")
    sent = [posting.revised_audit("a", name, "release", "late", cause, NOON) for name in ("c", "c", "d")]
    assert [each.event_id for each in sent] == [
        event_id_of("a", 0, 0, 0, 0, f"audit:{name}:u") for name in ("c", "c", "d")
    ]
    assert (of(sent[0])["detail"], of(sent[0])["occurred_at"]) == ("late", "2024-01-04T09:00:00Z")
