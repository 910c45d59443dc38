"""Folding one fact: what it leaves in the account, which timers run before it, and what happens at equal moments."""

from math import exp2

import pytest
from msgspec import structs
from story import POLICY, command, fold, meeting, on, path, profile, purchase, record_of, ticket
from variants import variant

from relationship.classify.dimensions import allowance_us
from relationship.classify.fold import (
    CHANNEL_KEY,
    LINES_KEPT,
    MEETING_KEY,
    TICKET_CHANNEL_KEY,
    TICKET_KEY,
    advance,
    fresh,
)
from relationship.classify.timers import ACTIVITY_HALF_LIFE_US, decay, due_at, lapse_at, run_timers
from relationship.contract import enums
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.contract.times import DAY_US, micros
from relationship.policy.compiled import default_text, parse_policy
from relationship.policy.schedule import Schedule, Switch
from relationship.state import facts as f
from relationship.state.account import (
    CANDIDATE,
    CLIENT,
    CUSTOMER,
    LAPSED,
    ORDERS_REMEMBERED,
    PROSPECT,
    TICKETS_REMEMBERED,
    Account,
    Override,
    copy,
)
from relationship.state.facts_from_messages import fact_of

ALLOWED = POLICY.trade(None).lapse_us
HASTY = variant("hasty", lapse=30)


def day(days):
    """Return a moment of the story in µs."""
    return micros(on(days))


def folded(*told, onto=None, rules=POLICY):
    """Fold messages onto an account, in order."""
    account = fresh() if onto is None else onto
    for _, message in told:
        advance(account, fact_of(message), rules)
    return account


def bought(days):
    """Return an account that bought once, so many days into the story."""
    return folded(purchase(days))


def test_masses_halve_in_their_own_half_life():
    """After a dimension's half-life half is left of both masses, and of the activity after a year of 365 days."""
    for name in ("engagement", "trust", "bought"):
        account = Account(facts=1, good=[8.0] * len(DIMENSIONS), bad=[4.0] * len(DIMENSIONS), activity=2.0)
        i = INDEX[name]
        decay(account, int(POLICY.half_lives_us[i]), POLICY)
        assert (account.good[i], account.bad[i]) == (pytest.approx(4.0), pytest.approx(2.0))
    account = Account(facts=1, activity=2.0)
    decay(account, 365 * DAY_US, POLICY)
    assert account.activity == pytest.approx(1.0)
    assert account.t == ACTIVITY_HALF_LIFE_US == 365 * DAY_US


def test_every_dimension_decays_by_itself():
    """A mass of one dimension alone fades, whichever it is, for or against."""
    for i in range(len(DIMENSIONS)):
        good, bad = Account(facts=1), Account(facts=1)
        good.good[i] = bad.bad[i] = 1.0
        for account in (good, bad):
            decay(account, 90 * DAY_US, POLICY)
        left = exp2(-(90 * DAY_US / POLICY.half_lives_us[i]))
        assert good.good[i] == bad.bad[i] == pytest.approx(left)


def test_each_policy_decays_for_its_own_time():
    """Ten days under one half-life and ten under another; the time of the switch is in neither twice."""
    slow, quick = variant("slow", half_life=100), variant("quick", half_life=10)
    account = Account(facts=1, good=[1.0] * len(DIMENSIONS))
    decay(account, 20 * DAY_US, Schedule(slow, [Switch(10 * DAY_US, quick)]))
    assert account.good[INDEX["trust"]] == pytest.approx(exp2(-0.1) * exp2(-1.0))
    account = Account(facts=1, good=[1.0] * len(DIMENSIONS))
    decay(account, 10 * DAY_US, Schedule(slow, [Switch(10 * DAY_US, quick)]))
    assert account.good[INDEX["trust"]] == pytest.approx(exp2(-0.1))


def test_the_shortest_time_is_time():
    """A microsecond later the account is at that moment; at its own moment nothing fades."""
    account = Account(t=5, facts=1, good=[1.0] * len(DIMENSIONS), activity=1.0)
    decay(account, 5, POLICY)
    assert (account.t, account.activity) == (5, 1.0)
    decay(account, 6, POLICY)
    assert account.t == 6
    assert account.activity < 1.0


def test_time_does_not_run_backwards():
    """A look at an earlier moment leaves the account as it is."""
    account = Account(t=DAY_US, facts=1, good=[1.0] * len(DIMENSIONS), activity=1.0)
    decay(account, 0, POLICY)
    assert (account.t, account.good[0], account.activity) == (DAY_US, 1.0, 1.0)


