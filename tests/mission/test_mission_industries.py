"""Industries set the prior and the weights, never the answer; segments are another axis than the status."""

import pytest
from reading import best, dims, history, score, tale
from story import POLICY, command, courtship, fold, meeting, on, path, purchase, state_of, ticket

from relationship.contract.enums import INDUSTRIES

TO_CLIENTS = ["consulting", "law", "financial_advice", "accounting", "architecture", "banking", "marketing_agency"]
TO_CUSTOMERS = ["retail", "grocery", "restaurant", "streaming", "telecom"]  # an online store is `retail`
EITHER_WAY = ["insurance", "real_estate", "saas", "healthcare", "other"]
BEGUN = courtship()[1:13]  # five months of a relationship that has begun: between the trades' thresholds
FULL = [*courtship()[1:], meeting(165), ticket(170, kind="advice", initiator="account"), meeting(180, kind="review")]
SALES = [purchase(1 + 7 * i, f"s{i}", amount="900.00") for i in range(26)]


def client_up(industry):
    """Return the threshold of a client, in hundredths of a point."""
    return POLICY.trade(INDUSTRIES.index(industry)).client_up


@pytest.mark.row("industries: clients")
@pytest.mark.parametrize("industry", TO_CLIENTS)
class TestLeaningToClients:
    """Consulting, law, financial advice, accounting, architecture, banking, marketing agency."""

    def test_the_prior_leans(self, industry):
        """A client is made at fewer points than where nothing is known of the trade."""
        assert client_up(industry) < client_up("other")

    def test_a_relationship_that_has_begun_is_a_client(self, industry):
        """The same five months that make a candidate in a shop make a client here."""
        assert best(BEGUN, industry=industry) == "client"

    def test_the_trade_is_not_the_answer(self, industry):
        """Half a year of weekly sales is a customer here too."""
        assert best(SALES, industry=industry) == "customer"


@pytest.mark.row("industries: customers")
@pytest.mark.parametrize("industry", TO_CUSTOMERS)
class TestLeaningToCustomers:
    """Retail (and the online store), grocery, restaurant, streaming, telecom."""

    def test_the_prior_leans(self, industry):
        """A client takes more points than where nothing is known of the trade."""
        assert client_up(industry) > client_up("other")

    def test_a_relationship_that_has_begun_is_no_client_yet(self, industry):
        """The same five months that make a client of a law firm's are a candidate's here."""
        assert best(BEGUN, industry=industry) == "candidate"

    def test_the_trade_is_not_the_answer(self, industry):
        """A full relationship is a client here too, and weekly sales are a customer's."""
        assert best(FULL, industry=industry) == "client"
        assert best(SALES, industry=industry) == "customer"


@pytest.mark.row("industries: clients", "industries: customers")
def test_every_industry_of_the_contract_leans_as_the_page_says():
    """The two lists and those that go either way are the seventeen of the contract; the latter have no prior."""
    assert sorted(TO_CLIENTS + TO_CUSTOMERS + EITHER_WAY) == sorted(INDUSTRIES)
    assert {client_up(industry) for industry in EITHER_WAY} == {client_up("other")}


@pytest.mark.row("industries: clients")
def test_industries_set_the_weights():
    """Growth across lines is worth more where the trade is about it."""
    lines = [purchase(10 + 45 * i, category=line) for i, line in enumerate(("auto", "home", "life", "umbrella"))]
    gains = [score(lines, industry=trade) - score([*lines[:1]], industry=trade) for trade in ("insurance", "other")]
    assert gains[0] > gains[1] + 2


def both(customer, client):
    """Tell how two stories of one trade end, and check that the trade is the same."""
    told = [tale(name) for name in (customer, client)]
    assert told[0][1]["segment"]["industry"] == told[1][1]["segment"]["industry"]
    return [{each["to"] for each in decisions} for decisions, _ in told]


@pytest.mark.row("either: insurance")
def test_insurance_one_policy_or_the_whole_household():
    """One car insured for two years is a customer's; the home, life and umbrella after an adviser's talk a client's."""
    customer, client = both("insurance-one-policy", "insurance-household-growing")
    assert customer == {"customer"}
    assert "client" in client


@pytest.mark.row("either: real estate")
def test_real_estate_a_short_let_or_a_long_search():
    """A month's let is a customer's; viewings, a changed wish and a negotiation are a client's."""
    customer, client = both("real-estate-short-let", "real-estate-long-search")
    assert customer == {"customer"}
    assert "client" in client


