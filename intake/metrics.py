"""What Prometheus is told of the intake. The source's name is a label, for the file limits how many there are."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Seconds of a request: a broker's answer, to the longest that a body and Kafka together may take.
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 40)


class Metrics:
    """All metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "clientward_intake_requests_total",
            "Requests by source and status; the source is empty where the key is none.",
            ["source", "status"],
            registry=self.registry,
        )
        self.events = Counter(
            "clientward_intake_events_total",
            "Events by source and what came of each: 202 stored, 403 and 422 refused.",
            ["source", "status"],
            registry=self.registry,
        )
        self.hooks = Counter(
            "clientward_intake_hook_events_total",
            "Events of webhooks by hook and what came of each: stored, ignored, dead_letter.",
            ["hook", "outcome"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "clientward_intake_request_seconds", "Seconds of a request.", buckets=BUCKETS, registry=self.registry
        )
        self.kafka = Gauge("clientward_intake_kafka_up", "1 where Kafka answered last.", registry=self.registry)
