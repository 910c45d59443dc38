"""What is counted of a firm's messages: contacts and custom of its accounts, and how much of it is usual."""

from math import exp, log

import pytest
from story import meeting, on, profile, purchase, ticket

from relationship.analysis.calibration import recorded
from relationship.analysis.recording import Recording, Seen
from relationship.contract.names import INDEX
from relationship.contract.times import DAY_US, micros
from relationship.policy.compiled import load_policy

POLICY = load_policy()
ENGAGEMENT = INDEX["engagement"]
YEAR_US = 365.25 * DAY_US


def seen_of(*told) -> Seen:
    """Return what was kept of the account `a`."""
    return recorded(told, POLICY).accounts["a"]


@pytest.mark.parametrize(
    ("told", "contacts"),
    [
        (meeting(1), 1),
        (meeting(1, no_show=True), 0),
        (ticket(1), 1),
        (ticket(1, initiator="account"), 1),
        (ticket(1, initiator="us"), 0),
        (ticket(1, kind="cancellation"), 0),
        (purchase(1), 0),
        (profile(1), 0),
    ],
)
def test_a_contact_is_what_an_account_takes_part_in(told, contacts):
    """A meeting held, a letter of its own: not one that nobody came to, nor one of ours that nobody answered."""
    found = recorded([told], POLICY)
    assert found.accounts["a"].contacts == contacts
    assert sum(found.contacts.values()) == sum(found.kinds.values()) == contacts


def test_contacts_are_counted_by_type_kind_and_channel():
    """Every one of them once, and the first and the last of an account by their moments, in whatever order they come."""
    told = [meeting(5, kind="review"), meeting(3, "m", kind="review", channel="video"), ticket(4, kind="advice")]
    found = recorded(told, POLICY)
    assert dict(found.contacts) == {
        ("meeting", "review", "in_person"): 1,
        ("meeting", "review", "video"): 1,
        ("ticket", "advice", "email"): 1,
    }
    assert dict(found.kinds) == {("meeting", "review"): 2, ("ticket", "advice"): 1}
    seen = found.accounts["a"]
    assert (seen.first, seen.last) == (micros(on(3)), micros(on(5)))


def test_custom_is_counted_of_sales():
    """More than goods is served; an agreement is one of a profile or of a sale under it; a refund counts for nothing."""
    seen = seen_of(purchase(1), purchase(2, kind="advice", category="x"), purchase(3, kind="service", category="y"))
    assert (seen.bought, seen.served, seen.agreed, seen.lines) == (3, 2, False, {"x", "y"})
    refund = purchase(1, entry="refund", kind="advice", category="x", contract_id="c")
    back = seen_of(purchase(0), refund)
    assert (back.bought, back.served, back.agreed, back.lines) == (1, 0, False, set())
    assert seen_of(purchase(1, contract_id="c")).agreed
    signed = {"id": "c", "kind": "policy", "signed_on": on(1).date()}
    assert seen_of(profile(1, contract=signed), profile(2)).agreed
    assert not seen_of(profile(1)).agreed


def test_fields_are_counted_of_each_type():
    """Commands are of no type; a share is of the messages of the type, and nothing of one that is never sent."""
    found = recorded([ticket(1, csat=4), ticket(2), ticket(3), ticket(4), meeting(5)], POLICY)
    assert dict(found.messages) == {"ticket": 4, "meeting": 1}
    assert found.share("ticket", "csat") == 0.25
    assert found.share("purchase", "category") == 0.0
    assert recorded([ticket(1, csat=4)], POLICY).share("ticket", "csat") == 1.0


def test_density_is_contacts_to_a_purchase():
    """Meetings and tickets together; without a purchase there is none."""
    told = [purchase(1), purchase(2), meeting(3), ticket(4), ticket(5)]
    assert recorded(told, POLICY).density() == 1.5
    assert recorded(told[2:], POLICY).density() == 0.0


def test_as_many_kinds_are_usual_as_equally_frequent_ones_would_say():
    """The exponential of their entropy: two alike are two, three to one fewer; a cancellation is no kind."""
    found = Recording(POLICY)
    assert found.usual_kinds("ticket") == 0.0
    found.kinds.update({("ticket", "advice"): 5, ("ticket", "question"): 5, ("ticket", "cancellation"): 9})
    found.kinds["meeting", "review"] = 7
    assert found.usual_kinds("ticket") == pytest.approx(2.0)
    assert found.usual_kinds("meeting") == pytest.approx(1.0)
    found.kinds["ticket", "advice"] = 15
    assert found.usual_kinds("ticket") == pytest.approx(exp(-(0.75 * log(0.75) + 0.25 * log(0.25))))


def with_rates(*rates: float) -> Recording:
    """Return what was seen of accounts with so much evidence of contact in a year."""
    found = Recording(POLICY)
    for number, rate in enumerate(rates):
        seen = found.accounts[f"a{number}"] = Seen()
        seen.contacts, seen.first, seen.last = 1, 0, round(2 * YEAR_US)
        seen.masses["purchase"][ENGAGEMENT] = 2 * rate
    return found


@pytest.mark.parametrize(("count", "rank"), [(1, 0), (2, 0), (10, 8), (11, 9), (21, 18)])
def test_busy_is_who_has_more_contact_than_nine_of_ten(count, rank):
    """By rank, from the least on; those without any contact are not among them."""
    found = with_rates(*(float(rate) for rate in range(count, 0, -1)))
    found.accounts["quiet"] = Seen()
    assert found.busy({}) == pytest.approx(1.0 + rank)
    assert Recording(POLICY).busy({}) is None


@pytest.mark.parametrize(("years", "rate"), [(0.0, 24.0), (0.25, 24.0), (0.5, 24.0), (1.0, 12.0), (3.0, 4.0)])
def test_a_rate_is_over_half_a_year_at_the_least(years, rate):
    """From the first contact to the last: in a week nobody shows how much a year would bring."""
    found = with_rates(0.0)
    seen = found.accounts["a0"]
    seen.masses["purchase"][ENGAGEMENT] = 12.0
    seen.first, seen.last = 1_000, 1_000 + round(years * YEAR_US)
    assert found.busy({}) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, 1.0 + 10.0 + 100.0),
        ({"meeting": 0.0}, 1.0 + 2.0 + 100.0),
        ({"ticket": 0.0}, 1.0 + 10.0 + 20.0),
        ({"meeting": 0.25, "ticket": 0.5}, 1.0 + 4.0 + 60.0),
    ],
)
def test_what_a_kind_does_not_tell_is_the_mean_of_all_kinds(told, expected):
    """By the share that it tells; a purchase's kind tells all."""
    seen = Seen()
    masses = {"purchase": 1.0, "meeting": 10.0, "meeting_mean": 2.0, "ticket": 100.0, "ticket_mean": 20.0}
    for source, mass in masses.items():
        seen.masses[source][ENGAGEMENT] = mass
    assert Recording(POLICY).masses_of(seen, told)[ENGAGEMENT] == pytest.approx(expected)
    assert seen.masses["purchase"][ENGAGEMENT] == 1.0
