"""D1 to D7: the customer's end and the client's end of each row, and every input that is named as feeding it."""

import pytest
from reading import LOOK, SALE, best, dims, history, monthly, more, score
from story import fold, meeting, on, purchase, record_of, ticket

CONTRACT = {"id": "c", "kind": "retainer", "signed_on": on(0).date()}


@pytest.mark.row("D1")
class TestD1Duration:
    """Duration: one-off, or now and then; months and years, regularly."""

    def test_a_one_off_has_none_and_regular_months_have_much(self):
        """A single sale stands at nothing, six regular months well above."""
        assert dims([SALE])["duration"] == 0.0
        assert dims(monthly(purchase))["duration"] > 0.25

    def test_long_tenure_alone_is_not_enough(self):
        """Two sales half a year apart have the tenure of twelve a fortnight apart, and less duration."""
        rare = dims([purchase(1), purchase(180)])["duration"]
        regular = dims([purchase(1), *monthly(purchase, 14, 12, 14), purchase(180)])["duration"]
        assert 0.0 < rare < 0.7 * regular

    def test_duration_alone_makes_no_client(self):
        """Half a year of regular sales is a customer's."""
        assert best(monthly(purchase, 1, 24, 7)) == "customer"

    @pytest.mark.parametrize(
        "event",
        [purchase(180, "x"), ticket(180, "x"), meeting(180, "x")],
        ids=["purchase", "ticket", "meeting"],
    )
    def test_every_event_feeds_it(self, event):
        """Any kind of event that is a sign of life lengthens the tenure."""
        assert more("duration", [event])


@pytest.mark.row("D2")
class TestD2Engagement:
    """Engagement: none after the sale; check-ins, planning, several kinds of contact, often."""

    CHECK_INS = monthly(meeting, kind="check_in")

    def test_none_after_the_sale_and_much_with_check_ins_and_planning(self):
        """A sale alone stands at next to nothing; monthly check-ins and plans show."""
        assert dims([SALE])["engagement"] < 0.05
        assert dims([SALE, *self.CHECK_INS, *monthly(meeting, 25, 5)])["engagement"] > 0.4

    @pytest.mark.parametrize("event", [meeting(100, "x"), ticket(100, "x")], ids=["meetings", "tickets"])
    def test_meetings_and_tickets_feed_it(self, event):
        """One of either moves it."""
        assert more("engagement", [event])

    def test_counts_feed_it_and_decay(self):
        """More contacts say more, and the same ones say less when they lie further back."""
        assert more("engagement", self.CHECK_INS, self.CHECK_INS[3:])
        assert more("engagement", monthly(meeting, 100, 3, 10), monthly(meeting, 10, 3, 10))

    def test_gaps_feed_it(self):
        """Contacts far apart say less than as many close together."""
        assert more("engagement", monthly(meeting, 124, 4, 20), monthly(meeting, 4, 4, 60))

    def test_breadth_of_kinds_and_channels_feeds_it(self):
        """As many contacts say more in several kinds, and more through several channels."""
        same = [meeting(100 + 10 * i, f"m{i}", kind="check_in") for i in range(4)]
        channels = [
            meeting(100 + 10 * i, f"m{i}", kind="check_in", channel=channel)
            for i, channel in enumerate(("in_person", "video", "phone", "video"))
        ]
        kinds = [
            meeting(100 + 10 * i, f"m{i}", kind=kind)
            for i, kind in enumerate(("check_in", "consultation", "check_in", "consultation"))
        ]
        assert more("engagement", channels, same)
        assert more("engagement", kinds, same)

    def test_purchases_alone_are_capped(self):
        """However many purchases, engagement stays at a tenth."""
        assert dims(monthly(purchase, 1, 180, 1))["engagement"] <= 0.1


