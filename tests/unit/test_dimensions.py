"""Golden numbers for each of the fourteen dimensions, computed by hand from its formula under a policy of round numbers.

Every scale is 2 masses of evidence, and 240 days for the tenure; `share` is (1 - 2^-(good/2)) x good / (good + bad). So a
mass of 2 for is 0.5, of 4 is 0.75, and as much against halves either.
"""

import msgspec
import pytest
from story import POLICY as PACKAGED

from relationship.classify import dimensions
from relationship.classify.confidence import confidence
from relationship.classify.dimensions import allowance_us, contributions, values
from relationship.classify.rhythm import FEW_GAPS, MONTH_DAYS
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.contract.times import DAY_US
from relationship.policy.compiled import Policy, Trade, default_text, parse_policy
from relationship.policy.file import Confidence, Dimension, Industry, Lapse, Shape
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, Account, Override
from relationship.state.facts import HAS_GOALS, HAS_MANAGER, ProfileFact

SHAPE = Shape(
    purchase_engagement=0.1,
    breadth_floor=0.4,
    breadth_kinds=2.0,
    regular_share=0.5,
    line_gap=30.0,
    manager=0.4,
    contract={"retainer": 1.0, "engagement": 0.8, "policy": 0.5, "subscription": 0.25},
)


def policy_of(**changed):
    """Return the policy of round numbers, some of its tables changed."""
    rows = {
        name: Dimension(weight=1.0, half_life=100.0, scale=240.0 if name == "duration" else 2.0, cap=1.0)
        for name in DIMENSIONS
    }
    source = msgspec.structs.replace(
        PACKAGED.source,
        dimensions={**rows, **changed.pop("dimensions", {})},
        shape=SHAPE,
        lapse=Lapse(rhythm=3.0, longest=700.0, client=0.5),
        confidence=Confidence(half=6.0),
        industries={name: Industry(prior=0.0, lapse=200.0) for name in PACKAGED.source.industries},
    )
    return Policy(msgspec.structs.replace(source, **changed))


POLICY = policy_of()
TRADE = POLICY.trade(None)
T = 10_000 * DAY_US + DAY_US // 3  # eight in the morning: days are whole ones, whatever the hour


def account(**fields):
    """Return a customer at its moment `T`."""
    return Account(**{"t": T, "status": CUSTOMER, **fields})


def masses(**named):
    """Return fourteen masses of evidence, those named and 0 for the others."""
    return [named.get(name, 0.0) for name in DIMENSIONS]


def value(name, who, policy=POLICY):
    """Return one dimension of an account."""
    return values(who, policy, policy.trade(None))[INDEX[name]]


def profile(contract=None, flags=0):
    """Return a profile that says nothing but this."""
    return ProfileFact(0, "p", None, None, None, None, contract, flags)


PLAIN = ("personalisation", "bought", "trust", "dialogue", "value", "needs", "expectations")


@pytest.mark.parametrize("name", PLAIN)
def test_seven_dimensions_are_a_share_of_the_evidence(name):
    """D3 D4 D5 D8 D9 D11 D12: for 4, against 4 is (1 - 2^-2) x 4/8 = 0.375; for 2 alone 0.5; against alone nothing."""
    assert value(name, account(good=masses(**{name: 4.0}), bad=masses(**{name: 4.0}))) == pytest.approx(0.375)
    assert value(name, account(good=masses(**{name: 2.0}))) == pytest.approx(0.5)
    assert value(name, account(bad=masses(**{name: 2.0}))) == 0.0


def test_the_formula_alone():
    """`standing` is what the hot path has written out: 0 without evidence, one half at the scale, 0.375 as above."""
    assert [
        dimensions.standing(*each) for each in ((0.0, 1.0, 2.0), (0.5, 0.0, 0.5), (2.0, 0.0, 2.0), (4.0, 4.0, 2.0))
    ] == [
        0.0,
        0.5,
        pytest.approx(0.5),
        pytest.approx(0.375),
    ]


