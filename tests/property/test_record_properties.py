"""What holds of the stored record for any history: nothing is lost in it, and a restored one sends the same again."""

import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from story import CORE, NOW_US, courtship, fold, purchase, ticket
from test_core_properties import HISTORIES

from relationship.contract.outcome import Delivered
from relationship.state import facts as f
from relationship.state.appending import append
from relationship.state.facts_from_messages import fact_of
from relationship.state.packed import may_contain
from relationship.state.record import AccountRecord, decode, encode

TOLD = st.sampled_from(["", "o", "order-", "order-1", "order-17", "a-0001:p", "a-0001:", "ü", "x" * 40])
IDS = st.builds(str.__add__, TOLD, st.text("0123456789:-ü", max_size=3))
FACTS = st.one_of(
    st.builds(f.ReferralFact, st.integers(0, 2**53), IDS),
    st.builds(
        f.CommandFact, st.integers(0, 2**53), IDS, st.integers(-1, 5), st.none(), st.none(), st.none() | IDS, st.none()
    ),
    st.builds(
        f.TicketFact,
        st.integers(0, 2**53),
        IDS,
        st.integers(0, 2**32 - 1),
        st.integers(0, 3),
        st.integers(0, 6),
        st.none() | st.integers(0, 5),
        st.none(),
        st.none() | st.sampled_from([0, 1, -0.5, 0.25]),
        st.none() | st.sampled_from([1, 4, 4.5]),
        st.integers(0, 15),
        st.none(),
    ),
)


@cases(400)
@given(st.lists(FACTS, max_size=12), st.integers(0, 12))
def test_a_history_gives_back_what_was_put_into_it(facts, kept):
    """Facts kept at once and facts added one by one are the same bytes and come back equal, whatever their ids say."""
    record = AccountRecord()
    record.keep(facts[:kept])
    for fact in facts[kept:]:
        append(record, fact)
    at_once = AccountRecord()
    at_once.keep(facts)
    assert (record.id_prefix, record.history) == (at_once.id_prefix, at_once.history)
    assert record.facts() == facts
    assert decode(encode(record)) == record
    assert decode(encode(record)).facts() == facts


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_a_history_is_its_facts_one_after_the_other(count):
    """However many they are, and so however long the head that an array of them would have."""
    facts = [f.ReferralFact(t, f"order-{t}") for t in range(count)]
    history = f.encode_history(facts)
    assert history == b"".join(map(f.encode_fact, facts))
    assert f.decode_history(count, history) == facts


@cases(400)
@given(st.lists(FACTS, max_size=12), IDS)
def test_no_id_in_a_history_is_overlooked(facts, stranger):
    """Every id that a fact bears or speaks of may be named, also right after a stranger's shortened what is shared."""
    record = AccountRecord()
    for fact in [*facts, f.ReferralFact(2**53, stranger)]:
        append(record, fact)
    corrected = [fact.corrects for fact in facts if isinstance(fact, f.CommandFact) and fact.corrects is not None]
    assert all(
        may_contain(record.history, record.id_prefix, name)
        for name in [stranger, *corrected, *(fact.id for fact in facts)]
    )


def test_an_id_that_no_fact_bears_is_told_apart_without_decoding():
    """Neither a part of an id, nor one that goes on, nor one that begins otherwise may be named."""
    record = AccountRecord()
    record.keep([f.ReferralFact(1, "order-17"), f.ReferralFact(2, "order-18")])
    names = ("order-17", "order-1", "order-171", "17", "")
    assert [may_contain(record.history, record.id_prefix, name) for name in names] == [True, *[False] * 4]


@cases(300)
@given(HISTORIES, st.data())
def test_a_restored_record_sends_its_last_step_again(told, data):
    """Whatever a step sent, decisions and states included, its record gives again, byte for byte."""
    delivered = [Delivered(topic, i, message) for i, (topic, message) in enumerate(told)]
    cut = data.draw(st.integers(0, len(delivered)))
    first = CORE.step("a", None, delivered[:cut], NOW_US)
    second = CORE.step("a", first.record, delivered[cut:], NOW_US)
    for outcome in (first, second):
        if outcome.record and outcome.changed:
            assert list(CORE.pending("a", outcome.record)) == list(outcome.sends)


@cases(200)
@given(HISTORIES)
def test_decoding_and_encoding_leaves_every_byte(told):
    """A record that is read and written again is the same bytes."""
    for raw in fold(told)[0].records.values():
        assert encode(decode(raw)) == raw


@cases(200)
@given(HISTORIES)
def test_whole_numbers_take_an_int_and_stay_equal(told):
    """A fact's numbers equal the message's, and are ints where they are whole."""
    for _, message in told:
        fact = fact_of(message)
        for theirs, ours in (("csat", "csat"), ("duration_minutes", "minutes"), ("quantity", "quantity")):
            value = getattr(message, theirs, None)
            if value is not None:
                assert getattr(fact, ours) == value
                assert isinstance(getattr(fact, ours), int) == (value % 1 == 0)


def test_an_account_of_twenty_events_stays_small():
    """Half a year's twenty events, with their evidence and decisions, are 1,280 bytes."""
    told = [*courtship(), *(purchase(170 + day) for day in range(2)), *(ticket(180 + day) for day in range(3))]
    assert len(told) == 20
    assert len(fold(told)[0].records["a"]) <= 1280
