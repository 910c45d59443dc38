"""Every preset, on a small table with its system's columns made by hand: found by its header, and right."""

from pathlib import Path
from typing import Any

import pytest
from importing_runs import Imported, net, run_import

from importing.presets.catalogue import presets

IMPORTED_BY_OTHER_TESTS = {"shopify", "stripe_payments", "square", "online_retail", "zendesk", "calendly", "ics"}


def take(folder: Path, table: str, *options: str) -> Imported:
    """Import a table whose header says what it is."""
    file = folder / "export.csv"
    file.write_text(table.strip() + "\n", encoding="utf-8")
    done = run_import(file, *options)
    assert done.code == 0, done.told
    return done


def short(values: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Return some fields of messages."""
    return [tuple(value.get(name) for name in names) for value in values]


def taken_as(done: Imported) -> str:
    """Return the preset that was chosen by the header."""
    (line,) = [line for line in done.told if line.startswith("taken as ")]
    return line.split()[2]


def test_woocommerce(tmp_path: Path) -> None:
    """An order with a line a product is one sale at its total; what was paid back is a refund; cancelled ones are told."""
    done = take(
        tmp_path,
        """
Order Number,Order Status,Order Date,Email (Billing),Order Total Amount,Order Refund Amount,Currency,Quantity,Coupon Code
100,Completed,2026-03-01 10:00,a@example.com,30.00,,EUR,1,
100,Completed,2026-03-01 10:00,a@example.com,30.00,,EUR,2,
101,Completed,2026-03-02 10:00,b@example.com,50.00,-20.00,EUR,1,SPRING
102,Refunded,2026-03-03 10:00,c@example.com,9.00,,EUR,1,
103,Cancelled,2026-03-04 10:00,a@example.com,9.00,,EUR,1,
""",
        "--zone",
        "Europe/Berlin",
    )
    assert taken_as(done) == "woocommerce"
    assert {account: str(sum_) for account, sum_ in net(done.values).items()} == {
        "a@example.com": "30.00",
        "b@example.com": "30.00",
        "c@example.com": "0.00",
    }
    assert short(done.values[:1], "order_id", "quantity", "occurred_at") == [("100", 3, "2026-03-01T10:00:00+01:00")]
    assert any("line 6, column Order Status: is no sale: cancelled" in line for line in done.told)


def test_stripe_invoices(tmp_path: Path) -> None:
    """What was paid of an invoice is a sale, with its days; of a subscription where it is one; open ones are told."""
    done = take(
        tmp_path,
        """
id,Number,Customer ID,Date (UTC),Due Date (UTC),Paid At (UTC),Amount Due,Amount Paid,Currency,Status,Subscription
in_1,A-1,cus_A,2026-01-01 00:00,2026-01-31 00:00,2026-02-03 08:00,"1,200.00","1,200.00",chf,paid,sub_1
in_2,A-2,cus_B,2026-01-01 00:00,2026-01-31 00:00,,80.00,0.00,chf,open,
""",
    )
    assert taken_as(done) == "stripe_invoices"
    assert short(
        done.values, "account_id", "amount", "currency", "kind", "due_on", "paid_on", "order_id", "contract_id"
    ) == [("cus_A", "1200.00", "CHF", "subscription", "2026-01-31", "2026-02-03", "A-1", "sub_1")]
    assert any("line 3, column Amount Paid: is no sale" in line for line in done.told)


def test_amounts_in_cents_are_not_taken_for_whole_ones(tmp_path: Path) -> None:
    """What Stripe's API hands out has cents: it is told, and no sale a hundred times too large."""
    file = tmp_path / "charges.json"
    file.write_text(
        '[{"id": "ch_1", "object": "charge", "amount": 104900, "amount_refunded": 0, "created": 1783065600, '
        '"currency": "usd", "customer": "cus_A", "status": "succeeded", "captured": true}]',
        encoding="utf-8",
    )
    done = run_import(file)
    assert (done.code, done.values) == (1, [])
    assert any("whose amounts are in cents" in line for line in done.told)


def test_freshdesk(tmp_path: Path) -> None:
    """A ticket is opened, resolved within its time or not, and closed."""
    done = take(
        tmp_path,
        """
Ticket ID,Subject,Status,Source,Type,Created time,Resolved time,Closed time,Resolution status,Survey results,Email
7,x,Closed,Email,Problem,2026-01-05 09:00,2026-01-06 09:00,2026-01-07 09:00,Within SLA,Extremely Happy,a@example.com
8,y,Open,Phone,,2026-01-05 10:00,,,,No survey,b@example.com
""",
        "--zone",
        "UTC",
    )
    assert taken_as(done) == "freshdesk"
    assert short(done.values, "ticket_id", "status", "kind", "channel", "sla_met", "csat") == [
        ("7", "opened", "incident", "email", None, None),
        ("8", "opened", "question", "phone", None, None),
        ("7", "resolved", "incident", "email", True, 5),
        ("7", "closed", "incident", "email", None, None),
    ]


def test_intercom(tmp_path: Path) -> None:
    """A conversation is opened and closed, with its rating."""
    done = take(
        tmp_path,
        """
Conversation ID,Started at,Last closed at,User email,Conversation rating,Channel
c1,2026-01-05 09:00:00 UTC,2026-01-05 10:00:00 UTC,a@example.com,4,Chat
c2,2026-01-06 09:00:00 UTC,,b@example.com,,Email
""",
    )
    assert taken_as(done) == "intercom"
    assert short(done.values, "ticket_id", "status", "channel", "csat") == [
        ("c1", "opened", "chat", None),
        ("c1", "closed", "chat", 4),
        ("c2", "opened", "email", None),
    ]


def test_jira_service_management(tmp_path: Path) -> None:
    """Jira's own way of writing days; requests are opened and resolved."""
    done = take(
        tmp_path,
        """
Issue key,Issue Type,Status,Reporter,Organizations,Created,Resolved,Satisfaction rating
SD-1,[System] Incident,Done,ann,ACME,02/Jan/26 3:04 PM,03/Jan/26 9:00 AM,5
SD-2,[System] Service request,Open,bob,Beta,05/Jan/26 8:00 AM,,
""",
        "--zone",
        "Europe/Zurich",
    )
    assert taken_as(done) == "jira_service_management"
    assert short(done.values, "account_id", "ticket_id", "status", "kind", "csat", "occurred_at") == [
        ("ACME", "SD-1", "opened", "incident", None, "2026-01-02T15:04:00+01:00"),
        ("ACME", "SD-1", "resolved", "incident", 5, "2026-01-03T09:00:00+01:00"),
        ("Beta", "SD-2", "opened", "requirement_change", None, "2026-01-05T08:00:00+01:00"),
    ]


def test_hubspot(tmp_path: Path) -> None:
    """Companies are profiles, deals that were won purchases, meetings that were held meetings, tickets tickets."""
    companies = take(
        tmp_path,
        """
Record ID,Company name,Industry,Company owner,Create Date,Lifecycle Stage
11,ACME,INSURANCE,Kim,2026-01-05 09:00,customer
12,Beta,SPACE TRAVEL,,2026-01-06 09:00,lead
""",
        "--zone",
        "UTC",
    )
    assert taken_as(companies) == "hubspot_companies"
    assert short(companies.values, "account_id", "industry", "party", "account_manager") == [
        ("11", "insurance", "business", "Kim"),
        ("12", "other", "business", None),
    ]
    deals = take(
        tmp_path,
        """
Record ID,Deal Name,Deal Stage,Close Date,Amount,Currency,Associated Company IDs
1,Audit,Closed won,2026-02-01 10:00,"12,000",EUR,11;12
2,Other,Closed lost,2026-02-01 10:00,"9,500.50",EUR,11
""",
        "--zone",
        "UTC",
    )
    assert taken_as(deals) == "hubspot_deals"
    assert short(deals.values, "account_id", "amount", "kind", "channel") == [("11", "12000.00", "service", "rep")]
    assert any("line 3, column Deal Stage: is no purchase: closed lost" in line for line in deals.told)
    meetings = take(
        tmp_path,
        """
Record ID,Meeting name,Meeting start time,Meeting end time,Meeting outcome,Meeting location,Associated Company IDs
5,QBR with ACME,2026-02-01 10:00,2026-02-01 11:00,Completed,https://zoom.example/1,11
6,QBR with Beta,2026-02-02 10:00,2026-02-02 11:00,Canceled,,12
7,Intro,2026-02-03 10:00,2026-02-03 10:30,No show,,12
""",
        "--zone",
        "UTC",
        "--words",
        "kind:*QBR*=review,*=sales",
    )
    assert taken_as(meetings) == "hubspot_activities"
    assert short(meetings.values, "account_id", "kind", "duration_minutes", "channel", "no_show") == [
        ("11", "review", 60, "video", False),
        ("12", "sales", 30, None, True),
    ]
    tickets = take(
        tmp_path,
        """
Record ID,Ticket name,Ticket status,Create date,Close date,Category,Source,Associated Company IDs
9,Help,Closed,2026-02-01 10:00,2026-02-02 10:00,PRODUCT_ISSUE,EMAIL,11
""",
        "--zone",
        "UTC",
    )
    assert taken_as(tickets) == "hubspot_tickets"
    assert short(tickets.values, "ticket_id", "status", "kind", "channel") == [
        ("9", "opened", "incident", "email"),
        ("9", "closed", "incident", "email"),
    ]


def test_salesforce(tmp_path: Path) -> None:
    """Accounts, opportunities, events and cases, by the names of a report or of the interface."""
    accounts = take(
        tmp_path,
        """
Id,Name,Industry,Type,OwnerId,AnnualRevenue,CreatedDate
001A,ACME,Finance,Customer,005X,1000000,2026-01-05T09:00:00.000+0000
""",
    )
    assert taken_as(accounts) == "salesforce_accounts"
    assert short(accounts.values, "account_id", "industry", "account_manager") == [("001A", "financial_advice", "005X")]
    deals = take(
        tmp_path,
        """
Id,AccountId,Name,StageName,Amount,CloseDate,IsWon,CurrencyIsoCode
006A,001A,Audit,Closed Won,12000,2026-02-01,true,USD
006B,001A,Other,Prospecting,9000,2026-02-01,false,USD
""",
    )
    assert taken_as(deals) == "salesforce_deals"
    assert short(deals.values, "account_id", "amount", "currency") == [("001A", "12000.00", "USD")]
    events = take(
        tmp_path,
        """
Id,AccountId,Subject,StartDateTime,EndDateTime,DurationInMinutes,Location,IsAllDayEvent
00U1,001A,Planning 2026,2026-02-01T10:00:00.000Z,2026-02-01T11:30:00.000Z,90,Phone,false
00U2,001A,Holiday,2026-02-02T00:00:00.000Z,2026-02-03T00:00:00.000Z,1440,,true
""",
        "--accept-words",
        "--words",
        "kind:*=consultation,*planning*=planning",
    )
    assert taken_as(events) == "salesforce_activities"
    assert short(events.values, "kind", "duration_minutes", "channel") == [("planning", 90, "phone")]
    cases = take(
        tmp_path,
        """
CaseNumber,AccountId,Type,Origin,CreatedDate,ClosedDate
00001,001A,Problem,Web,2026-02-01T10:00:00.000Z,2026-02-03T10:00:00.000Z
""",
    )
    assert taken_as(cases) == "salesforce_tickets"
    assert short(cases.values, "ticket_id", "status", "kind", "channel") == [
        ("00001", "opened", "incident", "web"),
        ("00001", "closed", "incident", "web"),
    ]


def test_outlook(tmp_path: Path) -> None:
    """Appointments with addresses of others are meetings of theirs; all-day ones and those without an address are told."""
    done = take(
        tmp_path,
        """
Subject,Start Date,Start Time,End Date,End Time,All day event,Meeting Organizer,Required Attendees,Location
Review with ACME,2/13/2026,9:00:00 AM,2/13/2026,10:30:00 AM,False,us@firm.example,kim@acme.example;us2@firm.example,Zoom
Holiday,2/14/2026,12:00:00 AM,2/15/2026,12:00:00 AM,True,,,
Lunch,3/1/2026,12:00:00 PM,3/1/2026,1:00:00 PM,False,us@firm.example,Ann Smith,
""",
        "--zone",
        "Europe/Zurich",
        "--own-domain",
        "firm.example",
        "--words",
        "kind:*review*=review,*=consultation",
    )
    assert taken_as(done) == "outlook"
    assert short(done.values, "account_id", "kind", "duration_minutes", "channel", "initiator", "occurred_at") == [
        ("kim@acme.example", "review", 90, "video", "us", "2026-02-13T09:00:00+01:00")
    ]
    assert short(done.values, "attendees_theirs", "attendees_ours") == [(1, 2)]
    assert any("column All day event: is no meeting: all day" in line for line in done.told)
    assert any("line 4, column Required Attendees: is no meeting with others" in line for line in done.told)


GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
X-WR-TIMEZONE:Europe/Zurich
BEGIN:VEVENT
DTSTART:20260302T090000Z
DTEND:20260302T100000Z
RRULE:FREQ=WEEKLY
UID:weekly@google.com
ATTENDEE;CN=Kim;PARTSTAT=ACCEPTED:mailto:kim@acme.example
ATTENDEE;CN=Lee;PARTSTAT=DECLINED:mailto:lee@acme.example
ATTENDEE;CUTYPE=RESOURCE;PARTSTAT=ACCEPTED:mailto:room@resource.calendar.google.com
ORGANIZER;CN=Us:mailto:us@firm.example
SUMMARY:Weekly sync
X-GOOGLE-CONFERENCE:https://meet.google.com/abc
STATUS:CONFIRMED
END:VEVENT
BEGIN:VEVENT
DTSTART:20260317T140000Z
DTEND:20260317T150000Z
RECURRENCE-ID:20260316T090000Z
UID:weekly@google.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:kim@acme.example
ORGANIZER:mailto:us@firm.example
SUMMARY:Weekly sync (moved)
STATUS:CONFIRMED
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260401
DTEND;VALUE=DATE:20260402
UID:off@google.com
SUMMARY:Off
END:VEVENT
BEGIN:VEVENT
DTSTART:20260401T090000Z
RRULE:FREQ=SECONDLY;COUNT=1000000
UID:million@google.com
SUMMARY:Million
END:VEVENT
END:VCALENDAR
"""


def test_google_calendar(tmp_path: Path) -> None:
    """An endless recurrence ends at --until, a moved one is where it was moved to; rooms and who declined do not count."""
    file = tmp_path / "calendar.ics"
    file.write_text(GOOGLE, encoding="utf-8")
    done = run_import(
        file,
        "--preset",
        "google_calendar",
        "--own-domain",
        "firm.example",
        "--words",
        "kind:*=check_in",
        "--until",
        "2026-03-25",
    )
    assert done.code == 0
    assert [value["occurred_at"] for value in done.values] == [
        "2026-03-02T10:00:00+01:00",
        "2026-03-09T10:00:00+01:00",
        "2026-03-17T15:00:00+01:00",
        "2026-03-23T10:00:00+01:00",
    ]
    assert short(done.values, "attendees_theirs", "attendees_ours", "channel")[0] == (1, 1, "video")
    assert any("events from 2026-03-25 on are left out; --until DAY takes them" in line for line in done.told)
    (told,) = [line for line in done.told if "secondly" in line]
    assert "line 34, column -: an event that recurs secondly is no meeting" in told


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("Kundennummer;Rechnungsdatum;Rechnungsnummer;Betrag", "purchases"),
        ("Customer;Ticket;Opened;Type", "tickets"),
        ("Kunde;Datum;Dauer;Art", "meetings"),
        ("Kunde;Branche;Kundentyp", "profiles"),
    ],
)
def test_plain_tables_are_proposed_and_not_taken(tmp_path: Path, header: str, what: str) -> None:
    """Where only plain names speak for a preset, a script has to name it."""
    file = tmp_path / "plain.csv"
    file.write_text(header + "\n1;01.02.2026;3;4\n", encoding="utf-8")
    done = run_import(file)
    assert done.code == 2
    assert f"say --preset {what}" in done.told[-1]


def test_profiles(tmp_path: Path) -> None:
    """Trade, party, market, agreement and manager of accounts; words of one's own need their table."""
    file = tmp_path / "kunden.csv"
    file.write_text(
        "Kunde;Branche;Kundentyp;Kundenbetreuer;Vertrag;Vertragsbeginn\nA;Versicherung;Firma;Kim;V-1;01.02.2024\nB;Recht;Privat;;;\n",
        encoding="utf-8",
    )
    asked = run_import("profiles", file)
    assert "--words 'profiles.industry:*recht*=law,*versicherung*=insurance'" in asked.told[-1]
    done = run_import("profiles", file, "--words", "industry:Versicherung=insurance,Recht=law")
    assert done.code == 0, done.told
    assert {topic for topic, _ in done.lines} == {"account"}
    assert short(done.values, "account_id", "industry", "party", "account_manager") == [
        ("A", "insurance", "business", "Kim"),
        ("B", "law", "individual", None),
    ]
    assert done.values[0]["contract"] == {"id": "V-1", "kind": "engagement", "signed_on": "2024-02-01", "ends_on": None}


def test_every_preset_is_tried_and_says_what_it_is() -> None:
    """Each preset has a title, a paragraph and queries; those not named in this file are read from the shared forms."""
    source = Path(__file__).read_text(encoding="utf-8")
    for name, mapping in presets().items():
        assert name in IMPORTED_BY_OTHER_TESTS or f'"{name}"' in source, name
        assert len(mapping.about.split()) > 8, name
        assert mapping.columns, name
