"""The simulator's accounts, as the core is measured with them; a program that only counts need not import it."""

from datetime import UTC, datetime

from benchmarks.events import SEED, Event
from simulator import Rates, simulate_events
from streams.kafka.partitioning import partition_of_key


def simulated(events: int, partitions: int) -> list[Event]:
    """Return the simulator's records in the order of their arrival: repeats and late ones, none that is refused.

    A record that credits another account is left out: the worker would publish to its own intake, and the next program
    would find more there than the one before.
    """
    end = datetime(2026, 6, 1, tzinfo=UTC)
    played = simulate_events(events, end, SEED, rates=Rates(poison=0.0)).events()
    return [
        Event(
            each.topic,
            partition_of_key(each.account_id.encode(), partitions),
            each.account_id.encode(),
            each.value,
            each.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        for each in played
        if b"referred_by" not in each.value
    ]
