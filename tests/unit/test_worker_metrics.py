"""What a worker tells of its present state when it is asked for its metrics."""

from types import SimpleNamespace
from typing import Any

from counting import CountingFold
from faust.types import TP
from prometheus_client.parser import text_string_to_metric_families

from agents.worker import Worker
from relationship.contract.messages import PURCHASES
from streams.config.settings import Settings
from streams.engine.app import Lag


def told(worker: Worker) -> dict[tuple[str, str], float]:
    """Return each series by its name and partition."""
    families = text_string_to_metric_families(worker.metrics_text().decode())
    return {(s.name, s.labels.get("partition", "")): s.value for family in families for s in family.samples}


def app(lags: dict[TP, Lag], *, ready: bool = True) -> Any:
    """Return what the metrics ask of an app."""
    return SimpleNamespace(lags=lambda: lags, outbox_records=3, outbox_seconds=42.0, started=True, is_ready=ready)


def test_a_partition_that_has_left_is_behind_no_more() -> None:
    """Its last lag is not told for ever: that would be an alarm about another worker's partition."""
    worker = Worker(Settings(), CountingFold())
    worker.app = app({TP(PURCHASES, 0): Lag(9, 400.0), TP(PURCHASES, 1): Lag(0, 0.0)})
    assert told(worker)["clientward_lag_seconds", "0"] == 400.0
    worker.app = app({TP(PURCHASES, 1): Lag(0, 0.0)})
    after = told(worker)
    assert [name for name, partition in after if partition == "0"] == []
    assert after["clientward_lag_events", "1"] == 0


def test_it_tells_whether_it_is_ready_how_long_its_outbox_waits_and_since_when_it_runs() -> None:
    """Between two lives of the app nothing is ready, and nothing waits."""
    worker = Worker(Settings(), CountingFold())
    worker.app = app({})
    well = told(worker)
    assert (well["clientward_ready", ""], well["clientward_outbox_seconds", ""]) == (1, 42.0)
    worker.app = app({}, ready=False)
    assert told(worker)["clientward_ready", ""] == 0
    worker.app = None
    between = told(worker)
    assert (between["clientward_ready", ""], between["clientward_outbox_seconds", ""]) == (0, 0)
    assert between["clientward_start_time_seconds", ""] == well["clientward_start_time_seconds", ""] > 0
