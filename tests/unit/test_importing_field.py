"""Files in the forms that people's systems export come in right: each by its preset, to the cent and the minute."""

import csv
import gzip
import io
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from importing_runs import field, net, run_import


def at(value: dict) -> datetime:
    """Return when a message happened."""
    return datetime.fromisoformat(value["occurred_at"])


def same(value: dict, moment: str) -> bool:
    """Tell whether a message happened at a moment, whatever its offset."""
    return at(value) == datetime.fromisoformat(moment)


def test_a_web_shop_s_orders() -> None:
    """An order is one sale and one refund; voided orders and those without an account are told, each with its line."""
    done = run_import(field("shop_orders.csv"), "--preset", "shopify")
    assert done.code == 0
    assert net(done.values) == {"k1@example.com": Decimal("105.80"), "k2@example.com": Decimal(25), "k3@example.com": 0}
    sales = {value["order_id"]: value for value in done.values if value["entry"] == "sale"}
    refunds = {value["order_id"]: value["amount"] for value in done.values if value["entry"] == "refund"}
    assert set(sales) == {"#1050", "#1051", "#1054"}
    assert refunds == {"#1051": "20.00", "#1054": "30.00"}
    assert same(sales["#1050"], "2026-05-01T09:59+02:00")
    assert sales["#1050"]["quantity"] == 2
    assert (sales["#1051"]["amount"], sales["#1051"]["list_price"]) == ("45.00", "50.00")
    assert sales["#1051"]["discount_code"] == "MAY10"
    assert any("line 5, column Email: account_id is empty" in line for line in done.told)
    assert any("line 6, column Financial Status: is no sale: voided" in line for line in done.told)
    assert run_import(field("shop_orders.csv"), "--strict").code == 1


def test_card_payments() -> None:
    """Thousands commas, signs, seconds since 1970 and minutes in UTC; what failed or has no customer is told."""
    done = run_import(field("card_payments.csv"), "--preset", "stripe", "--zone", "Europe/Zurich")
    assert net(done.values) == {"cus_A": Decimal(1049)}
    assert [value["amount"] for value in done.values] == ["1049.00", "20.00", "20.00"]
    assert {value["currency"] for value in done.values} == {"USD"}
    assert same(done.values[0], "2026-07-02T15:04Z")
    assert any("line 4, column Status: is no sale: failed" in line for line in done.told)
    assert any("line 5, column Customer ID: account_id is empty" in line for line in done.told)
    by_mail = run_import(field("card_payments.csv"), "--account", "Customer ID|Customer Email")
    assert by_mail.values[-1]["account_id"] == "nobody@example.com"
    assert (by_mail.values[-1]["amount"], by_mail.values[-1]["currency"]) == ("99.50", "EUR")
    assert same(by_mail.values[-1], "2026-07-03T08:00Z")


def test_a_till() -> None:
    """Date and time apart in New York's time, discounts as list prices, refund lines; `$` has to be said."""
    file = field("point_of_sale.csv")
    unsaid = run_import(file, "--preset", "square")
    assert (unsaid.code, unsaid.values) == (2, [])
    assert "--currency" in unsaid.told[-1]
    done = run_import(file, "--preset", "square", "--currency", "USD", "--zone", "Europe/Zurich")
    assert net(done.values) == {"C1": Decimal("10.70")}
    assert [value["amount"] for value in done.values] == ["5.50", "11.70", "6.50"]
    assert [value.get("list_price") for value in done.values] == [None, "13.00", None]
    assert same(done.values[0], "2025-12-01T09:00-05:00")
    assert [value["order_id"] for value in done.values] == ["T100", "T101", "T102"]
    assert any("line 5, column Customer ID" in line for line in done.told)
    assert any("month first" in line for line in done.told)


def test_wholesale_lines() -> None:
    """Quantity times price of an invoice's lines is one purchase; C… cancels; lines without a customer are told."""
    done = run_import(field("wholesale_lines.csv"))
    found = {value["account_id"]: (value["amount"], value["quantity"], value["entry"]) for value in done.values}
    assert found == {"17850": ("35.64", 12, "sale"), "14527": ("27.50", 1, "refund"), "12583": ("54.00", 3, "sale")}
    assert {value["currency"] for value in done.values} == {"GBP"}
    assert same(done.values[0], "2010-12-01T08:26Z")
    assert sum("column CustomerID: account_id is empty" in line for line in done.told) == 2


def test_latin1_invoices() -> None:
    """Decimal commas, points between thousands, days first, umlauts; a credit note is a refund."""
    done = run_import("purchases", field("rechnungen_latin1.csv"))
    assert [(value["account_id"], value["amount"], value.get("entry")) for value in done.values] == [
        ("Müller & Söhne", "1234.50", None),
        ("Müller & Söhne", "12.00", None),
        ("Weiß", "12.00", "refund"),
    ]
    late, timely = done.values[:2]
    assert late["paid_on"] > late["due_on"]
    assert timely["paid_on"] < timely["due_on"]
    assert late["order_id"] == "R-1"


def test_utf16_invoices() -> None:
    """A file in UTF-16 with tabs; it names no currency, so that one has to be said."""
    file = field("rechnungen_utf16.csv")
    assert "--currency" in run_import("purchases", file).told[-1]
    (value,) = run_import("purchases", file, "--currency", "EUR").values
    assert (value["account_id"], value["amount"]) == ("Nørgård", "12.50")


