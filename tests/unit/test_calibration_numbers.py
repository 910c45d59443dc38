"""The numbers of a calibrated policy, against the formula worked out by hand on a firm of twenty accounts."""

from math import sqrt
from typing import Any

import pytest
from story import meeting, purchase, ticket

from relationship.analysis.calibration import firm_of, reasons_of, recorded
from relationship.analysis.findings import findings
from relationship.analysis.recording import Recording, Seen
from relationship.contract.names import INDEX
from relationship.policy.compiled import load_policy
from relationship.policy.file import PolicyError

POLICY = load_policy()
ACCOUNTS = 20
CONTACT = 10.0  # evidence of contact of an account
# Evidence of the other dimensions in the reference, for a unit of contact.
USUAL = {
    "personalisation": 0.67, "trust": 0.87, "dialogue": 0.30, "value": 0.78, "needs": 0.43, "expectations": 1.34,
    "service": 1.12,
}  # fmt: skip


def recording(ratios: dict[str, float], accounts: int = ACCOUNTS, **fields: Any) -> Recording:
    """Return what was seen of a firm whose accounts have these shares of the reference's evidence, and these fields."""
    found = Recording(POLICY)
    found.messages["purchase"] = 2 * accounts
    for number in range(accounts):
        seen = found.accounts[f"a{number}"] = Seen()
        seen.contacts, seen.bought = 3, 2
        seen.masses["purchase"][INDEX["engagement"]] = CONTACT
        for name, ratio in ratios.items():
            seen.masses["purchase"][INDEX[name]] = CONTACT * USUAL[name] * ratio
        for name, value in fields.items():
            setattr(seen, name, value)
    return found


def with_mass(found: Recording, name: str, mass: float) -> Recording:
    """Give every account so much evidence of a dimension."""
    for seen in found.accounts.values():
        seen.masses["purchase"][INDEX[name]] = mass
    return found


@pytest.mark.parametrize(
    ("share", "weight"), [(0.0, 0.0), (0.039, 0.0), (0.0401, 0.2), (0.25, 0.5), (1.0, 1.0), (4.0, 1.0)]
)
def test_a_share_of_the_evidence_weighs_as_its_root(share: float, weight: float) -> None:
    """Below a twenty-fifth it is chance, and leaves the sum; more than the reference's is no more than all."""
    firm = firm_of(recording({"trust": share}))
    assert firm.coverage["trust"] == pytest.approx(weight)
    assert ("trust" in firm.scales) == (weight > 0)


@pytest.mark.parametrize("name", USUAL)
def test_each_dimension_is_measured_by_what_is_usual_of_it(name: str) -> None:
    """A quarter of the reference's evidence of any one dimension weighs half, and says nothing of the others."""
    coverage = firm_of(recording({name: 0.25})).coverage
    assert coverage[name] == pytest.approx(0.5)
    assert {other: coverage[other] for other in USUAL if other != name} == dict.fromkeys(USUAL.keys() - {name}, 0.0)


def test_scales_go_by_the_evidence_and_by_how_much_contact_there_is() -> None:
    """A busy account of the reference has 28 of contact a year; here ten in the half year that is the least counted."""
    firm = firm_of(recording({"trust": 0.5, "value": 0.12345}))
    density = CONTACT / 0.5 / 28.0
    assert firm.scales["engagement"] == pytest.approx(density, abs=0.0005)
    assert firm.scales["trust"] == pytest.approx(density * 0.5, abs=0.0005)
    assert firm.scales["value"] == pytest.approx(0.15)  # the least that a scale may be
    assert firm.scales["engagement"] == round(firm.scales["engagement"], 3)
    assert firm.scales["engagement"] != round(firm.scales["engagement"], 2)


def test_duties_are_payment_twice_dialogue_and_needs() -> None:
    """As the dimension itself is made up; payment is told by evidence for each purchase, of which 0.3 is usual."""
    found = with_mass(recording({"dialogue": 0.36, "needs": 0.16}), "duties", 2 * 0.3 * 0.25)
    assert firm_of(found).coverage["duties"] == pytest.approx((2 * 0.5 + 0.6 + 0.4) / 4)
    assert firm_of(recording({"dialogue": 0.36, "needs": 0.16})).coverage["duties"] == pytest.approx(0.25)


def test_what_is_bought_agreed_and_how_broadly() -> None:
    """Of purchases three in ten, of accounts two in five and one in two are usual."""
    firm = firm_of(recording({}, served=0.15, agreed=False, lines={"a"}))
    assert firm.coverage["bought"] == pytest.approx(0.5)
    assert (firm.coverage["commitment"], firm.coverage["breadth"], firm.coverage["loyalty"]) == (0.0, 0.0, 1.0)
    found = recording({})
    for seen in [*found.accounts.values()][:2]:
        seen.agreed, seen.lines = True, {"a", "b"}
    firm = firm_of(found)
    assert firm.coverage["commitment"] == pytest.approx(sqrt(0.1 / 0.4))
    assert firm.coverage["breadth"] == pytest.approx(sqrt(0.1 / 0.5), abs=0.005)


@pytest.mark.parametrize("usual", [0.25, 0.36, 0.49, 1.0])
def test_the_bar_is_lower_where_little_is_logged(usual: float) -> None:
    """Eight points, less seven of what is missing of the contact, however much of a dimension the events can say."""
    found = recording(dict.fromkeys(USUAL, usual), served=0.6, agreed=True, lines={"a", "b"})
    density = CONTACT / 0.5 / 28.0
    assert firm_of(found).bar == pytest.approx(8.0 - 7.0 * (1.0 - density), abs=0.0501)
    assert firm_of(with_mass(found, "engagement", 10 * CONTACT)).bar == pytest.approx(8.0)  # as much as anywhere