def test_a_lapse_is_due_when_the_allowance_is_used_up():
    """The trade's allowance after the last sign of life; never for one that showed none, or that has lapsed."""
    assert lapse_at(bought(1), POLICY) == day(1) + ALLOWED
    assert lapse_at(folded(profile(1)), POLICY) is None
    lapsed = bought(1)
    lapsed.status = LAPSED
    assert lapse_at(lapsed, POLICY) is None


def test_a_client_is_missed_sooner():
    """A client's own share of its trade's allowance."""
    account = bought(1)
    account.status = CLIENT
    assert lapse_at(account, POLICY) == day(1) + POLICY.trade(None).client_lapse_us < day(1) + ALLOWED


@pytest.mark.parametrize(
    ("switch", "policy", "expected"),
    [
        (30, "patient", 210),  # due at the very switch to one that allows more: the new one says when
        (31, "patient", 30),  # due a day before it: lapsed by the old one
        (20, "hasty", 20),  # silent for longer than the new one allows already: lapsed at its switch
        (10, "hasty", 10),
        (5, "hasty", 10),  # not yet: ten days after the last sign
    ],
)
def test_a_lapse_at_a_switch_is_the_new_policys(switch, policy, expected):
    """The first moment at which the policy then in force says so; at the moment of the switch that is the new one."""
    first, then = {"patient": (HASTY, POLICY), "hasty": (HASTY, variant("ten", lapse=10))}[policy]
    schedule = Schedule(first, [Switch(day(switch), then)])
    assert lapse_at(bought(0), schedule) == day(expected)


def test_several_switches_before_a_lapse_are_all_looked_at():
    """Thirty days, then 210 from day 20, then ten from day 60: lapsed at day 60."""
    schedule = Schedule(HASTY, [Switch(day(20), POLICY), Switch(day(60), variant("ten", lapse=10))])
    assert lapse_at(bought(0), schedule) == day(60)


def test_the_earlier_of_a_lapse_and_an_overrides_end_is_due():
    """Whichever comes first; an override alone where nothing can lapse."""
    account = bought(0)
    for until, due in ((ALLOWED - 1, ALLOWED - 1), (ALLOWED + 1, ALLOWED)):
        account.override = Override(CLIENT, day(0) + until)
        assert due_at(account, POLICY) == day(0) + due
    silent = fresh()
    assert due_at(silent, POLICY) is None
    silent.override = Override(CLIENT, 7)
    assert due_at(silent, POLICY) == 7


def test_a_timer_runs_strictly_before_the_moment_asked_for():
    """At its own moment it has not run, one microsecond later it has: then status, moment and what it was are noted."""
    account = bought(0)
    assert run_timers(account, day(0) + ALLOWED, POLICY) == []
    (change,) = run_timers(account, day(0) + ALLOWED + 1, POLICY)
    assert (change.t, change.source, change.target, change.direction) == (day(0) + ALLOWED, CUSTOMER, LAPSED, "lapse")
    assert change.cause == "2024-07-29T09:00:00Z"
    assert (account.t, account.since, account.was, account.status) == (change.t, change.t, CUSTOMER, LAPSED)
    assert change.account == account
    assert change.account is not account


def test_a_lapse_under_an_override_is_not_told_before_its_end():
    """The evidence lapses silently; when the override ends, that is what is told."""
    account = bought(0)
    account.override = Override(CLIENT, day(0) + ALLOWED + 5)
    changes = run_timers(account, day(0) + ALLOWED + 6, POLICY)
    assert [(c.t, c.source, c.target, c.direction) for c in changes] == [
        (day(0) + ALLOWED + 5, CLIENT, LAPSED, "override")
    ]
    assert account.since == day(0) + ALLOWED


def test_an_override_that_hides_nothing_ends_without_a_word():
    """The status told is the same before and after."""
    account = bought(0)
    account.override = Override(CUSTOMER, day(5))
    assert run_timers(account, day(5) + 1, POLICY) == []
    assert (account.override, account.t) == (None, day(5))


def test_an_overrides_end_that_was_missed_happens_at_the_accounts_moment():
    """Due before the account's own moment it is told there, named by when it was due."""
    account = bought(10)
    account.override = Override(CLIENT, day(5))
    (change,) = run_timers(account, day(10) + 1, POLICY)
    assert (change.t, change.cause) == (day(10), "2024-01-06T09:00:00Z")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1)])
def test_an_override_due_at_an_events_moment_ends_right_after_it(order):
    """The event still falls under the override; its end is told at the same moment, in whatever order they arrive."""
    told = [purchase(1, "p"), command(2, "override", "o", status="client", until=on(10)), purchase(10, "q")]
    replay, decisions = fold([told[i] for i in order])
    head = record_of(replay).head
    last = decisions[-1]
    assert (last["effective_at"], last["from"], last["to"]) == ("2024-01-11T09:00:00Z", "client", "customer")
    assert (last["direction"], last["caused_by"]) == ("override", "2024-01-11T09:00:00Z")
    assert (head.override, head.purchases) == (None, 2)


