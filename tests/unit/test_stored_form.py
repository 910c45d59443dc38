"""What is stored of a message, of an account and of a record, number by number: a change of it is one of the layout."""

from datetime import date

import msgspec
import pytest
from story import command, meeting, on, profile, purchase, ticket

from relationship.contract import enums
from relationship.contract import messages as m
from relationship.contract.outcome import Delivered
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord, DecisionInForce, ShadowAccount, decode, encode, newer

DAY_2 = 1_704_186_000_000_000  # 2024-01-02T09:00:00Z


def stored(told):
    """Return what is stored of a message behind its tag, time and id."""
    tag, t, name, *rest = msgspec.to_builtins(fact_of(told[1]))
    assert (t, name) == (DAY_2, "x")
    return tag, rest


def flags(told):
    """Return the flags stored of a message."""
    return fact_of(told[1]).flags


def test_a_purchase_is_stored_field_by_field():
    """Its kind is goods where it does not say; the order is the CRC of its id, and nobody refers a refund or itself."""
    assert stored(purchase(1, "x")) == (1, ["10.00", "EUR", 0, 0, None, None, None, 0, None, None])
    whole = purchase(
        1, "x", amount="7.5", currency="USD", kind="retainer", category="c", channel="bot", quantity=3.0,
        order_id="o-1", referred_by="b",
    )  # fmt: skip
    assert stored(whole) == (1, ["7.5", "USD", 4, 0, "c", 6, 3, 0, 3443396570, "b"])
    assert stored(purchase(1, "x", entry="refund", referred_by="b"))[1] == [
        *("10.00", "EUR", 0, 1),
        *(None, None, None, 0, None, None),
    ]
    assert stored(purchase(1, "x", referred_by="a"))[1][-1] is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0),
        ({"entry": "sale"}, 0),
        ({"entry": "refund"}, 1),
        ({"customised": True}, 2),
        ({"customised": False}, 0),
        ({"discount_code": "SPRING"}, 4),
        ({"discount_code": "SPRING", "list_price": "9.00"}, 4),
        ({"list_price": "10.01"}, 4),
        ({"list_price": "10"}, 8),
        ({"list_price": "9.99"}, 16),
        ({"contract_id": "c"}, 32),
        ({"due_on": date(2024, 1, 9), "paid_on": date(2024, 1, 8)}, 64),
        ({"due_on": date(2024, 1, 9), "paid_on": date(2024, 1, 9)}, 64),
        ({"due_on": date(2024, 1, 9), "paid_on": date(2024, 1, 10)}, 128),
        ({"due_on": date(2024, 1, 9)}, 0),
        ({"paid_on": date(2024, 1, 9)}, 0),
        ({"entry": "refund", "customised": True, "list_price": "10.00", "contract_id": "c"}, 1 + 2 + 8 + 32),
    ],
)
def test_each_flag_of_a_purchase_is_a_bit_of_its_own(fields, expected):
    """A code is a discount whatever the price; paid on the day it is due is on time, and without a day due it is neither."""
    assert flags(purchase(1, "x", **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0),
        ({"sla_met": True}, 1),
        ({"sla_met": False}, 2),
        ({"outcome_met": True}, 4),
        ({"outcome_met": False}, 8),
        ({"sla_met": False, "outcome_met": True}, 6),
    ],
)
def test_each_flag_of_a_ticket_is_a_bit_of_its_own(fields, expected):
    """What it does not say is neither met nor missed."""
    assert flags(ticket(1, "x", **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0),
        ({"outcome_met": True}, 4),
        ({"outcome_met": False}, 8),
        ({"requirement_change": True}, 16),
        ({"requirement_change": False}, 0),
        ({"no_show": True}, 32),
        ({"no_show": False}, 0),
        ({"contract_signed": True}, 64),
        ({"contract_signed": False}, 0),
        ({"outcome_met": True, "requirement_change": True, "contract_signed": True}, 84),
    ],
)
def test_each_flag_of_a_meeting_is_a_bit_of_its_own(fields, expected):
    """Only an outcome has a bit for its contrary."""
    assert flags(meeting(1, "x", **fields)) == expected


def test_the_names_of_the_flags_are_the_bits_that_are_stored():
    """Each test of a bit goes by its name; two names of one kind never share a bit."""
    assert (f.REFUND, f.CUSTOMISED, f.DISCOUNTED, f.FULL_PRICE) == (1, 2, 4, 8)
    assert (f.PREMIUM, f.UNDER_CONTRACT, f.PAID_ON_TIME, f.PAID_LATE) == (16, 32, 64, 128)
    assert (f.SLA_MET, f.SLA_MISSED, f.OUTCOME_MET, f.OUTCOME_MISSED) == (1, 2, 4, 8)
    assert (f.NEEDS_CHANGED, f.NO_SHOW, f.SIGNED) == (16, 32, 64)
    assert (f.HAS_MANAGER, f.HAS_GOALS) == (1, 2)