@pytest.mark.parametrize(
    ("tenure", "months", "expected"),
    [
        (240.0, 0b1, (1 - 2**-1) * (1 / (240 / 30.44)) / 0.5),  # 7.884 months known, one active: 0.2537 of 0.5
        (240.0, 0b1111, 0.5),  # 4 of 7.884 months is above the half that is regular
        (240.0, 0b111, 0.5 * 3 / (240 / 30.44) / 0.5),  # 3 of 7.884 is below it: 0.3805
        (30.0, 0b1, 1 - 2 ** -(30 / 240)),  # less than a month is known as one month: regular
        (0.0, 0b1, 0.0),
        (4800.0, (1 << 17) - 1, (1 - 2**-20) * 17 / 36 / 0.5),  # 157 months known count as 36, of which 17 are active
        (4800.0, (1 << 18) - 1, 1 - 2**-20),  # 18 of 36 is regular
    ],
)
def test_d1_duration_is_tenure_times_regularity(tenure, months, expected):
    """(1 - 2^-(days/240)) x min(1, active months / months known, at most 36 / 0.5)."""
    first = T - int(tenure * DAY_US)
    assert value("duration", account(first=first, last=T, months=months)) == pytest.approx(expected)


def test_d1_counts_up_to_the_last_sign_of_life():
    """240 days from the first to the last sign are one half, however long the silence since; without a sign it is 0."""
    quiet = account(first=T - 480 * DAY_US, last=T - 240 * DAY_US, months=0b1111)
    assert value("duration", quiet) == pytest.approx(0.5)
    assert value("duration", account(months=0b1111)) == 0.0


