"""What the worker tells of itself to Prometheus, served at `/metrics`. Every metric is named and described here.

A worker has a registry of its own, so that two in one process (a test) do not mix. Times are seconds.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as _generate_latest

from relationship.analysis.filling import calibrated_on, filling
from relationship.contract.messages import Message
from relationship.contract.outcome import RECLASSIFIED, SHADOWED, Reason, Refused
from relationship.policy.compiled import Policy
from streams.engine.step import OutboxEntry
from streams.wire.arrivals import Arrival

# Messages of a step of which it is counted how they are filled in: a backlog's step has thousands, and tells no more by them
# for a twelfth of what the engine costs. A trickle's has a few, and all are counted.
FILLING_SAMPLE: Final = 256
# From one Redis round trip to a step of thousands of events, or a broker that stands still.
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """The worker's counters, gauges and histograms."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._policy: Policy | None = None
        self._intake_metrics()
        self._output_metrics()
        self._health_metrics()
        self._recording_metrics()

    def _intake_metrics(self) -> None:
        self.events = Counter(
            "clientward_events_total", "Intake records accounted for.", ("topic", "verdict"), registry=self.registry
        )
        self.refused = Counter(
            "clientward_refused_events_total", "Records in the dead-letter topic.", ("reason",), registry=self.registry
        )
        self.set_aside = Counter(
            "clientward_set_aside_total",
            "Records and accounts' timers on which the fold failed, and states and messages that Kafka refuses.",
            registry=self.registry,
        )
        self.lag_events = Gauge(
            "clientward_lag_events", "Records not yet folded.", ("topic", "partition"), registry=self.registry
        )
        self.lag_seconds = Gauge(
            "clientward_lag_seconds",
            "Age of the oldest record that waits; 0 at the end.",
            ("topic", "partition"),
            registry=self.registry,
        )

    def _output_metrics(self) -> None:
        self.decisions = Counter(
            "clientward_decisions_total", "Reclassifications published.", ("direction", "to"), registry=self.registry
        )
        self.decision_latency = Histogram(
            "clientward_decision_latency_seconds",
            "From the record's timestamp until its decision was stored by Kafka.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.outbox = Gauge(
            "clientward_outbox_records", "Records in Redis that Kafka has not confirmed.", registry=self.registry
        )
        self.outbox_seconds = Gauge(
            "clientward_outbox_seconds",
            "How long the oldest step waits for Kafka to store what it sends; 0 where none does.",
            registry=self.registry,
        )

    def _health_metrics(self) -> None:
        self.batch = Histogram(
            "clientward_batch_seconds", "One step of one partition.", buckets=BUCKETS, registry=self.registry
        )
        self.redis = Histogram(
            "clientward_redis_seconds", "One call to Redis.", ("call",), buckets=BUCKETS, registry=self.registry
        )
        self.redis_failures = Counter(
            "clientward_redis_failures_total", "Calls to Redis that failed and were repeated.", registry=self.registry
        )
        self.takeovers = Counter(
            "clientward_takeovers_total", "Partitions taken over, by why.", ("reason",), registry=self.registry
        )
        self.differences = Counter(
            "clientward_shadow_differences_total",
            "Accounts on whose status active policy and shadow began to differ, changed, or ceased.",
            ("kind",),
            registry=self.registry,
        )
        self.policies_rejected = Counter(
            "clientward_policy_rejected_total",
            "Records of the policies' topic that are no policy.",
            registry=self.registry,
        )
        self.partitions = Gauge(
            "clientward_partitions", "Partitions that this worker owns and folds.", registry=self.registry
        )
        self.group_partitions = Gauge(
            "clientward_group_partitions",
            "Partitions that the group has, all workers together.",
            registry=self.registry,
        )
        self.ready = Gauge("clientward_ready", "1 where the worker is ready, as /readyz tells.", registry=self.registry)
        self.started = Gauge(
            "clientward_start_time_seconds",
            "When the worker was started, in seconds since the epoch.",
            registry=self.registry,
        )
        self.started.set(time.time())
        self.kafka_up = Gauge(
            "clientward_kafka_up", "1 where Kafka answered when the worker asked it last.", registry=self.registry
        )
        self.redis_used = Gauge(
            "clientward_redis_used_bytes",
            "Memory that Redis uses; 0 where it may not be asked (INFO).",
            registry=self.registry,
        )
        self.redis_limit = Gauge(
            "clientward_redis_limit_bytes",
            "maxmemory of Redis, or its machine's memory where there is no such limit; 0: not known.",
            registry=self.registry,
        )

    def _recording_metrics(self) -> None:
        self._fields: dict[tuple[str, str, str], Counter] = {}
        self.fields = Counter(
            "clientward_fields_total",
            "Optional fields of the messages folded, by whether they were filled; of a large step, the first 256.",
            ("type", "field", "filled"),
            registry=self.registry,
        )
        self.calibrated_share = Gauge(
            "clientward_calibrated_share",
            "Share of the messages that had the field when the policy in force was calibrated.",
            ("type", "field"),
            registry=self.registry,
        )
        self.calibrated_density = Gauge(
            "clientward_calibrated_density",
            "Meetings and tickets for one purchase when the policy in force was calibrated; 0 where it was not.",
            registry=self.registry,
        )
        self.reach = Gauge(
            "clientward_reach_points",
            "Points of 100 that the policy in force can reach, as calibrated; 100 where it was not.",
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return _generate_latest(self.registry)

    def folded(self, counts: Mapping[tuple[str, str], int], refused: Sequence[tuple[Arrival, Refused]]) -> None:
        """Count the records of a step that is done: by topic and verdict, and the refused ones by reason."""
        for (topic, verdict), count in counts.items():
            self.events.labels(topic, verdict).inc(count)
        for _, why in refused:
            self.refused.labels(why.reason.value).inc()
            if why.reason is Reason.FAULT:
                self.set_aside.inc()

    def recorded(self, messages: Iterable[Message]) -> None:
        """Count how the first messages of a step that is done are filled in: what is looked at is the share of them."""
        for each in filling(islice(messages, FILLING_SAMPLE)):
            for filled, count in (("yes", each.yes), ("no", each.no)):
                if count:
                    self._field(each.type, each.field, filled).inc(count)

    def _field(self, of: str, field: str, filled: str) -> Counter:
        """Return one counter of a field, kept: finding it by its labels costs more than counting, at every step."""
        key = of, field, filled
        if key not in self._fields:
            self._fields[key] = self.fields.labels(*key)
        return self._fields[key]

    def decides(self, policy: Policy) -> None:
        """Tell what the policy in force was calibrated on: what is counted is compared with that."""
        if policy is self._policy:
            return
        self._policy = policy
        self.calibrated_share.clear()
        for of, field, share in calibrated_on(policy):
            self.calibrated_share.labels(of, field).set(share)
        self.calibrated_density.set(policy.firm.density)
        self.reach.set(policy.reach)

    def published(self, entries: Iterable[OutboxEntry]) -> None:
        """Count the decisions among what Kafka has just stored, and how long they took since their record came."""
        now = time.time()
        for entry in entries:
            topic, label = entry.outgoing.topic, entry.outgoing.label
            if topic == RECLASSIFIED and label:
                self.decisions.labels(*label.split(" ")).inc()
                if entry.arrived_ms:
                    self.decision_latency.observe(max(0.0, now - entry.arrived_ms / 1000))
            elif topic == SHADOWED and label:
                self.differences.labels(label).inc()

    def total(self, verdict: str) -> int:
        """Return how many records had a verdict (applied, repeat, refused) since the worker started."""
        samples = (sample for metric in self.events.collect() for sample in metric.samples)
        return int(sum(s.value for s in samples if s.labels.get("verdict") == verdict and s.name.endswith("_total")))
