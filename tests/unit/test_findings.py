"""How a firm records, told in sentences: from which share on each is worth one, and how what is missing is named."""

import pytest

from relationship.analysis.findings import advice, findings, reached, told_points
from relationship.analysis.recording import Recording
from relationship.contract.names import DIMENSIONS, OPTIONAL
from relationship.policy.compiled import default_text, load_policy, parse_policy
from relationship.policy.file import Firm

POLICY = load_policy()


def told(found: Recording, firm: Firm | None = None) -> list[str]:
    """Return what is told of a recording."""
    return [*findings(found, firm or Firm(), POLICY)]


def tickets(count: int, **filled: int) -> Recording:
    """Return what was seen of so many tickets that have every field, or a field so often."""
    found = Recording(POLICY)
    found.messages["ticket"] = count
    for field in OPTIONAL["ticket"]:
        found.filled["ticket", field] = filled.get(field, count)
    return found


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (["csat"], "no ticket has csat"),
        (["csat", "sla_met"], "no ticket has csat or sla_met"),
        (["initiator", "csat", "sla_met"], "no ticket has initiator, csat or sla_met"),
    ],
)
def test_what_is_never_filled_is_named(missing: list[str], named: str) -> None:
    """One field by itself, several as one would say them; of a type that has all there is nothing to say."""
    assert named in told(tickets(100, **dict.fromkeys(missing, 0)))
    assert not any(line.startswith("no ticket") for line in told(tickets(100)))


def test_types_that_nobody_sends_are_named_and_nothing_else_is_said_of_them() -> None:
    """There are no meetings: that their fields are missing too goes without saying."""
    lines = told(tickets(100))
    assert "there are no meetings" in lines
    assert not any(line.startswith("no meeting has") for line in lines)
    assert not any(line == "there are no tickets" for line in lines)


@pytest.mark.parametrize(("filled", "line"), [(1, "only 1% of the tickets have csat"), (9, "only 9%"), (10, None)])
def test_a_field_is_seldom_filled_below_a_tenth(filled: int, line: str | None) -> None:
    """At a tenth it is filled often enough to say nothing."""
    found = [each for each in told(tickets(100, csat=filled)) if each.startswith("only")]
    assert [each[: len(line)] for each in found] == [line] if line else found == []


@pytest.mark.parametrize(("mails", "is_told"), [(60, True), (59, False)])
def test_most_contacts_are_of_one_kind_from_six_of_ten_on(mails: int, is_told: bool) -> None:
    """The channel is named as people name it, the kind as the firm logs it."""
    found = tickets(100)
    found.contacts["ticket", "change_request", "email"] = mails
    found.contacts["ticket", "question", "phone"] = 100 - mails
    line = f"{mails}% of the contacts with people are e-mails logged as a change request"
    assert (line in told(found)) is is_told


@pytest.mark.parametrize(("of_one", "is_told"), [(90, False), (91, True)])
def test_a_name_says_nothing_where_more_than_nine_of_ten_bear_it(of_one: int, is_told: bool) -> None:
    """Of meetings and of tickets each by itself; where the contacts are spread over channels."""
    found = tickets(100)
    for channel in ("email", "phone", "web"):
        found.contacts["ticket", "question", channel] = 10
    found.kinds["ticket", "change_request"] = of_one
    found.kinds["ticket", "question"] = 100 - of_one
    found.kinds["meeting", "review"] = found.kinds["meeting", "planning"] = 50
    line = "nearly every ticket is logged as a change request: what it is called says nothing here"
    lines = [each for each in told(found) if each.startswith("nearly every")]
    assert lines == ([line] if is_told else [])


@pytest.mark.parametrize(("scale", "is_told"), [(1.5, False), (1.51, True), (0.67, False), (0.66, True), (1.0, False)])
def test_much_and_little_contact_are_told(scale: float, is_told: bool) -> None:
    """From half more than the reference's on, and from a third less."""
    lines = told(tickets(100), Firm(scales={"engagement": scale}))
    line = f"busy accounts have {scale:.2g} times the contact of the reference: that is what much is here"
    assert (line in lines) is is_told


POINTS = {each.name: each.points for each in told_points(POLICY, Firm())}


def test_the_points_of_a_dimension_are_its_share_of_a_hundred() -> None:
    """By weight; what a firm's events cannot say of it is lost, and what they all say is not."""
    found = told_points(POLICY, Firm(coverage={"trust": 0.25, "value": 0.0}))
    weights = {name: each.weight for name, each in POLICY.source.dimensions.items()}
    assert [each.name for each in found] == [*DIMENSIONS]
    for each in found:
        assert each.points == pytest.approx(100 * weights[each.name] / sum(weights.values()))
        assert each.lost == pytest.approx(each.points * {"trust": 0.75, "value": 1.0}.get(each.name, 0.0))
    assert {each.name for each in found if not each.way} == {"duration"}


def test_what_would_win_three_points_or_more_is_told() -> None:
    """The dearest three, the dearest first; what no one thing wins is not among them."""
    dearest = sorted(POINTS, key=lambda name: -POINTS[name])
    text = reached(POLICY, Firm(coverage=dict.fromkeys(DIMENSIONS, 0.0)))
    told_of = [name for name in dearest if name != "duration"][:3]
    assert text.startswith("0 of the 100 points can be reached; to win more, ")
    assert [part.rpartition(" (")[2].partition(",")[0] for part in text.split("; ")[1:]] == told_of
    assert text.endswith(f"({told_of[2]}, {POINTS[told_of[2]]:.0f} points)")
    for lost, is_told in ((3.0, True), (2.999, False)):
        text = reached(POLICY, Firm(coverage={"trust": 1.0 - lost / POINTS["trust"] - 1e-12 * is_told}))
        assert ("log what asks for advice as such (trust, 3 points)" in text) is is_told
    assert reached(POLICY, Firm()) == "100 of the 100 points can be reached"


@pytest.mark.parametrize(
    ("scale", "coverage", "is_told"),
    [
        (0.67, 1.0, False),
        (0.669, 1.0, True),
        (1.5, 1.0, False),
        (1.501, 1.0, True),
        (1.0, 0.0, True),
        (1.0, 0.5, False),
    ],
)
def test_a_policy_that_stands_for_another_way_of_recording_is_advised_against(
    scale: float, coverage: float, is_told: bool
) -> None:
    """Where fewer than three points in four are reached, or contact is rarer or denser than usual; a firm's own never is."""
    most = dict.fromkeys(("trust", "engagement", "value", "personalisation"), coverage)
    firm = Firm(scales={"engagement": scale}, coverage=most)
    assert (advice(POLICY, firm) is not None) is is_told
    own = parse_policy(default_text() + "\n[firm]\nbar = 1.0\n", "own")
    assert advice(own, firm) is None


def test_the_first_line_counts_what_there_is() -> None:
    """Each type that was sent, in one order; thousands have a comma."""
    found = tickets(1_234)
    found.messages["purchase"] = 2
    assert told(found)[0] == "0 accounts with 2 purchases, 1,234 tickets; 0 are in touch with people"


def test_contacts_of_several_kinds_are_each_less_than_most() -> None:
    """Without a contact, or with none of them most, nothing is said of kinds; a channel without a name is its type."""
    found = tickets(100)
    found.contacts["meeting", "check_in", None] = 6
    found.contacts["meeting", "review", "video"] = 4
    assert "60% of the contacts with people are meetings logged as a check in" in told(found)
