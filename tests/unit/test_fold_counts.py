"""What one fact leaves in its account: rhythm, months, purchases and their lines, tickets, and what was seen."""

import pytest
from folding import bought, day, folded
from story import POLICY, meeting, on, profile, purchase, ticket

from relationship.classify.fold import (
    CHANNEL_KEY,
    LINES_KEPT,
    MEETING_KEY,
    TICKET_CHANNEL_KEY,
    TICKET_KEY,
)
from relationship.contract import enums
from relationship.contract.names import INDEX
from relationship.contract.times import DAY_US
from relationship.state.account import (
    CANDIDATE,
    ORDERS_REMEMBERED,
    TICKETS_REMEMBERED,
    copy,
)
from relationship.state.facts_from_messages import fact_of


def test_the_rhythm_is_a_running_mean_of_gaps():
    """10 days, then 20: 10 + 0.3 x (20 - 10) = 13, spread 0.3 x 10 = 3; then 13 again: spread 3 - 0.3 x 3 = 2.1."""
    account = folded(purchase(0), purchase(10))
    assert (account.gap, account.spread) == (10.0, 0.0)
    folded(purchase(30), onto=account)
    assert (account.gap, account.spread) == (pytest.approx(13.0), pytest.approx(3.0))
    folded(purchase(43), onto=account)
    assert (account.gap, account.spread) == (pytest.approx(13.0), pytest.approx(2.1))
    assert (account.first, account.last) == (day(0), day(43))


def test_the_longest_silence_that_a_candidate_came_back_from_is_kept():
    """In whole days, of a candidate or a client alone; a shorter one after it changes nothing."""
    account = folded(purchase(0))
    account.status = CANDIDATE
    folded(purchase(50.5), onto=account)
    account.status = CANDIDATE
    assert account.longest == 50
    folded(purchase(70), onto=account)
    assert account.longest == 50
    assert folded(purchase(0), purchase(50)).longest == 0


def test_signs_of_life_within_half_a_day_are_one_visit():
    """Half a day apart is a gap, a moment less is none; what is no sign of life is neither."""
    assert folded(purchase(0), purchase(0.5)).gap == 0.5
    almost = folded(purchase(0), purchase(0.4999))
    assert (almost.gap, almost.last) == (0.0, day(0.4999))
    assert folded(purchase(0), purchase(3, entry="refund")).last == day(0)


def test_active_months_are_bits_of_the_last_36():
    """January, January and March are 0b101; after 35 more months the first is the highest bit, after 36 it is gone."""
    account = folded(purchase(0), purchase(20), purchase(61))
    assert (account.months, account.month) == (0b101, 2024 * 12 + 3)
    start = folded(purchase(0))
    assert folded(purchase(366 + 365 + 350), onto=copy(start)).months == (1 << 35) | 1
    assert folded(purchase(366 + 365 + 366), onto=copy(start)).months == 1


def test_activity_counts_signs_of_life():
    """Two meetings at once are two, two purchases of one visit or order are one; a missed meeting is none."""
    assert folded(meeting(0), meeting(0, "x"), meeting(0, "y", no_show=True)).activity == 2.0
    assert folded(purchase(0), purchase(0, "x"), meeting(0, no_show=True)).activity == 1.0
    assert folded(purchase(0, order_id="o"), purchase(0, "x", order_id="o2")).activity == 2.0


def test_lines_of_one_order_are_one_purchase_and_all_of_its_money():
    """By the order's id however far apart, of eight orders; without one, within half a day of the visit's first."""
    assert ORDERS_REMEMBERED == 8
    lines = [purchase(i / 50, f"l{i}", amount="2.00") for i in range(20)]
    one = folded(*lines)
    assert (one.purchases, one.spent, one.quantity) == (1, {"EUR": "40.00"}, 0)
    assert folded(purchase(0), purchase(0.4999, "x")).purchases == 1
    assert folded(purchase(0), purchase(0.5, "x")).purchases == 2
    assert folded(purchase(0), purchase(0.4, "x"), purchase(0.8, "y")).purchases == 2
    shipped = [purchase(day, f"s{day}", order_id="o-1") for day in (0, 3, 9)]
    assert folded(*shipped).purchases == 1
    assert folded(*shipped, purchase(9, "other", order_id="o-2")).purchases == 2
    between = [purchase(1 + i, f"b{i}", order_id=f"b-{i}") for i in range(ORDERS_REMEMBERED)]
    assert folded(shipped[0], *between[:-1], purchase(20, "z", order_id="o-1")).purchases == ORDERS_REMEMBERED
    assert folded(shipped[0], *between, purchase(20, "z", order_id="o-1")).purchases == ORDERS_REMEMBERED + 2