def test_a_data_frame() -> None:
    """Binary tails are refused with a line that says so, or rounded where asked for, and counted."""
    file = field("dataframe.csv")
    exact = run_import("purchases", file, "--currency", "GBP")
    assert net(exact.values) == {"13047": Decimal("1778.73")}
    assert any("line 2, column TotalPrice: '22.200000000000003'" in line and "--round" in line for line in exact.told)
    rounded = run_import("purchases", file, "--currency", "GBP", "--round")
    assert net(rounded.values) == {"13047": Decimal("1778.73"), "17850": Decimal("22.20")}
    assert "rounded: 1 amount" in rounded.told
    assert any("line 5, column CustomerID: account_id is empty" in line for line in rounded.told)


def test_a_help_desk() -> None:
    """A ticket is opened and resolved at its times, the one that daylight saving skipped too, with what was said of it."""
    file = field("help_desk.csv")
    assert "--zone" in run_import(file, "--preset", "zendesk").told[-1]
    done = run_import(file, "--preset", "zendesk", "--zone", "Europe/Zurich")
    opened = {value["ticket_id"]: value for value in done.values if value["status"] == "opened"}
    resolved = {value["ticket_id"]: value for value in done.values if value["status"] == "resolved"}
    assert set(opened) == {"101", "102", "103", "104"}
    assert {ticket: value["csat"] for ticket, value in resolved.items()} == {"101": 5, "103": 1}
    assert same(opened["103"], "2024-03-31T03:30+02:00")
    assert same(resolved["101"], "2024-03-02T11:00+01:00")
    assert [value["kind"] for value in opened.values()] == ["incident", "question", "question", "incident"]
    assert [value["channel"] for value in opened.values()] == ["email", "chat", "web", "phone"]
    assert any(line.startswith("daylight saving: 1 time ") for line in done.told)


def test_bookings() -> None:
    """Clocks of twelve hours, a cancelled booking that is no meeting, a no-show, an hour that comes twice."""
    file = field("bookings.csv")
    asked = run_import(file, "--zone", "Europe/Zurich")
    assert asked.code == 2
    assert "--words 'meetings.kind:" in asked.told[-1]
    words = "kind:Quarterly review=review,Discovery call=sales,Onboarding=onboarding"
    for zone in ("Europe/Zurich", "Europe/London"):
        done = run_import(file, "--zone", zone, "--words", words)
        review, onboarding = done.values
        assert (review["account_id"], review["kind"], review["duration_minutes"]) == ("a@example.com", "review", 90)
        assert (onboarding["account_id"], onboarding["kind"]) == ("b@example.com", "onboarding")
        assert (onboarding["duration_minutes"], onboarding["no_show"]) == (60, True)
        assert any("line 3, column Canceled: is no meeting: cancelled" in line for line in done.told)


def test_a_calendar() -> None:
    """Recurrences with an exception, in their zone, with theirs and ours counted; cancelled events are no meeting."""
    file = field("calendar.ics")
    assert "--own-domain" in run_import(file).told[-1]
    done = run_import(file, "--own-domain", "firm.example", "--words", "kind:*check-in*=check_in")
    assert [same(*pair) for pair in zip(done.values, ("2026-03-01T08:00Z", "2026-05-01T07:00Z"), strict=True)] == [
        True,
        True,
    ]
    for value in done.values:
        assert (value["account_id"], value["kind"], value["duration_minutes"]) == ("kim@acme.example", "check_in", 90)
        assert (value["attendees_theirs"], value["attendees_ours"]) == (1, 2)
    assert len({value["event_id"] for value in done.values}) == 2
    assert any("is no meeting: cancelled" in line for line in done.told)


OPTIONS = {
    "shop_orders.csv": (),
    "card_payments.csv": (),
    "point_of_sale.csv": ("--currency", "USD"),
    "wholesale_lines.csv": (),
    "help_desk.csv": ("--zone", "Europe/Zurich"),
    "bookings.csv": ("--zone", "Europe/Zurich", "--accept-words"),
}


def semicolons(rows: list[list[str]]) -> str:
    """Write rows as a spreadsheet of a country with decimal commas does."""
    return written([[re.sub(r"^(-?[$]?\d+)\.(\d\d?)$", r"\1,\2", cell) for cell in row] for row in rows], delimiter=";")


def written(rows: list[list[str]], **how: object) -> str:
    """Write rows as CSV."""
    text = io.StringIO()
    csv.writer(text, **how).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


DRESSES = {
    "a mark and quotes": lambda rows: written(rows, quoting=csv.QUOTE_ALL).encode("utf-8-sig"),
    "UTF-16 and tabs": lambda rows: written(rows, delimiter="\t").encode("utf-16"),
    "decimal commas": lambda rows: semicolons(rows).encode("cp1252"),
    "a title, blank lines and a total": lambda rows: written(
        [["Export of our system"], [], *rows, ["" for _ in rows[0]], ["", "Total", *["" for _ in rows[0][2:]]], []]
    ).encode(),
    "other capitals": lambda rows: written([[cell.upper() for cell in rows[0]], *rows[1:]]).encode(),
    "other order, one column more": lambda rows: written([[*row[::-1], "x"] for row in rows]).encode(),
    "gzip": lambda rows: gzip.compress(written(rows).encode()),
}


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_rows_in_another_dress(name: str, dress: str, tmp_path: Path) -> None:
    """Encoding, separator, decimals, titles, totals, capitals and order of columns change nothing of what comes in."""
    source = field(name)
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    other = tmp_path / "export.csv"
    other.write_bytes(DRESSES[dress](rows))
    plain, dressed = run_import(source, *OPTIONS[name]), run_import(other, *OPTIONS[name])
    assert plain.code == 0
    assert dressed.lines == plain.lines, dressed.told
