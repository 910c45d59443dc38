"""A shop's export becomes accounts on the screen: read, sent in the order of time, folded, and counted by status."""

import json
from decimal import Decimal
from pathlib import Path

from live import live

from relationship.contract.outcome import Reason
from streams.embedded import RedisServer

#: Newest first, as shops export, over more days than lateness allows; one order is voided, one is without an account.
ORDERS = """Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Refunded Amount
#6,b@example.com,paid,EUR,8.00,2026-06-20 09:00:00 +0200,1,Tea,0.00
#5,,paid,EUR,8.00,2026-06-01 09:00:00 +0200,1,Tea,0.00
#4,a@example.com,voided,EUR,8.00,2026-05-20 09:00:00 +0200,1,Tea,0.00
#3,a@example.com,partially_refunded,EUR,30.00,2026-05-02 09:00:00 +0200,2,Tea,10.00
#2,b@example.com,paid,EUR,"1,200.50",2026-03-01 09:00:00 +0100,1,Tea,0.00
#1,a@example.com,paid,EUR,20.00,2026-01-01 09:00:00 +0100,1,Tea,0.00
"""
SPENT = {"a@example.com": Decimal(40), "b@example.com": Decimal("1208.50")}


async def test_a_shop_s_export_in_one_step_and_by_a_pipe(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """`--send` publishes; `import | send -` once more changes nothing; no event is late, and `base` shows the accounts."""
    assert redis_url == redis.url
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        imported = await deployment.run("import", "orders.csv", "--send")
        assert imported.code == 0, imported.err
        assert "5 events sent, 0 bad lines" in imported.err
        assert imported.err[-1] == "orders.csv: 6 rows became 5 purchases; 2 told above"
        await deployment.folded()
        first = deployment.records()
        assert {account: Decimal(record.head.spent["EUR"]) for account, record in first.items()} == SPENT

        lines = await deployment.run("import", "orders.csv")
        piped = await deployment.run("send", "-", stdin=lines.out)
        assert piped.code == 0, piped.err
        await deployment.folded()
        again = deployment.records()
        assert {account: record.repeats for account, record in again.items()} == {
            "a@example.com": 3,
            "b@example.com": 2,
        }
        assert {account: record.applied for account, record in again.items()} == {
            "a@example.com": 3,
            "b@example.com": 2,
        }
        assert Reason.LATE not in {each.reason for each in await deployment.dead_letters()}

        base = await deployment.run("base", "--json")
        assert base.code == 0, base.err
        assert json.loads(base.out)["accounts"] == 2


async def test_a_dry_run_sends_nothing(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """`--send` beside `--dry-run` leaves the topics as they are."""
    assert redis_url == redis.url
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        done = await deployment.run("import", "orders.csv", "--send", "--dry-run")
        assert done.code == 0, done.err
        assert "EUR: 1,258.50 sold, 10.00 refunded, 1,248.50 net" in done.err
        await deployment.folded()
        assert deployment.records() == {}
