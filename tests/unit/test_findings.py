"""How a firm records, told in sentences: from which share on each is worth one, and how what is missing is named."""

import pytest

from relationship.analysis.findings import findings
from relationship.analysis.recording import Recording
from relationship.contract.names import OPTIONAL
from relationship.policy.compiled import load_policy
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
