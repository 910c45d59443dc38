"""The alarms, played by Prometheus's own tool: they come when they should, and stay away when they should.

promtool is wanted; .ci/run builds it where there is a Go.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="there is no promtool: .ci/run builds it where there is a Go"
)


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool."""
    return subprocess.run(
        [shutil.which("promtool") or "promtool", *arguments], capture_output=True, text=True, check=False
    )


def test_the_rules_are_rules() -> None:
    """Prometheus takes both files, without a warning."""
    done = promtool("check", "rules", "--lint-fatal", FOLDER / "alerts.yml", FOLDER / "rules.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alarm_comes_when_it_should() -> None:
    """Of every alert of alerts.yml there is a series on which it comes; the others are played too and stay away."""
    done = promtool("test", "rules", FOLDER / "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    yaml = YAML(typ="safe")
    rules = [rule for group in yaml.load(FOLDER / "alerts.yml")["groups"] for rule in group["rules"]]
    played = [each for test in yaml.load(FOLDER / "alerts_test.yml")["tests"] for each in test["alert_rule_test"]]
    assert {rule["alert"] for rule in rules if "alert" in rule} == {
        each["alertname"] for each in played if each["exp_alerts"]
    }
