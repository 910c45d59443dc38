"""No panel of the dashboard stands still: what every query asks for moves on a real worker to which things happen."""

import asyncio
import json
import re
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from happenings import everything_happens, in_shadow
from live import FOLDED_SECONDS, LOOK_SECONDS, PARTITIONS, ROOT, Live, live
from prometheus_client.parser import text_string_to_metric_families

from relationship.contract.messages import COMMANDS, MESSAGE_TYPES, PURCHASES
from streams.embedded import RedisServer

# At rest this is 0, and it is more only while Kafka is slow to confirm: that it has a sample is all that is asked.
MAY_BE_ZERO = {"clientward_outbox_records", "clientward_outbox_seconds"}
# What a calibrated policy says of its firm; the shipped one says nothing of any (tests/integration/test_calibrate_live.py).
CALIBRATED = {"clientward_calibrated_share", "clientward_calibrated_density"}

Labels = frozenset[tuple[str, str]]


class Panels:
    """The most that each series of a worker was seen to show, over all looks at its `/metrics`."""

    def __init__(self, deployment: Live) -> None:
        (worker,) = deployment.stage.workers
        self._url = f"http://127.0.0.1:{worker.port}/metrics"
        self.most: dict[str, dict[Labels, float]] = defaultdict(dict)

    async def until(self, is_shown: Callable[["Panels"], bool]) -> None:
        """Look, as Prometheus does, until something is shown."""
        async with asyncio.timeout(FOLDED_SECONDS):
            while True:
                self._note(await asyncio.to_thread(self._text))
                if is_shown(self):
                    return
                await asyncio.sleep(LOOK_SECONDS)

    async def until_more_than_zero(self, name: str) -> None:
        """Look until a series of a name is more than zero."""
        await self.until(lambda seen: bool(seen.total(name)))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over the series of a name that have these labels."""
        wanted = set(labels.items())
        return sum(value for series, value in self.most.get(name, {}).items() if wanted <= series)

    def values_of(self, name: str, label: str) -> set[str]:
        """Return the values of a label among the series of a name that are more than zero."""
        return {dict(series)[label] for series, value in self.most[name].items() if value}

    def _text(self) -> str:
        with urllib.request.urlopen(self._url, timeout=10) as answer:  # noqa: S310 - our own worker, on loopback
            return str(answer.read().decode())

    def _note(self, text: str) -> None:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                of_name, series = self.most[sample.name], frozenset(sample.labels.items())
                of_name[series] = max(of_name.get(series, 0.0), sample.value)


def asked() -> dict[str, str]:
    """Return what the panels' queries ask for, each name with the title of a panel that does."""
    boards = [json.loads(path.read_text("utf-8")) for path in (ROOT / "deploy/grafana/dashboards").glob("*.json")]
    return {
        name: panel["title"]
        for board in boards
        for panel in board["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"clientward_\w+", target["expr"])
    }


async def test_every_panel_of_the_dashboard_moves(
    kafka_bootstrap: str,
    redis: RedisServer,
    redis_url: str,  # noqa: ARG001 - it empties Redis
    group: str,
    tmp_path: Path,
) -> None:
    """Clients, repeats, refusals, a shadow, an erasure, a bad policy, a broken record, a full Redis: each shows."""
    async with live(kafka_bootstrap, redis, group, tmp_path, in_shadow) as deployment:
        panels = Panels(deployment)
        await everything_happens(deployment, panels.until_more_than_zero)

    still = {name: title for name, title in asked().items() if not panels.total(name)}
    assert set(still) == (set(still) & MAY_BE_ZERO) | CALIBRATED, still
    assert {name for name in asked() if name not in panels.most} <= CALIBRATED
    assert panels.values_of("clientward_events_total", "verdict") == {"applied", "repeat", "refused"}
    assert {COMMANDS, PURCHASES} <= panels.values_of("clientward_events_total", "topic")
    assert {"DECODE", "FAULT"} <= panels.values_of("clientward_refused_events_total", "reason")
    assert panels.values_of("clientward_decisions_total", "to") >= {"customer", "candidate", "client"}
    assert panels.values_of("clientward_shadow_differences_total", "kind") == {"entered"}
    assert {dict(series)["topic"] for series in panels.most["clientward_lag_events"]} == set(MESSAGE_TYPES)
    assert panels.total("clientward_partitions") == PARTITIONS
    assert panels.total("clientward_set_aside_total") == 1
