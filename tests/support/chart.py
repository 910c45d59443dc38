"""The Helm chart, rendered by Helm itself, and what comes of it by kind, name and pod."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.main import NAME, build_app

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "clientward"
SETS = ROOT / "deploy" / "helm" / "values"
VALUES = sorted(SETS.glob("*.yaml"))
KUBERNETES = "1.33"
OTHERS = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}  # of operators; Kubernetes has no schema of them

needs_helm = pytest.mark.skipif(
    shutil.which("helm") is None,
    reason="there is no helm: .ci/run builds it where there is a Go, see deploy/helm/README.md",
)


def helm(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run Helm."""
    program = shutil.which("helm") or "helm"
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


def rendered(values: Path | None, *more: str) -> list[dict[str, Any]]:
    """Return what the chart comes to."""
    files = [] if values is None else ["--values", values]
    done = helm("template", "shop", CHART, "--namespace", "crm", "--kube-version", KUBERNETES, *files, *more)
    assert done.returncode == 0, done.stderr
    return [each for each in YAML(typ="safe").load_all(done.stdout) if each]


def of(documents: list[dict[str, Any]], kind: str, name: str = "") -> dict[str, Any]:
    """Return the document of a kind, and of a name where there are several."""
    (found,) = [each for each in documents if each["kind"] == kind and name in each["metadata"]["name"]]
    return found


def pods(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the pod of everything that runs one."""
    for each in documents:
        if each["kind"] in {"StatefulSet", "Deployment", "Job"}:
            yield each["spec"]["template"]


def component(document: dict[str, Any]) -> str:
    """Return which part a document, or a pod's template, is of."""
    return str(document["metadata"]["labels"]["app.kubernetes.io/component"])


def pod(documents: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """Return the pod of a part."""
    (found,) = [each for each in pods(documents) if component(each) == part]
    return found


def container(template: dict[str, Any]) -> dict[str, Any]:
    """Return the one container of a pod."""
    (found,) = template["spec"]["containers"]
    return found


def parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """Return what the command line makes of arguments, which it would run; raises what it refuses them with."""
    command: Any = build_app()
    name, rest, given = NAME, list(arguments), {}
    context = None
    while True:
        context = command.make_context(name, rest, parent=context)
        command = context.command  # of one that is imported when it is asked, the real one
        given |= context.params
        rest = [*context._protected_args, *context.args]
        if not hasattr(command, "resolve_command") or not rest:
            return given
        name, command, rest = command.resolve_command(context, rest)
