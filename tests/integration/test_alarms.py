"""The alarms, played by Prometheus's own tool: they come when they should, and stay away when they should.

promtool is wanted; .ci/run builds it where there is a Go.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
FILES = ("alerts", "rules")

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
    done = promtool("check", "rules", "--lint-fatal", *(FOLDER / f"{name}.yml" for name in FILES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alarm_comes_when_it_should() -> None:
    """Of every alert there is a series on which it comes, and one on which it stays away."""
    done = promtool("test", "rules", *(FOLDER / f"{name}_test.yml" for name in FILES))
    assert done.returncode == 0, done.stdout + done.stderr
    yaml = YAML(typ="safe")
    rules = [rule for name in FILES for group in yaml.load(FOLDER / f"{name}.yml")["groups"] for rule in group["rules"]]
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    tests = [test for name in FILES for test in yaml.load(FOLDER / f"{name}_test.yml")["tests"]]
    played = [each for test in tests for each in test["alert_rule_test"]]
    assert alerts == {each["alertname"] for each in played if each["exp_alerts"]}
    assert alerts == {each["alertname"] for each in played if not each["exp_alerts"]}
