"""Learning's arithmetic in numbers: points and prices of an example, its features, borders on a few examples, and edits."""

import msgspec
import pytest
from story import POLICY as PACKAGED

from relationship.analysis.learning import (
    ENOUGH,
    LEAST,
    Example,
    Mistakes,
    Standing,
    base_weights,
    best_border,
    edits,
    example_of,
    factors,
    features,
    middle,
    mistakes,
    scaled,
    shift,
    standing,
    version_of,
)
from relationship.contract import enums
from relationship.contract.names import DIMENSIONS
from relationship.contract.times import DAY_US
from relationship.policy.compiled import Policy
from relationship.policy.edit import Edit
from relationship.policy.file import Costs, Industry, Thresholds
from relationship.state.account import Account

LAW = enums.INDUSTRIES.index("law")
HALF = 0.5


def policy_of(**thresholds):
    """Return a policy of equal weights, in which law has a factor, a prior of 10 points and prices of its own."""
    limits = {"candidate_up": 30.0, "candidate_down": 20.0, "client_up": 60.0, "client_down": 50.0, "gate": 0.5}
    rows = {
        name: msgspec.structs.replace(row, weight=2.0 if name == "trust" else 1.0)
        for name, row in PACKAGED.source.dimensions.items()
    }
    industries = {
        **dict.fromkeys(enums.INDUSTRIES, Industry(prior=0.0, lapse=100.0)),
        "law": Industry(prior=10.0, lapse=100.0, weights={"trust": 5.0}, false_client=3.0, missed_client=3.0),
    }
    return Policy(
        msgspec.structs.replace(
            PACKAGED.source,
            thresholds=Thresholds(**{**limits, **thresholds}),
            dimensions=rows,
            industries=industries,
            costs=Costs(false_client=1.0, missed_client=1.0, points=4.0),
        )
    )


POLICY = policy_of()
TRUST = DIMENSIONS.index("trust")
WEIGHTS = base_weights(POLICY)


def example(industry=None, client=False, **values):
    """Return an example that is open, in which only these dimensions show."""
    shown = tuple(values.get(name, 0.0) for name in DIMENSIONS)
    return Example("a", client=client, values=shown, industry=industry, open=True)


def test_points_are_the_weighted_share_less_the_trades_shift():
    """Trust 0.5 of 15 weights, 2 of them its own: 100 x 1/15; in law 100 x 5/23, less ten points."""
    assert (*[1.0] * TRUST, 2.0, *[1.0] * (13 - TRUST)) == WEIGHTS
    assert factors(LAW, POLICY)[TRUST] == 5.0
    assert factors(LAW, POLICY)[0] == factors(None, POLICY)[TRUST] == 1.0
    assert (shift(LAW, POLICY), shift(None, POLICY)) == (10.0, 0.0)
    assert standing(example(trust=HALF), WEIGHTS, POLICY).points == pytest.approx(100 / 15)
    assert standing(example(LAW, trust=HALF), WEIGHTS, POLICY).points == pytest.approx(500 / 23 - 10)
    assert standing(example(trust=HALF), [0.0] * 14, POLICY).points == 0.0
    assert standing(example(trust=HALF)._replace(open=False), WEIGHTS, POLICY).open is False


def test_an_agreement_takes_points_off_the_bar():
    """Three points less to reach are three points more, and the features are above a border so much lower."""
    eased = example(LAW, trust=HALF)._replace(eased=3.0)
    assert standing(eased, WEIGHTS, POLICY).points == pytest.approx(500 / 23 - 7)
    assert features(eased, POLICY)[TRUST] == pytest.approx((0.5 - 0.07) * 5 * 15 / 23)


def test_the_price_is_that_of_the_mistake_that_can_be_made():
    """Of a client to be missed, of another to be taken for one; by the trade's own prices."""
    dear = Policy(msgspec.structs.replace(POLICY.source, costs=Costs(false_client=5.0, missed_client=7.0, points=0.0)))
    assert standing(example(client=True), WEIGHTS, dear).price == 7.0
    assert standing(example(), WEIGHTS, dear).price == 5.0
    assert standing(example(LAW), WEIGHTS, dear).price == 3.0


def test_features_are_values_above_the_shift_times_the_factor():
    """In law: (0.5 - 0.1) x 5 for trust, and (0 - 0.1) x 1 for the others, over the mean factor of 23/15."""
    found = features(example(LAW, trust=HALF), POLICY)
    assert found[TRUST] == pytest.approx(0.4 * 5 * 15 / 23)
    assert found[0] == pytest.approx(-0.1 * 15 / 23)
    assert features(example(trust=HALF), POLICY)[TRUST] == pytest.approx(0.5)


def stands(*rows):
    """Return standings of (points, client, price), all open."""
    return [Standing(points, client=client, open=True, price=price) for points, client, price in rows]


def test_mistakes_are_counted_and_priced():
    """At the border it is a client; what is not open never is."""
    found = stands((50.0, True, 2.0), (49.9, True, 3.0), (50.0, False, 5.0), (49.9, False, 7.0))
    found.append(Standing(90.0, client=True, open=False, price=11.0))
    assert mistakes(found, 50.0) == Mistakes(correct=1, predicted=2, actual=3, cost=3.0 + 5.0 + 11.0)
    assert Mistakes(1, 2, 3, 4.0).plus(Mistakes(5, 6, 7, 8.0)) == Mistakes(6, 8, 10, 12.0)


