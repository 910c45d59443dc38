"""Single cells: amounts, times, truths and words as people write them, and refused where they could be two things."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importing.cells.amounts import currency_in, fit_amount, money_text, parse_amount
from importing.cells.times import parse_day, parse_moment
from importing.cells.words import Words, parse_yes
from importing.cells.zones import find_zone
from importing.errors import Misfit

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", "12.50"),
        ("1,049.00", "1049.00"),
        ("1.234,50", "1234.50"),
        ("12,00", "12.00"),
        ("1 234,50", "1234.50"),
        ("1\u202f234,50\u00a0€", "1234.50"),
        ("1'234.50", "1234.50"),
        ("CHF 1\u2019049.\u2013", "1049"),
        ("12.-", "12"),
        ("1.234.567", "1234567"),
        ("1,00,000.00", "100000.00"),
        ("1234,567", "1234.567"),
        ("0.125", "0.125"),
        (".5", "0.5"),
        (" $5.50", "5.50"),
        ("-$1.30", "-1.30"),
        ("$-6.50", "-6.50"),
        ("\u22126.50", "-6.50"),
        ("(12.00)", "-12.00"),
        ("12.00-", "-12.00"),
        ("EUR 12", "12"),
        ("US$ 5", "5"),
        ("5 kr", "5"),
        ("1.5e3", "1500"),
        ("22.200000000000003", "22.200000000000003"),
        ("900719925474099301.10", "900719925474099301.10"),
    ],
)
def test_amounts(text: str, amount: str) -> None:
    """An amount is what a person reads in it, to the last digit."""
    assert parse_amount(text, None) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "x", "nan", "inf", "1_000", "٣", "0x1", "12.", "1.2.3", "1,234,56", "(5", "No 5", "5 kg", "1,23.4,5", "--5"],
)
def test_what_is_no_amount(text: str) -> None:
    """Nothing else becomes an amount."""
    with pytest.raises(Misfit, match="no amount"):
        parse_amount(text, None)


def test_what_could_be_either_amount() -> None:
    """One mark before three digits is thousands or decimals, as is said; not said, it is refused with both options."""
    with pytest.raises(Misfit, match="--decimal point or --decimal comma"):
        parse_amount("1,049", None)
    assert parse_amount("1,049", ".") == 1049
    assert parse_amount("1,049", ",") == Decimal("1.049")
    assert parse_amount("1.049", ",") == 1049
    with pytest.raises(Misfit):
        parse_amount("12.50", ",")


@given(st.decimals(min_value=0, max_value=10**12, places=2), st.sampled_from([",.", ".,", " ,", "'.", "\u00a0,"]))
def test_every_amount_is_read_back_as_it_was_written(amount: Decimal, marks: str) -> None:
    """Whatever separates thousands and decimals, no cent is lost."""
    plain = f"{amount:,.2f}"
    written = plain.replace(",", "#").replace(".", marks[1]).replace("#", marks[0])
    assert parse_amount(written, None) == amount
    assert money_text(parse_amount(written, None)) == f"{amount:.2f}"


@pytest.mark.parametrize(
    ("text", "rounded"),
    [
        ("22.200000000000003", "22.20"),
        ("13.333333333333334", "13.33"),
        ("22.123000000000001", "22.123"),
        ("0.1", "0.10"),
    ],
)
def test_rounding(text: str, rounded: str) -> None:
    """A binary tail gives way to what was meant, a quotient is rounded to cents, and what is exact stays."""
    fitted, was = fit_amount(Decimal(text), rounding=True)
    assert (money_text(fitted), was) == (rounded, len(text) > 10)
    if was:
        with pytest.raises(Misfit, match="--round"):
            fit_amount(Decimal(text), rounding=False)


@pytest.mark.parametrize(
    ("text", "code"),
    [("usd", "USD"), ("12,00 €", "EUR"), ("£5", "GBP"), ("CHF 5", "CHF"), ("C$5", "CAD"), ("$5", None), ("5", None)],
)
def test_currencies(text: str, code: str | None) -> None:
    """A code or a sign of one currency is named; a dollar is several."""
    assert currency_in(text) == code


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01 10:00:00 +0200", "2026-05-01T10:00:00+02:00"),
        ("2026-05-01T10:00:00.123456Z", "2026-05-01T10:00:00.123456+00:00"),
        ("2026-07-02 15:04", "2026-07-02T15:04:00+02:00"),
        ("2026-07-02 15:04:05 UTC", "2026-07-02T15:04:05+00:00"),
        ("1783065600", "2026-07-03T08:00:00+00:00"),
        ("1783065600000", "2026-07-03T08:00:00+00:00"),
        ("1783065600.5", "2026-07-03T08:00:00.500000+00:00"),
        ("45352.5", "2024-03-01T12:00:00+01:00"),
        ("12/25/2025 09:00:00", "2025-12-25T09:00:00+01:00"),
        ("25/12/2025 9:05 PM", "2025-12-25T21:05:00+01:00"),
        ("12:00", None),
        ("2026-10-08 12:00 am", "2026-10-08T00:00:00+02:00"),
        ("31.12.2023", "2023-12-31T00:00:00+01:00"),
        ("1.2.24 08:30", "2024-02-01T08:30:00+01:00"),
        ("20260301T090000", "2026-03-01T09:00:00+01:00"),
        ("20260310T080000Z", "2026-03-10T08:00:00+00:00"),
        ("Jul 2, 2026 3:04 PM", "2026-07-02T15:04:00+02:00"),
        ("2. Juli 2026 um 10:15 Uhr", "2026-07-02T10:15:00+02:00"),
        ("2 févr. 2024", "2024-02-02T00:00:00+01:00"),
        ("02/Jan/26 3:04 PM", "2026-01-02T15:04:00+01:00"),
        ("Mon, 02 Mar 2026 10:00:00 GMT", "2026-03-02T10:00:00+00:00"),
        ("2026-01-01 10:00 EST", "2026-01-01T10:00:00-05:00"),
        ("2026-01-01 10:00 [Europe/Paris]", "2026-01-01T10:00:00+01:00"),
        ("5/5/2024", "2024-05-05T00:00:00+02:00"),
        ("2024-02-30", None),
        ("yesterday", None),
        ("2026-01-01 25:00", None),
        ("2026-01-01 13:00 pm", None),
        ("1", None),
    ],
)
def test_times(text: str, moment: str | None) -> None:
    """A time keeps its offset, and gets the zone's where it names none."""
    if moment is None:
        with pytest.raises(Misfit):
            parse_moment(text, None, ZURICH)
    else:
        assert parse_moment(text, None, ZURICH).at.isoformat() == moment