@pytest.mark.row("either: SaaS")
def test_saas_self_serve_seats_or_onboarding_and_reviews():
    """Seats by card are a customer's; onboarding, plans and reviews a client's."""
    customer, client = both("saas-self-serve-seats", "saas-turns-client-and-lapses")
    assert customer == {"customer"}
    assert "client" in client


@pytest.mark.row("either: healthcare")
def test_healthcare_a_check_up_or_care_over_years():
    """A check-up a year is a customer's; a year of therapy with one's own doctor a client's."""
    customer, client = both("healthcare-check-up", "healthcare-care-over-years")
    assert customer == {"customer", "lapsed"}
    assert "client" in client


@pytest.mark.row("either: digital marketing")
def test_digital_marketing_self_serve_or_a_campaign_made_together():
    """Ads topped up by the fortnight are a customer's; a brand made together is a client's."""
    customer, client = both("digital-marketing-self-serve", "marketing-agency-rebrand-and-drift")
    assert customer == {"customer"}
    assert "client" in client


@pytest.mark.row("coffee shop")
def test_a_wealthy_regular_at_a_coffee_shop_is_a_loyal_customer():
    """Two years, twice a week, at any price: loyal, and a customer; a thousandfold the price changes nothing."""
    decisions, state = tale("restaurant-coffee-shop-regular")
    assert path(decisions) == ["customer"]
    assert state["segment"]["standing"] == "loyal"
    dear = [purchase(1 + 3 * i, f"c{i}", amount="4200.00") for i in range(63)]
    cheap = [purchase(1 + 3 * i, f"c{i}", amount="4.20") for i in range(63)]
    assert dims(dear, industry="restaurant") == dims(cheap, industry="restaurant")


@pytest.mark.row("law firm")
def test_a_law_firm_s_one_off_document_sale_is_a_customer_s_purchase():
    """The trade leans to clients, and its buyer of one document is a customer all the same."""
    decisions, state = tale("law-one-off-document")
    assert path(decisions) == ["customer"]
    assert state["status"] == "customer"


@pytest.mark.row("segments: clients")
@pytest.mark.parametrize("party", ["individual", "business", "institution"])
@pytest.mark.parametrize("scope", ["external", "internal"])
def test_clients_of_every_party_and_scope(party, scope):
    """The same relationship makes a client of each, and the segment says which it is."""
    replay, decisions = fold(history(FULL, party=party, scope=scope))
    assert path(decisions)[-1] == "client"
    segment = state_of(replay).segment
    assert (segment.party, segment.scope) == (party, scope)


@pytest.mark.row("segments: customers")
@pytest.mark.parametrize("market", ["consumer", "business", "retail", "wholesale"])
def test_customers_of_every_market(market):
    """The segment says in which market a customer buys, and the status is the same."""
    replay, decisions = fold(history(SALES, market=market))
    assert path(decisions) == ["customer"]
    assert state_of(replay).segment.market == market


@pytest.mark.row("segments: customers")
@pytest.mark.parametrize(
    ("standing", "told"),
    [
        ("potential", [ticket(3)]),
        ("new", [purchase(3)]),
        ("regular", [purchase(3 + 30 * i, f"r{i}") for i in range(6)]),
        ("loyal", [purchase(3 + 20 * i, f"l{i}") for i in range(20)]),
    ],
)
def test_customers_of_every_standing(standing, told):
    """Potential, new, regular, loyal: by purchases and time, none of which is the status."""
    replay, _ = fold(told)
    assert state_of(replay).segment.standing == standing
    assert state_of(replay).status == ("prospect" if standing == "potential" else "customer")


@pytest.mark.row("segments: wholesale")
def test_a_wholesale_buyer_who_never_talks_stays_a_customer():
    """Pallets every week make it loyal, and loyal is not client."""
    decisions, state = tale("grocery-wholesale-who-never-talks")
    assert path(decisions) == ["customer"]
    assert state["segment"]["market"] == "wholesale"
    assert state["segment"]["standing"] == "loyal"


@pytest.mark.row("segments: wholesale")
def test_a_client_need_not_be_loyal():
    """The axes are two: a client of half a year is a regular one, and an override moves the status alone."""
    replay, decisions = fold([*courtship(), command(170, "override", status="customer", until=on(300))])
    assert path(decisions)[-2:] == ["client", "customer"]
    assert decisions[-1]["segment"]["standing"] == decisions[-2]["segment"]["standing"] == "regular"
    assert state_of(replay).segment.standing == "regular"
