"""A Prometheus of our own, which collects workers and plays the alarms; where there is no such program it is said."""

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from faults.servers.probing import answers
from streams.embedded.guard import Guard
from streams.embedded.ports import free_ports
from streams.embedded.server import Server

LOOK_SECONDS: Final = 2  # between two looks at the workers, and for each: a busy one answers within that
RULES_SECONDS: Final = 1  # between two looks at the rules
ANSWER_SECONDS: Final = 10.0


class Series(NamedTuple):
    """What a query returned: labels, and the values over time, (seconds since the epoch, value)."""

    labels: Mapping[str, str]
    values: Sequence[tuple[float, float]]


class Alert(NamedTuple):
    """An alert that is pending or firing, since when (as Prometheus writes it), and its words."""

    name: str
    state: str
    since: str
    summary: str


class Prometheus:
    """A running Prometheus; `server` is its process."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def alerts(self) -> list[Alert]:
        """Return the alerts whose expression is true now."""
        found = self._asked("alerts")["alerts"]
        return [
            Alert(each["labels"]["alertname"], each["state"], each["activeAt"], each["annotations"]["summary"])
            for each in found
        ]

    def over(self, query: str, start: float, end: float, step: float = 1.0) -> list[Series]:
        """Return what a query gave from `start` to `end` (seconds since the epoch), each `step` seconds."""
        found = self._asked("query_range", query=query, start=start, end=end, step=step)["result"]
        return [Series(each["metric"], [(float(at), float(value)) for at, value in each["values"]]) for each in found]

    def failing_rules(self) -> list[str]:
        """Return the errors of the rules that cannot be evaluated."""
        rules = [rule for group in self._asked("rules")["groups"] for rule in group["rules"]]
        return [f"{rule['name']}: {rule.get('lastError')}" for rule in rules if rule["health"] == "err"]

    def _asked(self, what: str, **parameters: Any) -> Any:
        url = f"http://127.0.0.1:{self.server.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)["data"]


def program() -> str | None:
    """Return where Prometheus is on this machine, or None; `.ci/run` builds it where there is a Go."""
    return shutil.which("prometheus")


def start_prometheus(guard: Guard, workers: Sequence[int], rules: Sequence[Path] = ()) -> Prometheus:
    """Start a Prometheus that collects the workers on these ports. Raises EmbeddedError where it does not start."""
    folder, port = guard.folder / "prometheus", free_ports(1)[0]
    folder.mkdir(parents=True, exist_ok=True)
    targets = [f"127.0.0.1:{each}" for each in workers]
    config = {
        "global": {"scrape_interval": f"{LOOK_SECONDS}s", "evaluation_interval": f"{RULES_SECONDS}s"},
        "rule_files": [str(each) for each in rules],
        "scrape_configs": [{"job_name": "clientward", "static_configs": [{"targets": targets}]}],
    }
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    argv = [
        program() or "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    server = Server(guard, "prometheus", folder, port, argv, _is_ready)
    server.start()
    return Prometheus(server)


def _is_ready(port: int) -> bool:
    return answers(port, "/-/ready", ANSWER_SECONDS)
