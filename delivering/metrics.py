"""What Prometheus is told of deliveries. The endpoint's name is a label, for the file limits how many there are."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Seconds of a request; the longest timeout that may be set is 300.
BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """All metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.attempts = Counter(
            "clientward_delivery_attempts_total",
            "Requests by what came of them: delivered, failed, given_up.",
            ["endpoint", "outcome"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "clientward_delivery_seconds",
            "Seconds of a request.",
            ["endpoint"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.latency = Histogram(
            "clientward_delivery_latency_seconds",
            "Seconds from the decision to its delivery, at the first attempt.",
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.waiting = self._gauge(
            "clientward_delivery_waiting_messages", "Messages that are on their way or tried again."
        )
        self.dead = self._gauge("clientward_delivery_dead_messages", "Messages that were given up.")
        self.behind = self._gauge(
            "clientward_delivery_behind", "1 where the endpoint is fed from further back in the topic."
        )
        self.paused = self._gauge("clientward_delivery_paused", "1 where the endpoint is paused.")
        self.failing = self._gauge(
            "clientward_delivery_failures_in_a_row", "Failed requests since the last one that was taken."
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, ["endpoint"], registry=self.registry)
