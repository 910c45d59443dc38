"""A policy compiled: each table of an industry computed by hand from values that are all different."""

import msgspec
import pytest
from story import POLICY as PACKAGED

from relationship.contract import enums
from relationship.contract.names import DIMENSIONS
from relationship.contract.times import DAY_US
from relationship.policy.compiled import Policy, default_text, parse_policy
from relationship.policy.file import Costs, Dimension, Firm, Industry, Lapse, PolicyError, Stays, Thresholds
from relationship.policy.units import unit_of, values_of

LAW = enums.INDUSTRIES.index("law")
INDUSTRIES = {
    **dict.fromkeys(enums.INDUSTRIES, Industry(prior=0.0, lapse=100.0)),
    # Its own price of a false client doubles the ratio to 4: the shift is 1 + 3 x log2(4) = 7 points.
    "law": Industry(prior=1.0, lapse=200.0, tempo=0.5, weights={"trust": 4.0}, false_client=8.0),
}
SOURCE = msgspec.structs.replace(
    PACKAGED.source,
    thresholds=Thresholds(candidate_up=31.0, candidate_down=22.0, client_up=53.0, client_down=44.0, gate=0.3),
    stays=Stays(candidate=1.0, client=2.0, customer=3.0, tenure=4.0),
    lapse=Lapse(rhythm=2.0, longest=500.0, client=0.25),
    dimensions={
        name: Dimension(weight=1.0, half_life=10.0 + i, scale=2.0 + i, cap=0.5 if name == "trust" else 1.0)
        for i, name in enumerate(DIMENSIONS)
    },
    industries=INDUSTRIES,
    costs=Costs(false_client=4.0, missed_client=2.0, points=3.0),
)
POLICY = Policy(SOURCE)
TRUST = DIMENSIONS.index("trust")


def test_shares_are_the_weights_with_the_industrys_factors():
    """Of thirteen weights of 1 and one of 4, a seventeenth of 10,000 and four; of fourteen alike a fourteenth each."""
    law, other = POLICY.trade(LAW), POLICY.trade(None)
    assert [law.shares[TRUST], law.shares[0]] == [pytest.approx(40_000 / 17), pytest.approx(10_000 / 17)]
    assert other.shares == pytest.approx([10_000 / 14] * 14)
    assert (law.weights[TRUST], law.weights[0], other.weights[0]) == (23.53, 5.88, 7.14)


def test_thresholds_move_by_prior_and_by_the_ratio_of_the_costs():
    """All four by 1 + 3 x log2(8/2) = 7 points where the trade has its own costs, by 3 x log2(4/2) = 3 elsewhere."""
    law, other = POLICY.trade(LAW), POLICY.trade(None)
    assert (law.candidate_up, law.candidate_down, law.client_up, law.client_down) == (3800, 2900, 6000, 5100)
    assert (other.candidate_up, other.candidate_down, other.client_up, other.client_down) == (3400, 2500, 5600, 4700)
    assert (POLICY.costs(LAW), POLICY.costs(None)) == ((8.0, 2.0), (4.0, 2.0))
    finer = msgspec.structs.replace(SOURCE, thresholds=msgspec.structs.replace(SOURCE.thresholds, candidate_up=31.006))
    assert Policy(finer).trade(None).candidate_up == 3401


def test_scales_go_with_the_tempo_but_for_days_and_lines():
    """Half of the masses in law; tenure in days and lines of business are what they are."""
    law = POLICY.trade(LAW).scales
    assert [law[DIMENSIONS.index(name)] for name in ("duration", "engagement", "breadth", "service")] == [
        2,
        1.5,
        11,
        7.5,
    ]
    assert POLICY.trade(None).scales == tuple(2.0 + i for i in range(14))


def test_allowances_stays_and_half_lives_are_microseconds():
    """Of whole days; a client's allowance is its share of the trade's."""
    law = POLICY.trade(LAW)
    assert (law.lapse_us, law.client_lapse_us) == (200 * DAY_US, 50 * DAY_US)
    assert POLICY.stays_us == {
        name: i * DAY_US for i, name in enumerate(("candidate", "client", "customer", "tenure"), 1)
    }
    assert POLICY.longest_stay_us == 4 * DAY_US
    assert POLICY.half_lives_us == tuple((10 + i) * DAY_US for i in range(14))
    assert POLICY.line_gap_us == int(PACKAGED.source.shape.line_gap) * DAY_US
    assert POLICY.capped == ((TRUST, 0.5),)
    assert POLICY.gate == 0.3


def test_dimensions_of_one_half_life_decay_together():
    """Each half-life once, with all of its dimensions."""
    groups = dict(PACKAGED.decay_groups)
    assert len(groups) == len(PACKAGED.decay_groups)
    assert sorted(i for members in groups.values() for i in members) == list(range(14))
    assert all(PACKAGED.half_lives_us[i] == half_life for half_life, members in groups.items() for i in members)
    assert len(POLICY.decay_groups) == 14


