"""Real input, which nobody wrote for this project: every row of it through Kafka, the worker and Redis.

The three sets have no account in common, and none says who is a client. A join of the meetings or the incidents to the
accounts of another set would be synthetic, so none is made here: each set is judged by itself.
"""

import csv
import shlex
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from live import SHARED, Ended, Live, live

from relationship.contract.messages import MEETINGS, TICKETS
from relationship.contract.outcome import Reason
from relationship.state.record import AccountRecord
from streams.embedded import RedisServer

DATA = SHARED / "data"
LATENESS = timedelta(days=30)

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"there is no real data in {DATA}: CLIENTWARD_SHARED names the folder above it"
)

# As a person types them, in a folder with the file. Amounts are US dollars; the days are taken as UTC.
IMPORT_CDNOW = """import purchases cdnow_purchases.csv --set currency=USD --id-prefix cdnow- --out cdnow.jsonl
    --map account_id=customer_id,occurred_at=date,quantity=units,amount=amount_usd"""
# The register tells neither how long a meeting took nor what kind it was. Organisations ask for these meetings.
IMPORT_MEETINGS = """import meetings eu_meetings.csv --map account_id=organisation,occurred_at=date --out meetings.jsonl
    --set kind=consultation --set duration_minutes=30 --set initiator=account --id-prefix eu-"""
IMPORT_OPENED = """import tickets it_incidents.csv --set status=opened --set kind=incident --out opened.jsonl
    --map account_id=caller,ticket_id=incident,event_id=incident,occurred_at=opened_at,channel=contact_type
    --map-values channel:Phone=phone"""
IMPORT_CLOSED = """import tickets it_incidents.csv --set status=closed --set kind=incident --out closed.jsonl
    --map account_id=caller,ticket_id=incident,occurred_at=closed_at,sla_met=made_sla --id-prefix closed-"""


class Total(NamedTuple):
    """What an account bought. Purchases of one day are one: the file has no time of day and no order's number."""

    purchases: int
    units: int
    amount: Decimal


class Decision(msgspec.Struct):
    """What is looked at of a reclassification."""

    event_id: str
    account_id: str
    transition_seq: int
    from_: str = msgspec.field(name="from")
    to: str


class Value(msgspec.Struct):
    """What is looked at of a message."""

    event_id: str
    account_id: str
    occurred_at: datetime


class Line(msgspec.Struct):
    """A line for `send`."""

    topic: str
    value: Value


def rows(name: str) -> list[dict[str, str]]:
    """Return a file's rows by column, read with nothing of the project."""
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def cdnow_totals() -> dict[str, Total]:
    """Add the file up by customer."""
    totals: dict[str, Total] = defaultdict(lambda: Total(0, 0, Decimal(0)))
    days = set()
    for row in rows("cdnow_purchases.csv"):
        customer, day = row["customer_id"], row["date"]
        count, units, amount = totals[customer]
        visits = count + ((customer, day) not in days)
        totals[customer] = Total(visits, units + int(row["units"]), amount + Decimal(row["amount_usd"]))
        days.add((customer, day))
    return dict(totals)


def stored_totals(records: dict[str, AccountRecord]) -> dict[str, Total]:
    """Return the same as the records hold it."""
    found = {}
    for account, record in records.items():
        head = record.head
        assert list(head.spent) == ["USD"]
        assert head.quantity == int(head.quantity)
        found[account] = Total(head.purchases, int(head.quantity), Decimal(head.spent["USD"]))
    return found


def counted(records: dict[str, AccountRecord]) -> tuple[int, int]:
    """Return how many messages the records count as applied, and how many as repeats."""
    return sum(record.applied for record in records.values()), sum(record.repeats for record in records.values())


async def import_and_send(deployment: Live, command: str, file: str, *options: str) -> Ended:
    """Run an `import` as it is typed, in the folder with the data, and `send` what it wrote."""
    words = [str(DATA / word) if word.endswith(".csv") else word for word in shlex.split(command)]
    imported = await deployment.run(*words)
    assert imported.code == 0, imported.err
    sent = await deployment.run("send", *options, file)
    assert sent.code == 0, sent.err
    assert sent.err[-1].endswith(", 0 bad lines")
    return imported