def test_the_bar_is_higher_where_kinds_tell_nothing() -> None:
    """Four points more where every meeting is of one kind."""
    found = recording(dict.fromkeys(USUAL, 1.0))
    several = firm_of(found).bar
    found.kinds["meeting", "check_in"] = 100
    assert firm_of(found).kinds == {"meeting": 0.0}
    assert firm_of(found).bar == pytest.approx(several + 4.0, abs=0.11)


def test_twenty_accounts_in_touch_three_times_are_enough() -> None:
    """One fewer, or one contact fewer, and nothing is told."""
    assert len(recording({}).in_touch()) == ACCOUNTS
    assert firm_of(recording({})).bills
    with pytest.raises(PolicyError, match="19 accounts were in touch"):
        firm_of(recording({}, accounts=19))
    with pytest.raises(PolicyError, match="0 accounts were in touch"):
        firm_of(recording({}, contacts=2))


def test_contacts_and_sales_are_counted_one_by_one() -> None:
    """A meeting and a ticket are contacts, a purchase is a sale, and a refund is none."""
    told = [
        purchase(1, "p1", "a"),
        purchase(2, "p2", "a"),
        purchase(3, "r1", "a", entry="refund"),
        meeting(4, "m1", "a"),
        ticket(5, "t1", "a"),
        ticket(6, "t2", "a"),
    ]
    seen = recorded(told, POLICY).accounts["a"]
    assert (seen.bought, seen.contacts) == (2, 3)
    assert len(recorded(told, POLICY).in_touch()) == 1
    assert len(recorded(told[:-1], POLICY).in_touch()) == 0


def test_who_cancels_has_not_been_in_touch() -> None:
    """A cancellation brings no evidence of engagement: it is no contact by which a firm shows how it records one."""
    cancelled = [ticket(day, f"t{day}", "a", kind="cancellation") for day in range(9)]
    found = recorded(cancelled, POLICY)
    assert (found.accounts["a"].contacts, found.in_touch(), found.kinds, found.contacts) == (0, [], {}, {})


def test_every_value_has_the_reason_that_fits_it() -> None:
    """What is never said, what is said more seldom, and what is said as usual."""
    found = recording({"trust": 0.25, "value": 1.0})
    reasons = reasons_of(found, firm_of(found))
    assert reasons["coverage", "needs"] == "nothing says it here: it leaves the sum"
    assert reasons["coverage", "trust"] == "25% of the evidence that it has where every field is filled"
    assert reasons["coverage", "value"] == "as much is said of it as where every field is filled"


def test_a_field_that_is_seldom_filled_is_told_and_one_that_never_is() -> None:
    """One ticket in fifty has a csat, and none has a channel of another kind."""
    found = recording({})
    found.messages["ticket"] = 50
    found.filled["ticket", "csat"] = 1
    told = [*findings(found, firm_of(found), POLICY)]
    assert "only 2% of the tickets have csat" in told
    assert any(line.startswith("no ticket has ") and "csat" not in line for line in told)


@pytest.mark.parametrize(("kinds", "told"), [(1, 0.0), (2, (2 - 1.15) / (2.2 - 1.15)), (3, 1.0), (9, 1.0)])
def test_a_kind_tells_the_more_the_more_kinds_are_in_use(kinds: int, told: float) -> None:
    """As many equally frequent kinds: one tells nothing, and two and a fifth all."""
    found = recording({})
    for number in range(kinds):
        found.kinds["meeting", f"kind {number}"] = 10
    assert firm_of(found).kinds["meeting"] == pytest.approx(told, abs=0.005)


@pytest.mark.parametrize(("lines", "covered"), [({"a"}, 0.0), ({"a", "b"}, 1.0)])
def test_breadth_is_more_than_one_line(lines: set[str], covered: float) -> None:
    """Who buys in one line of business shows no breadth."""
    assert firm_of(recording({}, lines=lines)).coverage["breadth"] == covered


@pytest.mark.parametrize(
    ("contact", "density"),
    [(2.0, 0.15), (2.2, 4.4 / 28.0), (28.0, 2.0), (83.9, 167.8 / 28.0), (84.0, 6.0), (99.0, 6.0)],
)
def test_contact_is_taken_for_a_way_of_recording_within_bounds(contact: float, density: float) -> None:
    """From 0.15 to six times the reference's, in half a year; beyond, a firm keeps no record of it, or of all else."""
    found = with_mass(recording({}), "engagement", contact)
    assert firm_of(found).scales["engagement"] == pytest.approx(density, abs=0.0005)


def test_without_any_contact_a_firm_has_the_references() -> None:
    """A scale says how much of it there is; where nobody has any, nothing is known of that."""
    found = with_mass(recording({"trust": 1.0}), "engagement", 28.0 / 2)
    assert firm_of(found).scales["engagement"] == 1.0
    assert firm_of(found).density == 0.0


def test_what_is_filled_is_told_of_the_types_that_are_sent() -> None:
    """A share of each field, to a hundredth; of a type that is never sent there is none."""
    found = recording({})
    found.messages["ticket"] = 300
    found.filled["ticket", "csat"] = 100
    filled = firm_of(found).filled
    assert filled["ticket_csat"] == 0.33
    assert filled["purchase_category"] == 0.0
    assert not [name for name in filled if name.startswith(("meeting", "profile"))]
    assert firm_of(found).density == 7.5
