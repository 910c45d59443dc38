"""Quix Streams: count and sum per account in its RocksDB state with a changelog, as its tutorials write it."""

import os
from decimal import Decimal
from typing import Any

from quixstreams import Application, State


def answer(purchase: dict[str, Any]) -> dict[str, str]:
    """Return an answer as every program gives it."""
    return {"event_id": purchase["event_id"], "direction": "promotion", "to": "customer"}


def main() -> None:
    """Run until killed."""
    env = os.environ
    app = Application(
        broker_address=env["BENCH_KAFKA"],
        consumer_group=env["BENCH_GROUP"],
        auto_offset_reset="earliest",
        state_dir=env["BENCH_STATE"],
        commit_interval=1.0,
        loglevel="ERROR",
        consumer_extra_config={
            "group.instance.id": env["BENCH_INSTANCE"],
            "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 1_000,
        },
    )
    intake = app.topic(env["BENCH_INTAKE"], key_deserializer="str", value_deserializer="json")
    answers = app.topic(env["BENCH_ANSWERS"], key_serializer="str", value_serializer="json")
    everything = env.get("BENCH_ANSWER") == "all"

    def count(purchase: dict[str, Any], state: State) -> dict[str, Any]:
        total = state.get("total", [0, "0"])
        state.set("total", [total[0] + 1, str(Decimal(total[1]) + Decimal(purchase["amount"]))])
        return purchase

    stream = app.dataframe(intake).apply(count, stateful=True)
    wanted = stream if everything else stream.filter(lambda purchase: purchase["account_id"].startswith("marker-"))
    wanted.apply(answer).to_topic(answers)
    app.run()


if __name__ == "__main__":
    main()