async def test_every_purchase_of_cdnow_is_counted_once_and_nobody_becomes_a_client(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """69,659 purchases: all 23,570 accounts agree with the CSV to the cent, sent twice or not; none was ever a client.

    The second time all 69,659 are repeats, none of them a dead letter: of the busiest account, with 217 purchases, the
    whole history is kept, so every one of them is still known by its id.
    """
    assert redis_url == redis.url
    expected = cdnow_totals()
    assert len(expected) == 23_570
    assert sum((total.amount for total in expected.values()), Decimal(0)) == Decimal("2500315.63")
    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        imported = await import_and_send(deployment, IMPORT_CDNOW, "cdnow.jsonl")
        assert imported.err[-1].endswith("69659 of 69659 rows became purchases")
        await deployment.folded()
        records = deployment.records()
        assert stored_totals(records) == expected
        assert counted(records) == (69_659, 0)
        seen = await deployment.seen()
        assert (seen.applied, seen.repeats, seen.refused) == (69_659, 0, 0)

        again = await deployment.run("send", "cdnow.jsonl")
        assert again.code == 0, again.err
        await deployment.settled()
        records = deployment.records()
        assert stored_totals(records) == expected
        assert counted(records) == (69_659, 69_659)
        seen = await deployment.seen()
        assert (seen.applied, seen.repeats, seen.refused) == (69_659, 69_659, 0)
        assert await deployment.dead_letters() == []
        await check_that_they_only_bought(deployment, set(expected))


async def check_that_they_only_bought(deployment: Live, accounts: set[str]) -> None:
    """Read every decision: customers all, lapsed long since, nothing else in between, and numbered without a gap."""
    told = {decision.event_id: decision async for decision in decisions(deployment)}
    assert {(decision.from_, decision.to) for decision in told.values()} == {
        ("prospect", "customer"),
        ("customer", "lapsed"),
        ("lapsed", "customer"),
    }
    numbers, last = defaultdict(list), {}
    for decision in told.values():
        numbers[decision.account_id].append(decision.transition_seq)
        last[decision.account_id] = decision.to
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert last == dict.fromkeys(accounts, "lapsed")


async def decisions(deployment: Live) -> AsyncIterator[Decision]:
    """Yield the decisions told."""
    decode = msgspec.json.Decoder(Decision).decode
    async for value in deployment.decisions():
        yield decode(value)


def late(lines: Iterable[Line]) -> set[str]:
    """Return the ids of events that come when their account's newest is more than 30 days newer.

    A single topic's events reach an account in the order of the file, so this is exact.
    """
    newest: dict[str, datetime] = {}
    found = set()
    for line in lines:
        value = line.value
        known = newest.get(value.account_id, value.occurred_at)
        if known - value.occurred_at > LATENESS:
            found.add(value.event_id)
        else:
            newest[value.account_id] = max(known, value.occurred_at)
    return found


def read_lines(folder: Path, *names: str) -> list[Line]:
    """Return the lines of files that `import` wrote."""
    decode = msgspec.json.Decoder(Line).decode
    return [decode(line) for name in names for line in (folder / name).read_bytes().splitlines()]


async def test_every_meeting_and_every_incident_is_accounted_for(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Sent as it is, each row is applied once or a dead letter that says LATE, and the file's order tells which.

    The register of meetings is not in the order of time: 23,046 rows (four names are longer than an account's id may be)
    come as each member of parliament listed them. The incidents' 890 openings are in order, their closings are not.
    Nobody in these sets has bought anything; who is worked for is a customer all the same, and nobody a client.
    """
    assert redis_url == redis.url
    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        imported = await import_and_send(deployment, IMPORT_MEETINGS, "meetings.jsonl", "--as-is")
        assert imported.err[-1].endswith("23046 of 23050 rows became meetings")
        assert sum("does not fit account_id: 1 to 255 bytes" in line for line in imported.err) == 4
        for command, file in ((IMPORT_OPENED, "opened.jsonl"), (IMPORT_CLOSED, "closed.jsonl")):
            imported = await import_and_send(deployment, command, file, "--as-is")
            assert imported.err[-1].endswith("890 of 890 rows became tickets")
        await deployment.folded()

        meetings = read_lines(tmp_path, "meetings.jsonl")
        tickets = read_lines(tmp_path, "opened.jsonl", "closed.jsonl")
        assert not {line.value.account_id for line in meetings} & {line.value.account_id for line in tickets}
        refused = {MEETINGS: late(meetings), TICKETS: late(tickets)}
        dead_letters = await deployment.dead_letters()
        assert {each.reason for each in dead_letters} == {Reason.LATE}
        for topic, ids in refused.items():
            values = [msgspec.json.decode(each.value, type=Value) for each in dead_letters if each.topic == topic]
            assert Counter(value.event_id for value in values) == Counter(ids)
        lines = meetings + tickets
        records = deployment.records()
        assert counted(records) == (len(lines) - len(dead_letters), 0)
        seen = await deployment.seen()
        assert (seen.applied, seen.repeats, seen.refused) == (len(lines) - len(dead_letters), 0, len(dead_letters))
        dropped = refused[MEETINGS] | refused[TICKETS]
        applied = Counter(line.value.account_id for line in lines if line.value.event_id not in dropped)
        assert {account: record.applied for account, record in records.items()} == applied
        assert {record.head.purchases for record in records.values()} == {0}
        told = {(each.from_, each.to) async for each in decisions(deployment)}
        assert ("prospect", "customer") in told, "work that goes on for an account which is never billed is custom"
        assert "client" not in {to for _, to in told}
