"""D8 to D14: the customer's end and the client's end of each row, and every input that is named as feeding it."""

import pytest
from reading import SALE, dims, monthly, more, score, status
from story import courtship, meeting, on, purchase, ticket

TIMELY = {"due_on": on(160).date(), "paid_on": on(150).date()}
LATE = {"due_on": on(110).date(), "paid_on": on(150).date()}
OPINIONS = {"kind": "feedback", "initiator": "account"}


@pytest.mark.row("D8")
class TestD8Dialogue:
    """Dialogue: feedback at the point of sale; open, regular, both ways."""

    def test_sales_have_none_and_regular_feedback_has_much(self):
        """A sale says nothing; interviews, surveys and reviews show."""
        assert dims(monthly(purchase))["dialogue"] == 0.0
        talk = [*monthly(ticket, **OPINIONS), meeting(100, kind="interview"), meeting(150, kind="review")]
        assert dims([SALE, *talk])["dialogue"] > 0.7

    @pytest.mark.parametrize(
        ("event", "plain"),
        [
            (ticket(100, "x", kind="feedback"), ticket(100, "x", kind="question")),
            (meeting(100, "x", kind="interview"), meeting(100, "x", kind="sales")),
            (meeting(100, "x", kind="review"), meeting(100, "x", kind="check_in")),
            (ticket(100, "x", csat=2), ticket(100, "x")),
        ],
        ids=["feedback", "interview", "review", "csat"],
    )
    def test_what_feeds_it(self, event, plain):
        """Each input moves it; a low mark is dialogue too."""
        assert more("dialogue", [event], [plain])


@pytest.mark.row("D9")
class TestD9PerceivedValue:
    """Perceived value: price; outcome and expertise."""

    def test_bargains_have_none_and_outcomes_have_much(self):
        """Who buys the price values nothing else; outcomes met and high marks show."""
        assert dims(monthly(purchase, discount_code="SALE"))["value"] == 0.0
        valued = [*monthly(meeting, outcome_met=True), *monthly(ticket, 20, 5, csat=5)]
        assert dims([SALE, *valued])["value"] > 0.7

    @pytest.mark.parametrize(
        ("event", "plain"),
        [
            (ticket(100, "x", csat=5), ticket(100, "x")),
            (meeting(100, "x", outcome_met=True), meeting(100, "x")),
            (ticket(100, "x", outcome_met=True), ticket(100, "x")),
            (purchase(100, "x", list_price="8.00"), purchase(100, "x")),
            (purchase(100, "x", account="b", referred_by="a"), purchase(100, "x", account="b")),
        ],
        ids=["csat", "outcome of a meeting", "outcome of a ticket", "premium", "referral"],
    )
    def test_what_feeds_it(self, event, plain):
        """Each input moves it."""
        assert more("value", [event], [plain])

    def test_a_low_mark_and_an_outcome_missed_lower_it(self):
        """Value has two directions."""
        good = monthly(ticket, csat=5)
        assert more("value", good, [*good, ticket(185, "x", csat=1)])
        assert more("value", good, [*good, meeting(185, "x", outcome_met=False)])


@pytest.mark.row("D10")
class TestD10Breadth:
    """Breadth: one line; grows across lines: auto, home, life, umbrella."""

    LINES = ("auto", "home", "life", "umbrella")

    def test_one_line_has_none_and_lines_over_time_have_much(self):
        """Auto, and auto again, is no breadth; home, life and umbrella in turn are."""
        assert dims(monthly(purchase, category="auto"))["breadth"] == 0.0
        grown = [purchase(10 + 45 * i, category=line) for i, line in enumerate(self.LINES)]
        assert dims(grown)["breadth"] > 0.8

    def test_several_lines_at_once_are_one_shopping_trip(self):
        """The same four lines on one day are no growth."""
        trip = [purchase(10 + i / 24, category=line) for i, line in enumerate(self.LINES)]
        assert dims(trip)["breadth"] == 0.0


@pytest.mark.row("D11")
class TestD11EvolvingNeeds:
    """Evolving needs: the same thing again; needs change and are anticipated."""

    def test_the_same_again_has_none_and_changes_have_much(self):
        """Buying the same each month says nothing of needs; changes that are told do."""
        assert dims(monthly(purchase))["needs"] == 0.0
        assert dims([SALE, *monthly(meeting, 20, 4, 45, requirement_change=True)])["needs"] > 0.7

    @pytest.mark.parametrize(
        ("event", "plain"),
        [
            (ticket(100, "x", kind="requirement_change"), ticket(100, "x")),
            (meeting(100, "x", requirement_change=True), meeting(100, "x")),
            (meeting(100, "x", initiator="us"), meeting(100, "x", initiator="account")),
            (
                ticket(100, "x", initiator="us", status="updated"),
                ticket(100, "x", initiator="account", status="updated"),
            ),
        ],
        ids=[
            "requirement_change ticket",
            "requirement_change",
            "outbound meeting attended",
            "outbound ticket answered",
        ],
    )
    def test_what_feeds_it(self, event, plain):
        """Each input moves it."""
        assert more("needs", [event], [plain])

    def test_outbound_contact_that_is_not_answered_does_not(self):
        """Our calls that nobody takes anticipate nothing."""
        calls = [ticket(100, "x", initiator="us"), meeting(110, "y", initiator="us", no_show=True)]
        assert dims([SALE, *calls])["needs"] == 0.0


