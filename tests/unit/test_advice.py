"""Advice to a firm that records in its own way: when there is any, and what is worth telling."""

import msgspec
import pytest

from relationship.analysis.findings import advice, reached, told_points
from relationship.policy.compiled import Policy, load_policy
from relationship.policy.file import Firm

POLICY = load_policy()


@pytest.mark.parametrize(("scale", "is_usual"), [(0.66, False), (0.67, True), (1.0, True), (1.5, True), (1.51, False)])
def test_a_firm_with_about_as_much_contact_needs_no_advice(scale, is_usual):
    """From two thirds of the reference's contact to half more, both included, where all dimensions are told."""
    assert (advice(POLICY, Firm(scales={"engagement": scale})) is None) is is_usual


def test_a_policy_that_was_calibrated_needs_no_advice():
    """It has the firm's part, whatever that says."""
    firm = Firm(scales={"engagement": 9.0})
    assert advice(Policy(msgspec.structs.replace(POLICY.source, firm=firm)), firm) is None


@pytest.mark.parametrize(("kept", "is_told"), [(0.5, True), (0.51, False)])
def test_three_points_that_cannot_be_reached_are_worth_being_told(kept, is_told):
    """With what would win them; less than that is not worth a sentence."""
    of_hundred = {
        name: msgspec.structs.replace(each, weight={"engagement": 6.0, "trust": 94.0}.get(name, 0.0))
        for name, each in POLICY.source.dimensions.items()
    }
    policy = Policy(msgspec.structs.replace(POLICY.source, dimensions=of_hundred))
    lost = next(
        each.lost for each in told_points(policy, Firm(coverage={"engagement": kept})) if each.name == "engagement"
    )
    assert lost == pytest.approx(6.0 * (1 - kept))
    assert ("log meetings and tickets" in reached(policy, Firm(coverage={"engagement": kept}))) is is_told
