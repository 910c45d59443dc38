"""Every query of the dashboard, asked of a real Prometheus that has collected a real worker to which things happened.

Prometheus is wanted as `prometheus`; .ci/run builds it where there is a Go.
"""

import asyncio
import json
import math
import time
from pathlib import Path

import pytest
from engine_support import send
from happenings import everything_happens, in_shadow, told
from live import FOLDED_SECONDS, LOOK_SECONDS, ROOT, live
from story import meeting, purchase, ticket

from faults.servers.prometheus import Prometheus, program, start_prometheus
from streams.embedded import RedisServer
from streams.embedded.guard import Guard

pytestmark = pytest.mark.skipif(
    program() is None, reason="there is no prometheus: .ci/run builds it where there is a Go"
)
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "clientward.json"
RULES = ROOT / "deploy" / "prometheus"
# Grafana's four scrapes at the least, of a Prometheus that looks each two seconds.
RATE_INTERVAL = "15s"
# What has no data for a reason: a policy that no firm calibrated says no shares (tests/integration/test_calibrate_live.py).
EMPTY = {("Fields filled, as calibrated", "max by (type, field) (clientward_calibrated_share)")}


def queries() -> list[tuple[str, str]]:
    """Return every panel's title and query."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]


async def test_every_query_of_the_dashboard_returns_data(
    kafka_bootstrap: str,
    redis: RedisServer,
    redis_url: str,  # noqa: ARG001 - it empties Redis
    group: str,
    tmp_path: Path,
) -> None:
    """As Grafana asks them, over the time of the test: a number each, but for those named as empty; no rule fails."""
    with Guard() as guard:
        async with live(kafka_bootstrap, redis, group, tmp_path, in_shadow) as deployment:
            (worker,) = deployment.stage.workers
            rules = [RULES / "alerts.yml", RULES / "rules.yml"]
            began = time.time()
            prometheus = await asyncio.to_thread(start_prometheus, guard, [worker.port], rules)

            async def until(name: str) -> None:
                async with asyncio.timeout(FOLDED_SECONDS):
                    query = f"sum({name}) > 0"
                    while not await asyncio.to_thread(has_number, prometheus, query, began):  # noqa: ASYNC110 - it tells nobody
                        await asyncio.sleep(LOOK_SECONDS)

            await until("up")
            await everything_happens(deployment, until)
            await until("sum_over_time(clientward_decision_latency_seconds_count[1h])")
            # A counter that Prometheus sees for the first time has not grown: what is counted after that has.
            await until("clientward_fields_total")
            await send(deployment.settings, told([purchase(4), ticket(4.1), meeting(4.2)], "later"))
            await deployment.folded()
            for kind in ("purchase", "meeting|ticket"):
                await until(f'increase(clientward_fields_total{{type=~"{kind}"}}[1h])')
            asked = queries()
            empty = {(title, query) for title, query in asked if not has_number(prometheus, query, began)}
        assert empty == EMPTY
        assert len(asked) > len(EMPTY)
        assert prometheus.failing_rules() == []


def has_number(prometheus: Prometheus, query: str, began: float) -> bool:
    """Tell whether a query gave a number at any moment since `began`; NaN, of nothing by nothing, is none."""
    found = prometheus.over(query.replace("$__rate_interval", RATE_INTERVAL), began, time.time())
    return any(not math.isnan(value) for series in found for _, value in series.values)