def test_the_best_border_is_the_middle_of_the_widest_interval_of_least_cost():
    """Within what the thresholds allow: candidate_down may not fall below 0, client_up not rise above 100."""
    assert middle(POLICY) == 55.0
    assert best_border(stands((58.0, False, 1.0), (70.0, True, 1.0)), POLICY) == 64.0
    # All to be clients: from 55 - 20 = 35 on, the lowest border that is allowed, to the lowest of them.
    assert best_border(stands((45.0, True, 1.0), (90.0, True, 1.0)), POLICY) == 40.0
    # None to be one: from the highest of them to 55 + 40 = 95, the highest border that is allowed.
    assert best_border(stands((85.0, False, 1.0)), POLICY) == 90.0
    # Two intervals of equal cost, of which the wider is taken; the dearer mistake is avoided.
    tied = stands((60.0, False, 1.0), (64.0, True, 1.0), (70.0, False, 1.0), (84.0, True, 1.0))
    assert best_border(tied, POLICY) == 77.0
    dear = stands((60.0, False, 1.0), (64.0, True, 9.0), (70.0, False, 1.0), (84.0, True, 1.0))
    assert best_border(dear, POLICY) == 62.0


def test_the_border_stays_where_nothing_is_gained():
    """Also by the same cost elsewhere, and with a client whom the gate keeps out whatever the border is."""
    right = stands((50.0, False, 1.0), (60.0, True, 1.0))
    assert best_border(right, POLICY) == 55.0
    kept_out = Standing(99.0, client=True, open=False, price=5.0)
    assert best_border([*right, kept_out], POLICY) == 55.0
    wrong = stands((58.0, False, 1.0), (70.0, True, 1.0))
    assert best_border([*wrong, kept_out], POLICY) == 64.0
    assert best_border([], POLICY) == 55.0


def test_coefficients_become_weights_of_the_bases_sum():
    """Rounded to a tenth; the base's own where none says anything."""
    found = scaled([1.0] * 7 + [0.0] * 7, POLICY)
    assert found == (*[2.1] * 7, *[0.0] * 7)
    assert scaled([0.0] * 14, POLICY) == WEIGHTS
    assert scaled([-1.0] * 14, POLICY) == WEIGHTS


def test_edits_move_all_thresholds_alike_and_name_a_version():
    """By the border's distance from the base's, to a tenth; nothing where no number differs."""
    assert edits(WEIGHTS, 55.04, POLICY) == []
    found = {edit.path: edit.value for edit in edits(WEIGHTS, 57.5, POLICY)}
    assert [found["thresholds", name] for name in ("candidate_up", "candidate_down", "client_up", "client_down")] == [
        "32.5",
        "22.5",
        "62.5",
        "52.5",
    ]
    assert found["dimensions", "trust", "weight"] == "2.0"
    assert found["version",].startswith('"1-learned-')
    other = edits((*WEIGHTS[:13], 3.0), 55.0, POLICY)
    assert {edit.path: edit.value for edit in other}["dimensions", DIMENSIONS[13], "weight"] == "3.0"
    assert edits(WEIGHTS, 57.5, POLICY) == edits(WEIGHTS, 57.5, POLICY)


def test_a_learned_version_is_of_its_numbers():
    """Other numbers, another suffix, whatever they are joined to; at most 32 characters; of a learned one none piles up."""
    one, two = [Edit(("a",), "1"), Edit(("b",), "2")], [Edit(("a",), "12"), Edit(("b",), "")]
    assert version_of("7", one) != version_of("7", two)
    assert version_of("7", one).startswith("7-learned-")
    assert version_of(version_of("7", one), one) == version_of("7", one)
    assert len(version_of("x" * 40, one)) == 32
    assert version_of("x" * 40, one).startswith("x" * 17 + "-learned-")


def test_as_many_accounts_are_enough_as_ten_for_each_weight() -> None:
    """Of the rarer class; ten of each are the least that anything is learned from at all."""
    assert (ENOUGH, LEAST) == (140, 10)


def test_a_mistake_that_is_not_made_is_no_mistake() -> None:
    """None of anything costs nothing."""
    assert Mistakes() == Mistakes(0, 0, 0, 0.0)
    assert mistakes([], 50.0) == Mistakes()


@pytest.mark.parametrize(("days", "is_open"), [(0.0, True), (1e-6, False)])
def test_an_example_is_open_from_the_least_tenure_on(days, is_open) -> None:
    """With the gate for staying a client open too; an account that showed no sign of life is not."""
    tenure, t = PACKAGED.stays_us["tenure"], 20_000 * DAY_US
    account = Account(t=t, facts=1, first=t - tenure + int(days * DAY_US), last=t, met=t, seen={0: t // DAY_US})
    account.good = [9.0] * len(DIMENSIONS)
    assert example_of("a", account, PACKAGED, client=True).open is is_open
    account.first = None
    assert not example_of("a", account, PACKAGED, client=True).open


@pytest.mark.parametrize(
    ("version", "kept"), [("1", "1"), ("v" * 17, "v" * 17), ("v" * 18, "v" * 17), ("2-learned-abcdef", "2")]
)
def test_a_learned_version_keeps_what_fits_of_the_bases(version, kept) -> None:
    """With a suffix by which others of other numbers differ, 32 characters in all at the most."""
    found = version_of(version, [Edit(("a",), "1"), Edit(("b",), "2")])
    assert found[:-6] == f"{kept}-learned-"
    assert len(found) <= 32
    assert found != version_of(version, [Edit(("a",), "1"), Edit(("b",), "3")])