def test_day_or_month_first() -> None:
    """What could be either is refused with both options; said, it is that."""
    with pytest.raises(Misfit, match="--day-first or --month-first"):
        parse_day("1/2/2024", None)
    assert parse_day("1/2/2024", "day").isoformat() == "2024-02-01"
    assert parse_day("1/2/2024", "month").isoformat() == "2024-01-02"


def test_days_on_which_clocks_change() -> None:
    """An hour that was skipped is an hour later; of one that came twice the first is taken; both are said."""
    skipped = parse_moment("2024-03-31 02:30", None, ZURICH)
    assert (skipped.at.isoformat(), skipped.moved) == ("2024-03-31T03:30:00+02:00", "skipped")
    repeated = parse_moment("2026-10-25 02:30", None, ZURICH)
    assert (repeated.at.isoformat(), repeated.moved) == ("2026-10-25T02:30:00+02:00", "repeated")
    assert parse_moment("2026-10-25 01:30", None, ZURICH).moved == ""


def test_a_time_needs_a_zone_and_a_day_does_not() -> None:
    """A time of day without a zone is refused; a day is its midnight in UTC."""
    with pytest.raises(Misfit, match="--zone"):
        parse_moment("2024-03-01 10:00", None, None)
    assert parse_moment("2024-03-01", None, None).at.isoformat() == "2024-03-01T00:00:00+00:00"


def test_zones_by_other_names() -> None:
    """Rails's and Windows's names are zones; others are refused."""
    assert str(find_zone("Eastern Time (US & Canada)")) == "America/New_York"
    assert str(find_zone("(GMT+01:00) Bern")) == "Europe/Zurich"
    assert str(find_zone("W. Europe Standard Time")) == "Europe/Berlin"
    with pytest.raises(Misfit):
        find_zone("Mars/Olympus")


def test_words_and_truths() -> None:
    """Exact words come before those with a star, a star alone is last, and the contract's own words need no table."""
    words = Words(
        {"*": "question", "*bug*": "incident", "Bug bounty": "feedback"}, frozenset({"complaint", "check_in"})
    )
    assert [words.translate(each) for each in ("BUG  bounty", "a bug", "Complaint", "check-in", "?")] == [
        "feedback",
        "incident",
        "complaint",
        "check_in",
        "question",
    ]
    assert [parse_yes(each) for each in ("Ja", "TRUE", "1", "nein", "False", "0")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(Misfit):
        parse_yes("perhaps")