@pytest.mark.row("D3")
class TestD3Personalisation:
    """Personalisation: standard, self-serve; tailored to the account."""

    def test_standard_has_none_and_tailored_has_much(self):
        """Off-the-shelf purchases leave it at nothing; tailored work and consultations show."""
        assert dims(monthly(purchase))["personalisation"] == 0.0
        tailored = [*monthly(purchase, customised=True), *monthly(meeting, 20, 5, kind="consultation")]
        assert dims(tailored)["personalisation"] > 0.6

    @pytest.mark.parametrize(
        ("event", "plain"),
        [
            (purchase(100, "x", customised=True), purchase(100, "x")),
            (meeting(100, "x", kind="planning"), meeting(100, "x", kind="webinar")),
            (meeting(100, "x", requirement_change=True), meeting(100, "x")),
            (ticket(100, "x", kind="requirement_change"), ticket(100, "x")),
        ],
        ids=["customised", "kind of meeting", "requirement_change in a meeting", "requirement_change in a ticket"],
    )
    def test_what_feeds_it(self, event, plain):
        """Each input moves it."""
        assert more("personalisation", [event], [plain])


@pytest.mark.row("D4")
class TestD4WhatIsBought:
    """What is bought: goods, convenience; advice, expertise, a service."""

    def test_goods_have_none_and_advice_has_much(self):
        """A year's goods stand at nothing, as many hours of advice near the top."""
        assert dims(monthly(purchase, kind="goods"))["bought"] == 0.0
        assert dims(monthly(purchase, kind="advice"))["bought"] > 0.7

    @pytest.mark.parametrize("kind", ["service", "advice", "retainer"])
    def test_the_share_of_each_kind_feeds_it(self, kind):
        """The more of the purchases are of the kind, the higher it stands."""
        shares = [
            dims([*monthly(purchase, 10, n, 10, kind=kind), *monthly(purchase, 110, 6 - n, 10)])["bought"]
            for n in (0, 2, 4)
        ]
        assert shares == sorted(shares)
        assert shares[0] < shares[1] < shares[2]


@pytest.mark.row("D5")
class TestD5Trust:
    """Trust: expects the product to work; shares information, asks for advice, collaborates."""

    def test_incidents_have_little_and_advice_and_plans_have_much(self):
        """Who only reports what does not work trusts little; who asks for advice and plans with us trusts."""
        assert dims([SALE, *monthly(ticket, kind="incident", initiator="account")])["trust"] < 0.25
        asked = [*monthly(ticket, kind="advice", initiator="account"), *monthly(meeting, 20, 5)]
        assert dims([SALE, *asked])["trust"] > 0.75

    def test_who_initiates_feeds_it(self):
        """The same meeting says more when the account asked for it."""
        assert more("trust", [meeting(100, "x", initiator="account")], [meeting(100, "x", initiator="us")])

    def test_the_two_way_ratio_feeds_it(self):
        """Beside what the account says itself, letters of ours that it leaves unanswered lower its share."""
        theirs = monthly(ticket, kind="advice", initiator="account")
        ours = [ticket(15 + 30 * i, f"ours{i}", kind="advice", initiator="us") for i in range(6)]
        answers = [
            ticket(16 + 30 * i, f"re{i}", ticket_id=f"ours{i}", status="updated", kind="advice", initiator="us")
            for i in range(6)
        ]
        one_way, two_way = dims([SALE, *theirs, *ours]), dims([SALE, *theirs, *ours, *answers])
        assert one_way["trust"] < dims([SALE, *theirs])["trust"]
        assert one_way["trust"] < two_way["trust"]

    def test_sentiment_feeds_it_both_ways(self):
        """A kind word raises it, a harsh one lowers it."""
        plain, kind, harsh = (
            dims([SALE, meeting(50), ticket(100, "x", **said)])["trust"]
            for said in ({}, {"sentiment": 0.9}, {"sentiment": -0.9})
        )
        assert harsh < plain < kind

    def test_advice_feeds_it(self):
        """To ask for advice says more than to ask a question."""
        assert more("trust", [ticket(100, "x", kind="advice")], [ticket(100, "x", kind="question")])

    def test_referrals_feed_it(self):
        """Sending us somebody is trust: the buyer's purchase credits the account that is named in it."""
        assert more("trust", [purchase(100, "theirs", account="b", referred_by="a")], [purchase(100, "b", account="b")])


