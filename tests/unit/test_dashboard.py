"""What Prometheus collects and Grafana shows is what the worker exports.

The queries are checked by name and label against the worker's own registry, so that no panel is empty unnoticed.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML

from delivering.metrics import Metrics as DeliveryMetrics
from intake.metrics import Metrics as IntakeMetrics
from streams.engine.metrics import Metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARDS = DEPLOY / "grafana" / "dashboards"


def load_yaml(path: Path) -> Any:
    """Return what a YAML file says."""
    return YAML(typ="safe").load(path)


SERVICES: dict[str, dict[str, Any]] = load_yaml(ROOT / "docker-compose.yml")["services"]


def test_prometheus_finds_the_workers() -> None:
    """Prometheus asks the service and the port where the worker serves."""
    (job,) = load_yaml(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]
    (where,) = job["dns_sd_configs"]
    assert where["names"] == ["worker"]
    assert str(where["port"]) == SERVICES["worker"]["environment"]["CLIENTWARD_WEB_PORT"]
    assert set(SERVICES["worker"]["networks"]) & set(SERVICES["prometheus"]["networks"])


def exported_series() -> dict[str, set[str]]:
    """Return what a worker exports: every series' name with its labels, `instance` of Prometheus among them."""
    return series_of(Metrics().registry)


def series_of(registry: CollectorRegistry) -> dict[str, set[str]]:
    """Return what a registry exports."""
    endings = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    series = {}
    for family in registry.collect():
        labels = {*registry._names_to_collectors[family.name]._labelnames, "instance"}  # type: ignore[attr-defined]
        for ending in endings[family.type]:
            series[family.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return series


def dashboard_targets() -> list[dict[str, Any]]:
    """Return every query of every dashboard, as Grafana's file has it."""
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS.glob("*.json")]
    return [target for board in boards for panel in board["panels"] for target in panel.get("targets", [])]


def test_dashboard_asks_only_for_what_the_worker_exports() -> None:
    """No panel stays empty because a metric, or a label that it groups by, is named differently in the code."""
    series = exported_series()
    for target in dashboard_targets():
        asked = re.findall(r"clientward_\w+", target["expr"])
        grouped = {
            label.strip() for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in group.split(",")
        }
        assert set(asked) <= set(series), target["expr"]
        assert all(grouped <= series[name] for name in asked), target["expr"]
        assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= grouped, target["expr"]


def test_every_metric_of_the_worker_stands_on_the_dashboard() -> None:
    """Whoever looks at the dashboard sees all that the worker tells."""
    asked = " ".join(target["expr"] for target in dashboard_targets())
    assert [family.name for family in Metrics().registry.collect() if family.name not in asked] == []


def rules() -> list[dict[str, Any]]:
    """Return every rule that Prometheus is told to load."""
    folder = DEPLOY / "prometheus"
    files = load_yaml(folder / "prometheus.yml")["rule_files"]
    return [rule for name in files for group in load_yaml(folder / name)["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """Return every alert rule."""
    return [rule for rule in rules() if "alert" in rule]


def test_rules_ask_only_for_what_is_exported() -> None:
    """No alert is silent since a name or a label is another in the code; what rules record is asked for by its name."""
    series = exported_series() | series_of(DeliveryMetrics().registry) | series_of(IntakeMetrics().registry)
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for rule in rules():
        expr = rule["expr"]
        assert expr.count("(") == expr.count(")")
        assert {*re.findall(r"clientward:[\w:]+", expr)} <= recorded
        for name, matched in re.findall(r"\b(clientward_\w+)(?:{([^}]*)})?", expr):
            assert {*re.findall(r"(\w+)=", matched)} <= series[name], expr
        asked = {name for name in series if name in expr}
        grouped = {each.strip() for group in re.findall(r"by \(([^)]*)\)", expr) for each in group.split(",")}
        said = {*re.findall(r"\$labels\.(\w+)", rule.get("annotations", {}).get("summary", ""))}
        assert said - {"instance"} <= grouped <= {"instance"}.union(*(series[name] for name in asked))


def test_each_alert_has_its_section_in_the_runbook_and_none_is_left_over() -> None:
    """The section says what it means and what to do, and whether it wakes anybody."""
    page = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = {part.splitlines()[0]: part for part in page.split("\n## ")[1:]}
    assert {rule["alert"] for rule in alerts()} == sections.keys()
    for rule in alerts():
        section, severity = sections[rule["alert"]], rule["labels"]["severity"]
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert f"\n`{severity}`. **Means** " in section
        assert "**Do** " in section
        assert severity in {"page", "ticket"}


def test_dashboard_is_provisioned() -> None:
    """Grafana finds the dashboards in the folder that is mounted, and their data source by its uid."""
    grafana = DEPLOY / "grafana" / "provisioning"
    (source,) = load_yaml(grafana / "datasources" / "prometheus.yml")["datasources"]
    (provider,) = load_yaml(grafana / "dashboards" / "clientward.yml")["providers"]
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (DASHBOARDS / Path(home).name).is_file()
    assert {target["datasource"]["uid"] for target in dashboard_targets()} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"


def test_panels_have_an_id_and_a_place_of_their_own() -> None:
    """No two panels of a dashboard share an id or overlap, and each but the headings says what it shows."""
    for path in DASHBOARDS.glob("*.json"):
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        cells = [
            (x, y)
            for place in (panel["gridPos"] for panel in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len({panel["id"] for panel in panels}) == len(panels)
        assert len(set(cells)) == len(cells)
        assert all(panel.get("description") for panel in panels if panel["type"] != "row")


@pytest.mark.parametrize("name", ["alerts.yml", "rules.yml"])
def test_the_chart_has_the_very_rules(name: str) -> None:
    """One source: Helm reads no file beyond the chart, so that it has copies of deploy/prometheus, to the byte."""
    source, copy = DEPLOY / "prometheus" / name, DEPLOY / "helm" / "clientward" / "files" / name
    assert copy.read_bytes() == source.read_bytes(), f"cp {source} {copy}"