def test_events_of_one_moment_fold_in_the_order_of_their_topics_and_ids():
    """A profile before a purchase before a ticket before a meeting before a command, and by id within a topic."""
    told = [
        command(1, "override", "a", status="client", until=on(9)),
        meeting(1, "b"),
        ticket(1, "c"),
        purchase(1, "z"),
        purchase(1, "d"),
        profile(1, "e"),
    ]
    replay, decisions = fold(told)
    assert [fact.id for fact in record_of(replay).facts()] == ["e", "d", "z", "c", "b", "a"]
    assert [each["caused_by"] for each in decisions if each["direction"] != "correction"][-2:] == ["z", "a"]
    assert path(decisions)[-1] == "client"


def test_a_command_is_no_evidence():
    """It ends or sets an override, and what the evidence says is asked at the next event: nothing is promoted by it."""
    account = folded(purchase(1))
    account.status, account.since = CANDIDATE, day(1)
    changes, _ = advance(account, fact_of(command(200, "release")[1]), POLICY)
    assert (changes, account.status) == ([], CANDIDATE)
    changes, _ = advance(account, fact_of(profile(201)[1]), POLICY)
    assert [(c.source, c.target, c.t) for c in changes] == [(CANDIDATE, CUSTOMER, day(201))]
    assert account.since == day(201)


def test_commands_of_other_kinds_leave_an_override_in_force():
    """Only an override with status and until sets one, only a release ends one, and of a merged account not even that."""
    account = folded(purchase(1), command(2, "override", status="client", until=on(90)))
    assert account.override == Override(CLIENT, day(90))
    folded(command(3, "correct", corrects="x", value=None), command(4, "merge", into="b"), onto=account)
    assert account.override == Override(CLIENT, day(90))
    assert folded(command(5, "release"), onto=account).override == Override(CLIENT, day(90))
    folded(command(6, "unmerge", into="c"), command(6, "release"), onto=account)
    assert account.override == Override(CLIENT, day(90))
    assert folded(command(7, "unmerge", into="b"), command(7, "release"), onto=account).override is None
    assert folded(command(6, "override", status="client")).override is None
    assert folded(command(6, "override", until=on(90))).override is None


def test_the_rhythm_is_a_running_mean_of_gaps():
    """10 days, then 20: 10 + 0.3 x (20 - 10) = 13, spread 0.3 x 10 = 3; then 13 again: spread 3 - 0.3 x 3 = 2.1."""
    account = folded(purchase(0), purchase(10))
    assert (account.gap, account.spread) == (10.0, 0.0)
    folded(purchase(30), onto=account)
    assert (account.gap, account.spread) == (pytest.approx(13.0), pytest.approx(3.0))
    folded(purchase(43), onto=account)
    assert (account.gap, account.spread) == (pytest.approx(13.0), pytest.approx(2.1))
    assert (account.first, account.last) == (day(0), day(43))


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
    """By the order's id however far apart; without one, within half a day of the visit's first; money counts lines."""
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


def test_who_never_gave_a_sign_of_life_lapses_too():
    """A refund alone, or a contact of ours that nobody answered, is heard of, and its silence is measured from there."""
    refund = folded(purchase(3, entry="refund"))
    assert (refund.last, refund.heard) == (None, day(3))
    assert lapse_at(refund, POLICY) == day(3) + allowance_us(refund, POLICY, POLICY.trade(None))
    assert lapse_at(folded(profile(3)), POLICY) is None
    assert folded(purchase(3), purchase(4, "r", entry="refund")).heard is None


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
    """Of one too many the first is gone; one touched again moves to the end, and the next goes instead."""
    most = TICKETS_REMEMBERED
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


def guest(**fields):
    """Return the profile of an account merged in."""
    own = fact_of(profile(1, "guest", **fields)[1])
    return f.MergedProfileFact(*(getattr(own, name) for name in own.__struct_fields__))