@pytest.mark.row("D6")
class TestD6Loyalty:
    """Loyalty: switches on price or convenience; stays when it is not the cheapest."""

    def test_bargains_have_little_and_list_price_has_much(self):
        """Who buys by codes only stands low, who pays list price all along near the top."""
        assert dims(monthly(purchase, discount_code="SALE"))["loyalty"] < 0.4
        assert dims(monthly(purchase, list_price="10.00"))["loyalty"] > 0.5

    def test_the_rhythm_kept_feeds_it(self):
        """Who bought as often and then stopped is less loyal than who goes on."""
        assert more("loyalty", monthly(purchase, 125, 12, 5), monthly(purchase, 5, 12, 5))

    @pytest.mark.parametrize(
        ("event", "plain"),
        [
            (purchase(100, "x"), purchase(100, "x", list_price="15.00")),
            (purchase(100, "x", list_price="8.00"), purchase(100, "x", list_price="10.00")),
            (purchase(100, "x"), purchase(100, "x", discount_code="SALE")),
        ],
        ids=["below list", "above list", "code"],
    )
    def test_prices_and_codes_feed_it(self, event, plain):
        """The price paid against list, and codes."""
        assert more("loyalty", [purchase(50), event], [purchase(50), plain])

    @pytest.mark.parametrize("reason", ["price", "competitor"])
    def test_reasons_of_cancellations_feed_it(self, reason):
        """Leaving for the price or a rival says more than that the need has ended."""
        left, ended = (ticket(180, "x", kind="cancellation", reason=r) for r in (reason, "need_ended"))
        kept = monthly(purchase)
        assert more("loyalty", kept, [*kept, ended])
        assert more("loyalty", [*kept, ended], [*kept, left])


@pytest.mark.row("D7")
class TestD7Commitment:
    """Commitment: informal; a contract or a formal agreement, with duties on both sides."""

    def test_informal_has_none_and_a_contract_has_much(self):
        """Without an agreement it stands at nothing; a retainer in force stands near the top."""
        assert dims(monthly(purchase))["commitment"] == 0.0
        assert dims([SALE], contract=CONTRACT)["commitment"] > 0.9

    def test_a_contract_that_has_ended_is_none(self):
        """An agreement counts while it is in force."""
        ended = CONTRACT | {"ends_on": on(100).date()}
        assert dims([SALE], contract=ended)["commitment"] == 0.0

    @pytest.mark.parametrize(
        ("event", "plain"),
        [
            (purchase(100, "x", contract_id="c"), purchase(100, "x")),
            (meeting(100, "x", contract_signed=True), meeting(100, "x")),
        ],
        ids=["contract_id", "contract_signed"],
    )
    def test_what_feeds_it(self, event, plain):
        """Purchases under a contract and a signature each move it; the profile does in the tests above."""
        assert more("commitment", [event], [plain])

    def test_it_is_strong_and_never_sufficient(self):
        """A contract raises the score by points, and with purchases under it alone it makes no client."""
        paid = monthly(purchase, contract_id="c", kind="subscription")
        assert score(paid, contract=CONTRACT) > score(paid) + 3
        assert best(paid, contract=CONTRACT) == "customer"


@pytest.mark.row("D7", "D2")
def test_two_of_four_must_show_and_one_of_the_first_two():
    """Trust and commitment alone, whatever the score, make no client: the contract's gate."""
    referred = [purchase(5 + i, f"r{i}", account=f"b{i}", referred_by="a") for i in range(150)]
    told = fold(history([SALE, *referred], contract=CONTRACT, account_manager="X"))[1]
    assert "client" not in {each["to"] for each in told if each["account_id"] == "a"}


@pytest.mark.row("D1")
def test_the_look_is_evidence_of_nothing():
    """The second profile that the readings are taken at changes no mass: only time passes."""
    told = history([SALE])
    with_look, without = (record_of(fold(each)[0]).head for each in (told, told[:-1]))
    assert with_look.t - without.t == (LOOK - 1) * 86_400_000_000
    assert with_look.facts == without.facts + 1
    assert (with_look.first, with_look.last) == (without.first, without.last)