def test_a_ticket_is_stored_field_by_field():
    """The ticket by the CRC of its id; sentiment and score as they are, and what it does not say as null."""
    assert stored(ticket(1, "x", ticket_id="t-1", channel=None)) == (
        2,
        [3712828235, 0, 0, None, None, None, None, 0, None, 0],
    )
    whole = ticket(
        1, "x", ticket_id="t-1", status="closed", kind="cancellation", channel="bot", initiator="us", sentiment=-0.25,
        csat=4.0, reason="other",
    )  # fmt: skip
    assert stored(whole)[1][1:] == [3, 6, 5, 1, -0.25, 4, 0, 4, 0]


def test_a_meeting_is_stored_field_by_field():
    """Its minutes whole where they are; heads of theirs before ours."""
    whole = meeting(
        1, "x", kind="interview", duration_minutes=30.5, channel="phone", initiator="us", attendees_theirs=2,
        attendees_ours=1,
    )  # fmt: skip
    assert stored(whole) == (3, [10, 30.5, 2, 1, 2, 1, 0, 0])
    assert stored(meeting(1, "x", channel=None, initiator=None)) == (3, [4, 60, None, None, None, None, 0, 0])


def test_a_profile_is_stored_field_by_field():
    """The contract's days count from the epoch, its end is null where it has none; a manager and goals are a bit each."""
    contract = {"id": "c", "kind": "policy", "signed_on": date(1970, 1, 3), "ends_on": date(1971, 1, 1)}
    whole = profile(
        1, "x", industry="other", party="institution", scope="internal", market="wholesale", contract=contract
    )
    assert stored(whole) == (0, [16, 2, 1, 3, (2, 2, 365), 0])
    endless = profile(1, "x", contract={"id": "c", "kind": "retainer", "signed_on": date(1970, 1, 1)})
    assert stored(endless)[1][4] == (0, 0, None)
    told = {"account_manager": "kim", "goals": "grow"}
    assert [flags(profile(1, "x", **{name: told[name]})) for name in told] == [1, 2]
    assert (flags(profile(1, "x")), flags(profile(1, "x", **told))) == (0, 3)


def test_a_command_is_stored_field_by_field():
    """Positions of its name and its status; a target of a merge alone, the topic of what it corrects as a rank."""
    override = command(1, "override", "x", status="lapsed", until=on(1), into="b")
    assert stored(override) == (5, [0, 4, DAY_2, None, None, None])
    assert stored(command(1, "merge", "x", into="b"))[1] == [2, None, None, None, None, "b"]
    assert stored(command(1, "unmerge", "x", into="b"))[1] == [3, None, None, None, None, "b"]
    for topic, rank in ((m.PROFILES, 0), (m.PURCHASES, 1), (m.TICKETS, 2), (m.MEETINGS, 3)):
        assert stored(command(1, "correct", "x", corrects="y", topic=topic))[1] == [5, None, None, "y", rank, None]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["x", "b", 0, False]),
        ({"action": "credited", "credit": "k", "revision": 2}, ["k", "b", 2, False]),
        ({"action": "withdrawn", "credit": "k", "revision": 3}, ["k", "b", 3, True]),
    ],
)
def test_a_credit_is_stored_under_the_id_it_had_first(fields, expected):
    """With the number of its revision, and whether it was withdrawn."""
    referral = m.Referral(event_id="x", account_id="a", occurred_at=on(1), referred="b", **fields)
    assert msgspec.to_builtins(fact_of(referral)) == [4, DAY_2, *expected]


def test_what_an_older_fact_does_not_say_is_the_default():
    """A field added at its end reads as nothing: no offset from UTC, no order, no referrer, a first credit that stands."""
    cases = [
        ([1, 5, "p", "1", "EUR", 0, 0, None, None, None], ("zone", "order", "referrer"), (0, None, None)),
        ([2, 5, "t", 7, 0, 0, None, None, None, None, 0, None], ("zone",), (0,)),
        ([3, 5, "m", 0, 60, None, None, None, None, 0], ("zone",), (0,)),
        ([4, 5, "r"], ("referred", "revision", "withdrawn"), (None, 0, False)),
        ([5, 5, "c", 1, None, None, None, None], ("into",), (None,)),
    ]
    for raw, names, expected in cases:
        (fact,) = f.decode_history(1, msgspec.msgpack.encode(raw))
        assert tuple(getattr(fact, name) for name in names) == expected


