"""Faust as its tutorial writes it: a Record, `async for`, an in-memory table with a changelog. uvloop, which is kinder."""

import os
import sys

import faust
import uvloop

uvloop.install()
ENV = os.environ
app = faust.App(
    ENV["BENCH_GROUP"],
    broker=f"kafka://{ENV['BENCH_KAFKA']}",
    store="memory://",
    datadir=ENV["BENCH_STATE"],
    consumer_auto_offset_reset="earliest",
    topic_partitions=int(ENV["BENCH_PARTITIONS"]),
    topic_disable_leader=True,
    broker_session_timeout=10,
    broker_heartbeat_interval=1,
    broker_commit_interval=1.0,
)
EVERYTHING = ENV.get("BENCH_ANSWER") == "all"


class Purchase(faust.Record):
    """The fields that are used of a purchase."""

    event_id: str
    account_id: str
    occurred_at: str
    amount: str
    currency: str


class Total(faust.Record):
    """How many purchases an account made, and their sum."""

    count: int
    sum: float


intake = app.topic(ENV["BENCH_INTAKE"], key_type=str, value_type=Purchase)
answers = app.topic(ENV["BENCH_ANSWERS"], key_type=str, value_serializer="json")
totals = app.Table("totals", key_type=str, value_type=Total)


@app.agent(intake)
async def count(purchases: faust.Stream[Purchase]) -> None:
    """Count purchases."""
    async for purchase in purchases:
        total = totals.get(purchase.account_id) or Total(count=0, sum=0.0)
        totals[purchase.account_id] = Total(count=total.count + 1, sum=total.sum + float(purchase.amount))
        if EVERYTHING or purchase.account_id.startswith("marker-"):
            answer = {"event_id": purchase.event_id, "direction": "promotion", "to": "customer"}
            await answers.send(key=purchase.account_id, value=answer)


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "--without-web", "--loglevel", "error"]
    app.main()