def test_effects_are_for_or_against_by_their_sign():
    """Above zero for, below against, a pair both; what `theirs_initiated` says stands apart for tickets and meetings."""
    assert PACKAGED.purchase[0] == ((3, 0.0, 1.0), (5, 0.5, 0.0))
    assert PACKAGED.purchase[1][0] == (3, 0.7, 0.3)
    assert PACKAGED.meeting_theirs == ((TRUST, 0.4, 0.0),)
    assert PACKAGED.ticket_theirs == ((TRUST, 0.05, 0.0),)
    assert "theirs_initiated" not in PACKAGED.extra


def test_the_first_mistake_is_told_and_the_others_are_counted():
    """A misspelt name says more than the missing one; one mistake alone is not counted."""
    text = default_text()
    with pytest.raises(PolicyError, match=r"^policy mine: line \d+: thresholds.gate: expected .* <= 1.0$"):
        parse_policy(text.replace("gate = 0.25", "gate = 2.5"), "mine")
    with pytest.raises(PolicyError, match=r"client_upp: is not known.* \(and 1 more: `clientward policy check` lists"):
        parse_policy(text.replace("client_up = 52.0", "client_upp = 52.0"), "mine")


def test_a_value_has_the_unit_of_its_type():
    """The scale of a dimension that is no mass has its own; another scale, or another table's value, that of its type."""
    assert unit_of(("dimensions", "service", "scale")).startswith("hours of people's time")
    assert unit_of(("dimensions", "trust", "scale")).startswith("mass of evidence at which")
    assert unit_of(("dimensions", "service", "weight")).startswith("a share")
    assert unit_of(("signals", "purchase", "goods", "bought")).startswith("mass of evidence: for")
    assert unit_of(("lapse", "longest")) == "days"
    assert unit_of(("industries", "law", "false_client")).startswith("money")
    values = dict(values_of(PACKAGED.source))
    assert values["signals", "purchase", "service", "bought"] == [0.7, 0.3]
    assert values["thresholds", "gate"] == 0.25
    assert ("industries", "law", "false_client") not in values


@pytest.mark.parametrize(
    ("told", "of"), [(1.0, "meeting"), (0.95, "meeting"), (0.25, "meeting"), (0.0, "meeting"), (0.25, "ticket")]
)
def test_a_kind_that_tells_little_is_what_a_contact_of_any_kind_is(told, of):
    """So much of its own evidence, and the rest of the mean of all kinds; a cancellation tells in any firm."""
    kinds = enums.MEETING_KINDS if of == "meeting" else enums.TICKET_KINDS
    plain, own = getattr(POLICY, of), getattr(Policy(msgspec.structs.replace(SOURCE, firm=Firm(kinds={of: told}))), of)
    usual = [effects for effects, name in zip(plain, kinds, strict=True) if name != "cancellation"]

    def mass(effects, dimension, side):
        return sum(effect[side] for effect in effects if effect[0] == dimension)

    for number, name in enumerate(kinds):
        for dimension in range(len(DIMENSIONS)):
            for side in (1, 2):
                mean = sum(mass(each, dimension, side) for each in usual) / len(usual)
                exact = mass(plain[number], dimension, side)
                expected = exact if name == "cancellation" else told * exact + (1 - told) * mean
                assert mass(own[number], dimension, side) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("coverage", "kinds", "carried"),
    [
        ({}, {}, 1.0),  # all that there is, told
        ({"trust": 0.5}, {}, 13.5 / 14),  # half of one dimension of fourteen is missing
        (
            {},
            {"meeting": 0.5, "ticket": 0.25},
            0.7,
        ),  # the worse kinds rule: 0.6 whatever they tell, and a quarter of 0.4
        ({"trust": 0.0}, {"meeting": 0.0}, 13 / 14 * 0.6),
    ],
)
def test_a_firms_events_carry_what_they_cover_and_what_their_kinds_tell(coverage, kinds, carried):
    """The share of the points that can be reached, times what is left where kinds of contact tell little."""
    flat = {name: Dimension(weight=1.0, half_life=10.0, scale=2.0, cap=1.0) for name in DIMENSIONS}
    confidence = msgspec.structs.replace(SOURCE.confidence, blind=0.6)
    firm = Firm(coverage=coverage, kinds=kinds)
    policy = Policy(msgspec.structs.replace(SOURCE, dimensions=flat, confidence=confidence, firm=firm))
    assert policy.carries == pytest.approx(carried)
    assert policy.reach == pytest.approx(100 * (14 - sum(1 - share for share in coverage.values())) / 14)


def test_whose_industry_is_unknown_is_in_the_last_one():
    """`other`, by its own tables and prices; each other one by its place."""
    own = Industry(prior=2.0, lapse=50.0, false_client=6.0, missed_client=1.5)
    policy = Policy(msgspec.structs.replace(SOURCE, industries={**INDUSTRIES, "other": own}))
    assert enums.INDUSTRIES[-1] == "other"
    assert policy.costs(None) == policy.costs(len(enums.INDUSTRIES) - 1) == (6.0, 1.5)
    assert policy.trade(None) is policy.trades[-1]
    assert policy.trade(None).lapse_us == 50 * DAY_US
    assert policy.costs(0) == (4.0, 2.0)
    assert [policy.trade(i).lapse_us // DAY_US for i in (0, LAW)] == [100, 200]
