"""The policy of one firm: what its events cannot say leaves the sum, and what is much is its own."""

import pytest
from jsonschema import Draft202012Validator
from story import courtship, fold, meeting, path, ticket

from relationship.contract.enums import MEETING_KINDS, TICKET_KINDS
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.core import Core
from relationship.policy.check import mistakes_in
from relationship.policy.compiled import default_text, load_policy, parse_policy
from relationship.policy.diff import differences
from relationship.policy.schema import policy_schema

DEFAULT = load_policy()


def firm(text: str):
    """The default policy with a firm's part."""
    return parse_policy(f"{default_text()}\n[firm]\n{text}", "firm")


def test_without_a_firm_s_part_nothing_is_changed():
    """An empty part is the default, table by table."""
    empty = firm("")
    assert [empty.trade(i) for i in range(17)] == [DEFAULT.trade(i) for i in range(17)]
    assert (empty.meeting, empty.ticket, empty.reach) == (DEFAULT.meeting, DEFAULT.ticket, pytest.approx(100))


def test_a_dimension_that_cannot_speak_leaves_the_sum():
    """It weighs nothing, the others' shares add up to a hundred points, and the bar stands where it stood among them."""
    policy = firm("[firm.coverage]\ndialogue = 0.0\nvalue = 0.5")
    shares = policy.trade(None).shares
    assert shares[INDEX["dialogue"]] == 0
    assert sum(shares) == pytest.approx(10_000)
    assert shares[INDEX["value"]] / shares[INDEX["needs"]] == pytest.approx(0.5)
    assert policy.reach == pytest.approx(90)
    assert policy.trade(None).client_up == DEFAULT.trade(None).client_up


def test_the_scales_are_the_firm_s_own():
    """Where a fifth is logged, a fifth of the evidence stands at one half; and the bar can be moved."""
    policy = firm("bar = -3.0\n[firm.scales]\nengagement = 0.2")
    assert policy.trade(None).scales[INDEX["engagement"]] == pytest.approx(
        0.2 * DEFAULT.trade(None).scales[INDEX["engagement"]]
    )
    assert policy.trade(None).client_up == DEFAULT.trade(None).client_up - 300


def test_a_kind_that_tells_nothing_is_a_contact_of_any_kind():
    """All meetings are then the mean meeting; a cancellation is what it is in any firm."""
    policy = firm("[firm.kinds]\nmeeting = 0.0\nticket = 0.25")
    assert len(set(policy.meeting)) == 1
    mean = sum({i: good for i, good, _ in effects}.get(INDEX["trust"], 0.0) for effects in DEFAULT.meeting)
    trust = next(good for i, good, _ in policy.meeting[0] if i == INDEX["trust"])
    assert trust == pytest.approx(mean / len(MEETING_KINDS))
    assert policy.ticket[TICKET_KINDS.index("cancellation")] == DEFAULT.ticket[TICKET_KINDS.index("cancellation")]
    assert policy.ticket[0] != DEFAULT.ticket[0]


def test_work_that_is_done_is_custom_where_no_bills_are_sent():
    """A consultation makes a customer of a firm that sends no purchases, and a resolved ticket does; a pitch does not."""
    core = Core(firm("bills = false"))
    assert path(fold([meeting(1, kind="consultation")], core)[1]) == ["customer"]
    assert path(fold([ticket(1, "q"), ticket(2, "r", ticket_id="q", status="resolved")], core)[1]) == ["customer"]
    assert path(fold([meeting(1, kind="sales"), ticket(2), ticket(3, channel="bot", status="closed")], core)[1]) == []
    assert path(fold([meeting(1, kind="consultation")])[1]) == []


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("[firm.coverage]\ndialog = 1.0", "firm.coverage.dialog", "is not known"),
        ("[firm.coverage]\ndialogue = 1.5", "firm.coverage.dialogue", "<= 1.0"),
        ("[firm.scales]\ntrust = 0.0", "firm.scales.trust", "> 0.0"),
        ("bils = true", "firm.bils", "is not known"),
        ("[firm.coverage]\n" + "\n".join(f"{d} = 0.0" for d in DIMENSIONS), "industries.law", "no dimension weighs"),
    ],
)
def test_a_mistake_in_a_firm_s_part_is_told(text, field, words):
    """With its field and line, and the schema refuses what types can say."""
    data = f"{default_text()}\n[firm]\n{text}"
    found = {".".join(each.path): each for each in mistakes_in(data)}
    assert words in found[field].text
    assert found[field].line > 1
    Draft202012Validator.check_schema(policy_schema())


def test_the_difference_of_two_firms_has_units():
    """Coverage in 0-1, a scale as a factor, the bar in points."""
    found = differences(
        DEFAULT.source, firm("bar = 2.0\n[firm.coverage]\nneeds = 0.5\n[firm.scales]\nneeds = 2.0").source
    )
    units = {".".join(each.path): each.unit for each in found}
    assert units["firm.coverage.needs"] == "0-1"
    assert units["firm.scales.needs"] == "a factor"
    assert units["firm.bar"] == "points of the score"


def test_contributions_add_up_under_a_firm_s_part():
    """The score is the sum of its parts, in hundredths of a point, whatever is covered."""
    policy = firm("[firm.coverage]\nservice = 0.3\ndialogue = 0.0")
    _, decisions = fold(courtship(), Core(policy))
    assert decisions[-1]["to"] == "client"
    for decision in decisions:
        assert decision["score"] == pytest.approx(sum(part["contribution"] for part in decision["dimensions"]))