@pytest.mark.parametrize(
    ("kinds", "purchases", "expected"),
    [
        (0, 0, 0.5 * 0.4),  # no kind seen this year: the floor
        (2, 0, 0.5 * (0.4 + 0.6 * 0.5)),  # two kinds are half of the breadth: 0.35
        (4, 0, 0.5 * (0.4 + 0.6 * 0.75)),  # 0.425
        (2, 4, 0.35 + 0.65 * 0.1 * 0.5),  # four purchases bring half of a tenth of what is left: 0.3825
        (2, 8, 0.35 + 0.65 * 0.1 * 0.75),
    ],
)
def test_d2_engagement_is_contact_in_several_kinds_and_a_little_of_purchases(kinds, purchases, expected):
    """Contact 0.5 (mass 2) x (0.4 + 0.6 x (1 - 2^-(kinds/2))), then 0.1 x (1 - 2^-(purchases/4)) of what is left."""
    seen = dict.fromkeys(range(kinds), T // DAY_US)
    who = account(good=masses(engagement=2.0), seen=seen, purchases=purchases)
    assert value("engagement", who) == pytest.approx(expected)


def test_d2_purchases_alone_stay_below_a_tenth():
    """Four purchases and no contact: 0.1 x 0.5; a thousand: 0.1."""
    assert value("engagement", account(purchases=4)) == pytest.approx(0.05)
    assert value("engagement", account(purchases=1000)) == pytest.approx(0.1)
    assert value("engagement", account()) == 0.0


def test_d2_a_kind_counts_for_a_year():
    """Seen 365 days ago it counts still (0.4 + 0.6 x (1 - 2^-0.5) = 0.5757), a day more and it does not (0.4)."""
    today = T // DAY_US
    for days, breadth in ((365, 0.4 + 0.6 * (1 - 2**-0.5)), (366, 0.4)):
        assert value("engagement", account(good=masses(engagement=2.0), seen={1: today - days})) == pytest.approx(
            0.5 * breadth
        )


@pytest.mark.parametrize(
    ("quantity", "silence_days", "bad", "expected"),
    [
        (0, 0.0, 0.0, 0.5),
        (1, 0.0, 0.0, 0.5),
        (16, 0.0, 0.0, 1 - 2 ** -(16**0.4)),  # 16 units raise the mass of 2 by 16^0.4 = 3.0314: 0.8777
        (17, 0.0, 0.0, 1 - 2 ** -(16**0.4)),  # more units than 16 say no more
        (1, 200.0, 0.0, 0.5 * 2**-1.5),  # a silence of the whole allowance is one and a half halvings: 0.1768
        (1, 100.0, 2.0, 0.25 * 2**-0.75),  # as much against, half of the allowance: 0.1487
    ],
)
def test_d6_loyalty_is_custom_kept_that_fades_with_silence(quantity, silence_days, bad, expected):
    """Share of (2 x units^0.4, at most 16 units), times 2^-(1.5 x silence / 200 days)."""
    who = account(
        good=masses(loyalty=2.0), bad=masses(loyalty=bad), quantity=quantity, last=T - int(silence_days * DAY_US)
    )
    assert value("loyalty", who) == pytest.approx(expected)


def test_d6_needs_a_purchase_and_a_sign_of_life():
    """Against alone is nothing, and so is a mass without a sign of life."""
    assert value("loyalty", account(bad=masses(loyalty=2.0), last=T)) == 0.0
    assert value("loyalty", account(good=masses(loyalty=2.0))) == 0.0


@pytest.mark.parametrize(
    ("gap", "spread", "status", "days"),
    [
        (0.0, 0.0, CUSTOMER, 200.0),  # the trade's
        (0.0, 0.0, CLIENT, 100.0),  # half of the trade's: a client is missed sooner
        (60.0, 10.0, CUSTOMER, 210.0),  # three of its own gaps of 60 + 10 days
        (60.0, 10.0, CLIENT, 210.0),
        (20.0, 10.0, CLIENT, 100.0),
        (300.0, 0.0, CUSTOMER, 700.0),  # 900 days of its own, of which 700 count
    ],
)
def test_the_allowance_is_the_longer_of_the_trades_and_its_own(gap, spread, status, days):
    """max(200 days, or 100 for a client, min(700, 3 x (gap + spread)))."""
    assert allowance_us(account(gap=gap, spread=spread, status=status), POLICY, TRADE) == int(days * DAY_US)


TODAY = T // DAY_US


@pytest.mark.parametrize(
    ("contract", "good", "bad", "expected"),
    [
        (None, 0.0, 0.0, 0.0),
        (None, 2.0, 0.0, 0.5),
        ((0, TODAY, None), 0.0, 0.0, 1.0),
        ((2, TODAY, None), 2.0, 0.0, 0.75),  # 0.5 formal, and half of the other half
        ((2, TODAY, None), 2.0, 3.0, (0.5 + 0.5 * 0.2) * 3 / 6),  # (0.5 + 0.5 x 0.5 x 2/5) x (2+1)/(2+1+3): 0.3
        ((3, TODAY, None), 0.0, 1.0, 0.125),  # 0.25 x 1/(1 + 1)
        ((0, TODAY + 1, None), 0.0, 0.0, 0.0),  # signed tomorrow
        ((0, TODAY - 9, TODAY), 0.0, 0.0, 1.0),  # its last day
        ((0, TODAY - 9, TODAY - 1), 0.0, 0.0, 0.0),  # ended yesterday
        ((0, TODAY, TODAY), 0.0, 0.0, 1.0),  # signed and ended on one day
        ((0, TODAY - 9, TODAY - 1), 2.0, 0.0, 0.5),  # ended, and signed for otherwise
    ],
)
def test_d7_commitment_is_an_agreement_in_force_or_told_of(contract, good, bad, expected):
    """(formal + (1 - formal) x told) x (good + 1) / (good + 1 + bad), where told is the share of the evidence."""
    who = account(good=masses(commitment=good), bad=masses(commitment=bad), profile=profile(contract))
    assert value("commitment", who) == pytest.approx(expected)


def test_d10_breadth_counts_lines_added():
    """One of two is 1 - 2^-0.5 = 0.2929, two are one half, none is nothing."""
    assert [value("breadth", account(growth=growth)) for growth in (0, 1, 2)] == [
        0.0,
        pytest.approx(1 - 2**-0.5),
        pytest.approx(0.5),
    ]


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        (0.0, 0.0, (0.5 + 0.75) / 4),  # dialogue 0.5 and needs 0.75 alone: 0.3125
        (2.0, 0.0, (2 * 0.5 + 0.5 + 0.75) / 4),  # paid on time: 0.5625
        (2.0, 2.0, (2 * 0.25 + 0.5 + 0.75) / 4 * 3 / 5),  # as much late: 0.4375 x (2+1)/(2+2+1) = 0.2625
        (0.0, 1.0, (0.5 + 0.75) / 4 * 1 / 2),  # late alone halves it
    ],
)
def test_d13_duties_are_payment_dialogue_and_needs(good, bad, expected):
    """(2 x payment + dialogue + needs) / 4 x (good + 1) / (good + bad + 1)."""
    who = account(good=masses(duties=good, dialogue=2.0, needs=4.0), bad=masses(duties=bad))
    assert value("duties", who) == pytest.approx(expected)


def test_d14_service_is_hours_and_a_named_person():
    """Two hours are 0.5; a manager is worth 0.4 of what is left: 0.5 + 0.5 x 0.4 = 0.7, and 0.4 alone; goals are none."""
    for mass, flags, expected in (
        (2.0, 0, 0.5),
        (2.0, HAS_MANAGER, 0.7),
        (0.0, HAS_MANAGER, 0.4),
        (2.0, HAS_GOALS, 0.5),
    ):
        assert value("service", account(good=masses(service=mass), profile=profile(flags=flags))) == pytest.approx(
            expected
        )
    assert value("service", account(good=masses(service=2.0))) == pytest.approx(0.5)


