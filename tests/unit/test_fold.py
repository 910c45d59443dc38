"""Folding one fact: what happens at equal moments, what a command leaves, and what an account is before and after."""

import pytest
from folding import bought, day, folded
from msgspec import structs
from story import POLICY, command, fold, meeting, on, path, profile, purchase, record_of, ticket

from relationship.classify.fold import (
    advance,
    fresh,
)
from relationship.contract.names import INDEX
from relationship.policy.compiled import default_text, parse_policy
from relationship.policy.schedule import Schedule, Switch
from relationship.state.account import (
    CANDIDATE,
    CLIENT,
    CUSTOMER,
    LAPSED,
    PROSPECT,
    Account,
    Override,
    copy,
)
from relationship.state.facts_from_messages import fact_of


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


def test_a_command_is_no_occasion_to_promote():
    """Whoever has bought is a customer from the next event on, and not from a command on that came before it."""
    account = folded(purchase(1))
    account.status = PROSPECT
    changes, _ = advance(account, fact_of(command(2, "release")[1]), POLICY)
    assert (changes, account.status) == ([], PROSPECT)
    changes, _ = advance(account, fact_of(profile(3)[1]), POLICY)
    assert [(c.source, c.target) for c in changes] == [(PROSPECT, CUSTOMER)]


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


COMPLAINT = "complaint          = { engagement = 0.08, value = -0.4, service = 0.05 }"


@pytest.mark.parametrize(
    ("effects", "speaks"),
    [
        ("engagement = 0.08, value = -0.4, service = 0.05", True),
        ("engagement = 0.08, value = -0.2, service = 0.05", True),
        ("engagement = 0.08, value = -0.199, service = 0.05", False),
        ("engagement = 0.08, value = -0.4, service = -0.1", True),
        ("engagement = -0.1, value = -0.1, service = -0.4", True),
        ("engagement = 0.08, bought = -0.4, service = 0.05", False),
        ("engagement = 0.08, service = 0.05", False),
    ],
)
def test_no_contact_demotes_by_having_come_unless_it_speaks_against_the_account(effects, speaks):
    """From a fifth of a piece on, of anything but what is bought; what has faded is told by the clock."""
    assert COMPLAINT in default_text()
    policy = parse_policy(default_text().replace(COMPLAINT, f"complaint = {{ {effects} }}"), "complaint")
    account = folded(purchase(1), rules=policy)
    account.status, account.since = CLIENT, day(1)
    folded(ticket(100, kind="complaint"), onto=account, rules=policy)
    assert (account.status != CLIENT) is speaks
    assert (account.check is None) is speaks


@pytest.mark.parametrize(("told", "demotes"), [(profile(100), True), (purchase(100), False), (ticket(100), False)])
def test_a_profile_is_an_occasion_to_look_at_what_has_faded(told, demotes):
    """It says who the account is, and is no contact; a purchase or a letter is one, and the clock tells what has faded."""
    account = folded(purchase(1))
    account.status, account.since = CLIENT, day(1)
    folded(told, onto=account)
    assert (account.status != CLIENT) is demotes


@pytest.mark.parametrize(("tell", "heard"), [(purchase, True), (ticket, True), (meeting, True), (profile, False)])
def test_who_was_only_heard_of_is_heard_of_by_a_purchase_or_a_contact(tell, heard):
    """A refund, a letter of ours and a meeting that nobody came to are no signs of life, and are all that there is of it."""
    fields = {purchase: {"entry": "refund"}, ticket: {"initiator": "us"}, meeting: {"no_show": True}}.get(tell, {})
    account = folded(tell(3, **fields))
    assert (account.last, account.heard) == (None, day(3) if heard else None)