def test_a_further_line_is_no_custom_kept_again():
    """It says what is bought, and nothing of loyalty: one basket is no habit."""
    once, lines = folded(purchase(0)), folded(*(purchase(0, f"l{i}") for i in range(20)))
    assert lines.good[INDEX["loyalty"]] == once.good[INDEX["loyalty"]] > 0
    assert lines.bad[INDEX["bought"]] == 20 * once.bad[INDEX["bought"]] > 0


def test_a_refund_of_nothing_is_nothing():
    """It leaves no mark but its being known; a refund of a cent does."""
    zero, cent = (purchase(1, "r", entry="refund", amount=amount) for amount in ("0.00", "0.01"))
    assert (folded(purchase(0), zero).refunds, folded(purchase(0), zero).spent) == (0, {"EUR": "10.00"})
    assert folded(purchase(0), zero).bad[INDEX["value"]] == 0.0 < folded(purchase(0), cent).bad[INDEX["value"]]
    assert folded(purchase(0), cent).refunds == 1


def test_an_only_purchase_that_was_refunded_in_full_makes_no_buyer():
    """Two purchases, a refund in part, another currency or an agreement leave one; so does a later purchase."""
    refund = purchase(1, "r", entry="refund")
    assert (folded(purchase(0), refund).bought, folded(purchase(0), refund).purchases) == (None, 0)
    part = purchase(1, "r", entry="refund", amount="9.99")
    abroad = purchase(1, "r", entry="refund", currency="USD")
    agreed = profile(0.5, contract={"id": "c", "kind": "retainer", "signed_on": on(0).date()})
    for more in ((part,), (abroad,), (agreed, refund), (refund, purchase(2, "z")), (purchase(0.9, "y"), refund)):
        assert folded(purchase(0), *more).bought is not None


def test_the_first_exchange_makes_the_account_a_buyer_once():
    """A purchase, a signed meeting or an agreement that has begun; a refund, a missed meeting or one to come is none."""
    begun = {"id": "c", "kind": "retainer", "signed_on": on(5).date()}
    for told in (purchase(5), meeting(5, contract_signed=True), profile(5, contract=begun)):
        assert folded(told).bought == day(5)
        assert folded(told, purchase(7), onto=bought(1)).bought == day(1)
    coming = {"id": "c", "kind": "retainer", "signed_on": on(6).date()}
    for told in (
        purchase(5, entry="refund"),
        meeting(5),
        meeting(5, contract_signed=True, no_show=True),
        profile(5, contract=coming),
        profile(5),
    ):
        assert folded(told).bought is None


def test_purchases_are_counted_and_refunds_apart():
    """Quantities add up where they are given; a refund takes off the sum and is no purchase."""
    account = folded(purchase(1, quantity=2), purchase(2), purchase(3, entry="refund", quantity=9, amount="4.50"))
    assert (account.purchases, account.refunds, account.quantity) == (2, 1, 2)
    assert account.spent == {"EUR": "15.50"}
    assert account.facts == 3


def test_a_line_of_business_is_growth_a_while_after_the_last():
    """Thirty days after the last new line it is growth, a moment less is one shopping trip; a known line is none."""
    gap = POLICY.source.shape.line_gap
    grown = folded(purchase(0, category="a"), purchase(gap, category="b"), purchase(gap + 40, category="a"))
    assert (grown.growth, len(grown.lines), grown.line_at) == (1, 2, day(gap))
    trip = folded(purchase(0, category="a"), purchase(gap - 0.001, category="b"))
    assert (trip.growth, len(trip.lines), trip.line_at) == (0, 2, day(gap - 0.001))
    assert folded(purchase(0, category="a")).growth == 0
    assert folded(purchase(0, entry="refund", category="a")).lines == []