def test_a_cap_bounds_its_dimension_and_no_other():
    """Trust capped at 0.3 is 0.3 where it would be 0.5, and what lies below stays; value beside it stays 0.5."""
    capped = policy_of(dimensions={"trust": Dimension(weight=1.0, half_life=100.0, scale=2.0, cap=0.3)})
    assert value("trust", account(good=masses(trust=2.0, value=2.0)), capped) == 0.3
    assert value("value", account(good=masses(trust=2.0, value=2.0)), capped) == pytest.approx(0.5)
    assert value("trust", account(good=masses(trust=0.5)), capped) == pytest.approx(1 - 2**-0.25)


def test_contributions_are_whole_hundredths_rounded_half_up():
    """Shares of 200, 300 and 501 hundredths times values: 100.0 → 100, 150.0 → 150, 250.5 → 251; 0 stays 0."""
    shares = (200.0, 300.0, 501.0, 10.0)
    trade = Trade(shares, shares, shares, 0, 0, 0, 0, 0, 0, 0, 0)
    assert contributions([0.5, 0.5, 0.5, 0.0], trade) == [100, 150, 251, 0]
    assert contributions([0.0, 0.0, 0.0, 0.049], trade) == [0, 0, 0, 0]
    assert contributions([0.0, 0.0, 0.0, 0.05], trade) == [0, 0, 0, 1]


def test_confidence_is_the_chance_of_the_standing():
    """Half at the bar's middle, more above it as a client, more below it as none; sure of nothing where little is told."""
    up, points = PACKAGED.trade(None).client_up, 100
    middle = up + 2 * points
    assert confidence(account(status=CLIENT), middle, PACKAGED) == pytest.approx(0.5)
    assert confidence(account(status=CLIENT), middle + 20 * points, PACKAGED) > 0.95
    assert confidence(account(status=CUSTOMER), up - 40 * points, PACKAGED) > 0.99
    assert confidence(account(status=CANDIDATE), up, PACKAGED) < confidence(
        account(status=CANDIDATE), up - 900, PACKAGED
    )
    assert confidence(account(status=CUSTOMER, ended=1), up, PACKAGED) == pytest.approx(0.98)
    blind = parse_policy(f"{default_text()}\n[firm.kinds]\nmeeting = 0.0\n[firm.coverage]\ntrust = 0.0", "blind")
    assert 0.5 < confidence(account(status=CLIENT), middle + 2000, blind) < 0.93
    held = account(status=CUSTOMER, override=Override(CLIENT, 1))
    assert confidence(held, up, PACKAGED) == pytest.approx(1 - confidence(account(status=CUSTOMER), up, PACKAGED))


@pytest.mark.parametrize(
    ("gaps", "days_a_gap", "allowed"),
    [
        (10, 100.0, 2.2 * 100.0 * 10 / (10 + FEW_GAPS)),  # clockwork: twice the gap and a fifth, less for few gaps
        (10, 30.0, 100.0),  # so often is within what the trade allows a client
        (0, 0.0, 100.0),  # nobody can tell
    ],
)
def test_the_rhythm_of_its_contacts_lengthens_what_a_client_is_allowed(gaps, days_a_gap, allowed):
    """One contact that is left out is no lapse, and two are."""
    days = gaps * days_a_gap
    who = account(status=CLIENT, met_gaps=gaps, met_days=days, met_squares=gaps * days_a_gap**2)
    assert allowance_us(who, POLICY, POLICY.trade(None)) / DAY_US == pytest.approx(allowed, rel=1e-6)


def test_a_season_allows_last_years_silence_and_half_a_month_at_each_end_and_half_one_more():
    """Seven months of silence a year ago are eight and a half now, as long as that is more than the trade allows anyone."""
    who = account(status=CUSTOMER, season=7)
    assert allowance_us(who, POLICY, POLICY.trade(None)) == int(8.5 * MONTH_DAYS * DAY_US)


@pytest.mark.parametrize("name", [name for name in DIMENSIONS if hasattr(dimensions, name.upper())])
def test_the_constants_of_dimensions_are_their_places_in_the_contract(name):
    """`TRUST` is where `trust` stands among the dimensions; all but the two that no rule names have a constant."""
    assert getattr(dimensions, name.upper()) == INDEX[name]
    assert sum(hasattr(dimensions, each.upper()) for each in DIMENSIONS) == len(DIMENSIONS) - 2