@pytest.mark.parametrize("own_first", [True, False])
def test_an_own_profile_lies_over_a_merged_one(own_first):
    """Field by field the own one wins, agreement and flags included, whichever came first; a later one replaces its kind."""
    own = fact_of(profile(1, "own", industry="law", party=None, market=None, account_manager="x")[1])
    contract = {"id": "c", "kind": "policy", "signed_on": on(-9).date()}
    other = guest(
        industry="retail", party="business", scope="internal", market="wholesale", contract=contract, goals="g"
    )
    account = fresh()
    for fact in (own, other) if own_first else (other, own):
        advance(account, fact, POLICY)
    assert account.profile == f.ProfileFact(
        own.t, "own", own.industry, other.party, other.scope, other.market, other.contract, own.flags | other.flags
    )
    assert account.bought == day(1)
    later = fact_of(profile(2, "later", industry="saas", scope="external", market="consumer")[1])
    advance(account, later, POLICY)
    assert account.profile.id == "later"
    assert (account.profile.industry, account.profile.scope, account.profile.market) == (
        later.industry,
        later.scope,
        later.market,
    )
    assert account.profile.contract == other.contract


@pytest.mark.parametrize("name", ["industry", "party", "scope", "market"])
def test_what_an_own_profile_leaves_open_is_filled_in(name):
    """Field by field: the own one's where it says something, the merged one's where it does not."""
    said = {"industry": "law", "party": "institution", "scope": "internal", "market": "wholesale"}
    own = fact_of(profile(1, "own", **{**said, name: None})[1])
    other = guest(industry="retail", party="business", scope="external", market="consumer")
    account = fresh()
    for fact in (own, other):
        advance(account, fact, POLICY)
    for each in said:
        assert getattr(account.profile, each) == getattr(other if each == name else own, each)


def test_an_own_agreement_lies_over_a_merged_one():
    """The account's own, where both have one."""
    mine = {"id": "m", "kind": "retainer", "signed_on": on(-3).date()}
    theirs = {"id": "t", "kind": "policy", "signed_on": on(-9).date()}
    own, other = fact_of(profile(1, "own", contract=mine)[1]), guest(contract=theirs)
    account = fresh()
    for fact in (other, own):
        advance(account, fact, POLICY)
    assert account.profile.contract == own.contract
    later = fact_of(profile(3, "later")[1])
    advance(account, later, POLICY)
    assert account.profile.contract == other.contract
    assert account.own_profile == later


def test_a_merged_profile_alone_is_the_profile():
    """As a plain one: a record has no place for the other type there."""
    account = fresh()
    advance(account, guest(industry="retail"), POLICY)
    assert type(account.profile) is f.ProfileFact
    assert account.profile.industry == enums.INDUSTRIES.index("retail")
    assert account.own_profile is None
    assert account.merged_profile is not None


def test_a_profile_replaces_the_one_before_whole():
    """What a later profile leaves out is not known any more."""
    account = folded(profile(1, industry="law"), profile(2, industry=None, party=None, market=None))
    assert account.industry is None
    assert account.profile.id == "e2"


def test_a_lapsed_account_is_brought_back_by_a_sign_of_life_alone():
    """A refund is none; the purchase behind it is, and the account is a customer again from then on."""
    account = bought(0)
    refund = folded(purchase(300, entry="refund"), onto=copy(account))
    assert (refund.status, refund.was) == (LAPSED, CUSTOMER)
    back = folded(purchase(301), onto=refund)
    assert (back.status, back.since, back.was) == (CUSTOMER, day(301), CUSTOMER)


def test_a_fresh_account_is_a_prospect_without_an_event():
    """Nothing is known of it: no time, no mass, no count, no profile, and no rhythm by which it would fade otherwise."""
    assert fresh() == Account()
    nothing = {name for name, value in structs.asdict(fresh()).items() if value in (0, None, [], {}, [0.0] * 14)}
    assert nothing == set(Account.__struct_fields__) - {"stretch"}
    assert fresh().stretch == 1
    assert (fresh().status, fresh().effective_status, fresh().industry) == (PROSPECT, PROSPECT, None)


def test_a_copy_is_free_of_its_original():
    """Folding onto the one leaves the other as it is, in every part that a fold changes."""
    account = folded(profile(0), purchase(1, category="a"), ticket(2), meeting(3))
    twin = copy(account)
    assert twin == account
    before = repr(account)
    folded(purchase(60, category="b", currency="USD"), ticket(61), meeting(62, kind="review"), onto=twin)
    assert repr(account) == before
    assert twin != account


def test_evidence_is_weighed_by_the_policy_of_the_facts_own_time():
    """A purchase right before a switch by the first policy, at the switch by the second."""
    goods = "goods        = { bought = -1.0, loyalty = 0.5 }"
    assert goods in default_text()
    trusting = parse_policy(default_text().replace(goods, "goods = { trust = 5.0 }"), "trusting")
    schedule = Schedule(POLICY, [Switch(day(5), trusting)])
    assert folded(purchase(4.999), rules=schedule).good[INDEX["trust"]] == 0.0
    assert folded(purchase(5), rules=schedule).good[INDEX["trust"]] == 5.0