def test_no_more_than_16_lines_are_told_apart():
    """The seventeenth is not noted, and is no growth."""
    told = [purchase(40 * i, category=f"line {i}") for i in range(LINES_KEPT + 1)]
    account = folded(*told)
    assert LINES_KEPT == 16
    assert (len(account.lines), account.growth) == (16, 15)


def test_the_ticket_touched_longest_ago_is_forgotten():
    """Of sixty-five the first is gone; one touched again moves to the end, and the next goes instead."""
    most = 64
    ids = [fact_of(ticket(i, f"t{i}")[1]).ticket for i in range(most + 1)]
    full, one_more = [ticket(i, f"t{i}") for i in range(most)], ticket(most, f"t{most}")
    assert folded(*full).tickets == ids[:most]
    assert not folded(*full).tickets_forgotten
    assert folded(*full, one_more).tickets == ids[1:]
    assert folded(*full, one_more).tickets_forgotten
    again = ticket(most - 0.5, "x", ticket_id="t0", status="updated")
    assert folded(*full, again).tickets == [*ids[1:most], ids[0]]
    assert folded(*full, again, one_more).tickets == [*ids[2:most], ids[0], ids[most]]


def test_a_change_of_a_forgotten_ticket_is_no_new_ticket():
    """Where tickets were forgotten, whatever does not open one counts as a change; where none was, as a new one."""
    most = TICKETS_REMEMBERED
    few, many = ([ticket(i, f"t{i}", kind="advice") for i in range(n)] for n in (most, most + 1))
    closed = ticket(most + 5, "x", ticket_id="t0", kind="advice", status="closed")
    unknown = ticket(most + 5, "x", ticket_id="never seen", kind="advice", status="closed")
    opened = ticket(most + 5, "x", ticket_id="never seen", kind="advice", status="opened")
    gain = {
        name: folded(*told, last).good[INDEX["trust"]] - folded(*told, profile(most + 5, "look")).good[INDEX["trust"]]
        for name, told, last in (
            ("known", few, closed),
            ("new", few, unknown),
            ("forgotten", many, closed),
            ("unknown", many, unknown),
            ("opened", many, opened),
        )
    }
    assert gain["forgotten"] == gain["unknown"] == pytest.approx(gain["known"])
    assert gain["opened"] == pytest.approx(gain["new"])
    assert gain["new"] > 5 * gain["known"]


def test_kinds_and_channels_of_contact_are_noted_with_their_day():
    """A ticket's and a meeting's apart; a bot's, an unanswered one of ours and a missed meeting are no contact."""
    today = day(3) // DAY_US
    kind, channel = enums.TICKET_KINDS.index("advice"), enums.TICKET_CHANNELS.index("phone")
    assert folded(ticket(3, kind="advice", channel="phone")).seen == {
        TICKET_KEY + kind: today,
        TICKET_CHANNEL_KEY + channel: today,
    }
    kind, channel = enums.MEETING_KINDS.index("review"), enums.MEETING_CHANNELS.index("video")
    assert folded(meeting(3, kind="review", channel="video")).seen == {
        MEETING_KEY + kind: today,
        CHANNEL_KEY + channel: today,
    }
    assert folded(ticket(3, channel=None)).seen == {TICKET_KEY: today}
    assert folded(meeting(3, kind="sales", channel=None)).seen == {MEETING_KEY: today}
    for told in (ticket(3, channel="bot"), ticket(3, initiator="us"), meeting(3, no_show=True)):
        assert folded(told).seen == {}


def test_the_keys_of_what_was_seen_are_disjoint():
    """Kinds and channels of tickets and of meetings never share one; they are stored, so they are what they were."""
    assert (MEETING_KEY, TICKET_KEY, CHANNEL_KEY, TICKET_CHANNEL_KEY) == (0, 32, 64, 80)
    ranges = [
        range(key, key + len(names))
        for key, names in (
            (MEETING_KEY, enums.MEETING_KINDS),
            (TICKET_KEY, enums.TICKET_KINDS),
            (CHANNEL_KEY, enums.MEETING_CHANNELS),
            (TICKET_CHANNEL_KEY, enums.TICKET_CHANNELS),
        )
    ]
    keys = [key for each in ranges for key in each]
    assert len(set(keys)) == len(keys)