@pytest.mark.row("D12")
class TestD12Expectations:
    """Expectations: a working product; agreed outcomes, met."""

    def test_promises_of_the_product_have_less_than_outcomes_agreed(self):
        """A support promise kept says something; outcomes agreed and met say more."""
        kept, met = monthly(ticket, sla_met=True), monthly(meeting, outcome_met=True)
        assert dims([SALE])["expectations"] == 0.0
        assert dims([SALE, *kept])["expectations"] < dims([SALE, *met])["expectations"]
        assert dims([SALE, *met])["expectations"] > 0.6

    @pytest.mark.parametrize("field", ["sla_met", "outcome_met"])
    def test_what_feeds_it_both_ways(self, field):
        """Met raises it, missed lowers it."""
        before = monthly(meeting, 10, 3, outcome_met=True)
        missed, plain, met = (
            dims([SALE, *before, ticket(150, "x", **said)])["expectations"]
            for said in ({field: False}, {}, {field: True})
        )
        assert missed < plain < met


@pytest.mark.row("D13")
class TestD13DutiesKept:
    """Duties kept: pays at the till; defines needs, gives feedback, pays on time."""

    def test_the_till_has_none_and_duties_kept_have_much(self):
        """Paying at the till is no duty; bills paid on time, needs defined and feedback given are."""
        assert dims(monthly(purchase))["duties"] == 0.0
        kept = [*monthly(purchase, **TIMELY), *monthly(ticket, **OPINIONS), meeting(120, requirement_change=True)]
        assert dims([*kept, meeting(150, requirement_change=True)])["duties"] > 0.6

    def test_payment_feeds_it_both_ways(self):
        """Paid by the due day raises it, paid late lowers it."""
        assert more("duties", [purchase(150, "x", **TIMELY)], [purchase(150, "x")])
        before = [purchase(100, "y", **TIMELY)]
        assert more("duties", [*before, purchase(150, "x")], [*before, purchase(150, "x", **LATE)])

    def test_dialogue_and_needs_feed_it(self):
        """Feedback given (D8) and needs defined (D11) are duties kept."""
        assert more("duties", [ticket(100, "x", **OPINIONS)], [ticket(100, "x")])
        assert more("duties", [ticket(100, "x", kind="requirement_change")], [ticket(100, "x")])

    def test_late_payment_lowers_standing_and_never_erases_engagement(self):
        """A client who pays ten bills late loses points, keeps its engagement to the last digit, and stays a client."""
        base = courtship()[1:]
        late = [purchase(161 + i, f"bill{i}", **LATE) for i in range(10)]
        timely = [purchase(161 + i, f"bill{i}", **TIMELY) for i in range(10)]
        good, bad = dims([*base, *timely]), dims([*base, *late])
        assert score([*base, *late]) < score([*base, *timely])
        assert {name for name in good if good[name] != bad[name]} == {"duties"}
        assert status([*base, *late]) == "client"


@pytest.mark.row("D14")
class TestD14ServiceGiven:
    """Service given: efficient, at scale; a named person, hours of people's time."""

    def test_self_serve_has_none_and_hours_of_a_named_person_have_much(self):
        """A web shop gives no service in this sense; an account manager's meetings do."""
        assert dims(monthly(purchase, channel="web"))["service"] == 0.0
        assert dims([SALE, *monthly(meeting, 20, 6)], account_manager="X")["service"] > 0.6

    def test_an_account_manager_feeds_it(self):
        """Naming a person moves it."""
        assert dims([SALE], account_manager="X")["service"] > dims([SALE])["service"]

    def test_minutes_times_people_feed_it(self):
        """Longer meetings count for more, and so do more of our people in them, up to four."""
        hour, two, crowd = (
            dims([SALE, meeting(100, "x", duration_minutes=minutes, attendees_ours=people)])["service"]
            for minutes, people in ((60, 1), (120, 1), (60, 2))
        )
        assert hour < two == crowd

    def test_a_bot_s_contact_counts_for_less_than_a_person_s(self):
        """The same question, answered by a bot, gives less of people's time than by mail."""
        by_bot, by_mail = (
            dims([SALE, ticket(100, "x", kind="advice", channel=channel)])["service"] for channel in ("bot", "email")
        )
        assert 0.0 < by_bot < by_mail
