"""Every metric, of the registries of those that serve them: its kind, its labels, and what it counts."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry

from delivering.metrics import Metrics as DeliveryMetrics
from intake.metrics import Metrics as IntakeMetrics
from streams.engine.metrics import Metrics as WorkerMetrics
from tools.reference.tables import code, page, table

INTRO: Final = """\
Each is served at `/metrics` of what names it. A counter only grows; a gauge is how much there is now; of a histogram
Prometheus gets `_bucket`, `_sum` and `_count`. [Operations](../operations.md#the-dashboard) tells how to read them, and the
[runbook](../runbook.md) what to do when one of them raises an alarm. `clientward retention --serve` has
[three of its own](../operations.md#how-many-clients-stay)."""
SERVED: Final = (
    ("clientward worker", "Served on `CLIENTWARD_WEB_HOST`:`CLIENTWARD_WEB_PORT`.", WorkerMetrics),
    ("clientward intake", "Served by the intake itself, beside `/events`.", IntakeMetrics),
    ("clientward deliver", "Served on `CLIENTWARD_WEB_HOST`:`CLIENTWARD_WEB_PORT`.", DeliveryMetrics),
)


def metrics() -> str:
    """Return the page."""
    parts = [INTRO]
    for name, where, made in SERVED:
        parts += [
            f"## {name}",
            where,
            table(("metric", "kind", "labels", "what it counts"), _rows(made().registry)),
        ]
    return page("Metrics", "the registries in the code", *parts)


def _rows(registry: CollectorRegistry) -> Iterator[tuple[str, str, str, str]]:
    for family in registry.collect():
        collector = registry._names_to_collectors[family.name]  # noqa: SLF001 - the registry tells labels by samples only
        labels = ", ".join(code(label) for label in getattr(collector, "_labelnames", ()))
        total = "_total" if family.type == "counter" else ""
        yield code(family.name + total), family.type, labels, family.documentation