def test_facts_of_one_moment_have_their_topics_order():
    """The ranks are stored beside offsets and in corrections; a move has one of its own, which no fact has."""
    assert [*f.RANK.values()] == [0, 1, 2, 3, 4, 5, 6]
    assert f.RANK_OF_TOPIC == {
        m.PROFILES: 0, m.PURCHASES: 1, m.TICKETS: 2, m.MEETINGS: 3, m.REFERRALS: 4, m.COMMANDS: 5, m.MOVES: 7,
    }  # fmt: skip
    assert f.order(fact_of(meeting(1, "x")[1])) == (DAY_2, 3, "x")


def test_a_history_of_fewer_facts_than_it_should_hold_is_an_error():
    """As is one of more."""
    raw = f.encode_history([f.ReferralFact(1, "r")])
    for count in (0, 2):
        with pytest.raises(msgspec.DecodeError):
            f.decode_history(count, raw)


def test_the_statuses_are_stored_by_their_place():
    """As they stand in the contract."""
    assert (PROSPECT, CUSTOMER, CANDIDATE, CLIENT, LAPSED) == (0, 1, 2, 3, 4)
    assert enums.STATUSES == ("prospect", "customer", "candidate", "client", "lapsed")


def test_what_an_older_account_does_not_say_is_nothing():
    """An empty one is read as an account of which nothing is known, and each number begins at nothing."""
    nothing = [0, [0.0] * 14, [0.0] * 14, 0.0, 0, None, None, 0.0, 0.0, 0, 0, {}, [], 0, 0, [], 0, 0, 0, {}, None, None]
    nothing += [0, 0, 0, None, None, None, [], None, None, False, None, 0, None, None, 0, 0, 0, 0, 0, 1, 0, 0]
    nothing += [None] * 5 + [0]
    assert msgspec.to_builtins(Account()) == nothing
    assert msgspec.msgpack.decode(b"\x90", type=Account) == Account()


def test_what_an_older_record_does_not_say_is_nothing():
    """Of the present layout, with no message reflected, no decision made and nothing to send."""
    account = msgspec.to_builtins(Account())
    nothing = [
        2,
        0,
        {},
        0,
        0,
        account,
        None,
        None,
        0,
        b"",
        "",
        0,
        [],
        None,
        0,
        0,
        b"",
        None,
        [],
        "",
        None,
        None,
        0,
        [],
        b"",
        [],
        0,
    ]
    assert msgspec.msgpack.decode(encode(AccountRecord())) == nothing
    assert decode(msgspec.msgpack.encode([2])) == AccountRecord()
    shadow = ShadowAccount("m", Account(), exact=True)
    assert (shadow.difference, shadow.published) == (None, False)


def test_a_record_gives_way_to_the_same_and_to_a_later_one():
    """By the clock of whoever wrote it, and by the number of its writes where that clock stood still."""
    one, two = (encode(AccountRecord(revision=revision)) for revision in (1, 2))
    assert [newer(one, two), newer(one, one), newer(two, one)] == [True, True, False]
    many, late = (
        encode(AccountRecord(revision=9, written_ms=1_000)),
        encode(AccountRecord(revision=2, written_ms=1_001)),
    )
    assert [newer(many, late), newer(late, late), newer(late, many)] == [True, True, False]


def test_a_decision_that_moved_is_told_under_its_first_time():
    """However often it moves; back at that time it is as if it had never moved."""
    decision = DecisionInForce(3, 50, 1, 3, 0, "cause")
    moved = decision.moved_to(60)
    assert (moved.t, moved.told, moved.effective) == (60, 50, 50)
    assert moved.moved_to(70) == DecisionInForce(3, 70, 1, 3, 0, "cause", 50)
    assert moved.moved_to(50) == decision
    assert decision.moved_to(50) == decision
    assert decision.effective == 50


def test_a_decision_is_the_same_by_time_statuses_and_direction():
    """Whatever causes it now."""
    decision = DecisionInForce(3, 50, 1, 3, 0, "cause")
    same = (50, 1, 3, decision.direction)
    assert decision.same_as(*same)
    for i, other in enumerate((51, 0, 2, "lapse")):
        assert not decision.same_as(*same[:i], other, *same[i + 1 :])


def test_a_message_from_a_file_was_stored_at_no_time_and_may_be_no_later_than_others():
    """Only a record of Kafka says when it was stored, and only its sender may allow it to be late."""
    told = Delivered(m.PURCHASES, 7, purchase(1)[1])
    assert (told.arrived_ms, told.lateness_us, told.covered, told.traceparent) == (0, 0, False, None)
