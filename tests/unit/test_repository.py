"""The repository's habits: its workflows, forms and hooks are what GitHub and pre-commit take, and fit the project."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from relationship.state.record import LAYOUT

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CONFIG = GITHUB / "ISSUE_TEMPLATE" / "config.yml"
FORMS = sorted(set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {CONFIG})
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("packages/*/pyproject.toml"))]
#: An action by the hash of a commit, which nobody can move, with its version beside it for people.
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
FOR_WORKFLOWS = ("vendor.github-workflows", "custom.github-workflows-require-timeout")
CHECKS = [
    *[(path, schema) for path in WORKFLOWS for schema in FOR_WORKFLOWS],
    *[(path, "vendor.github-issue-forms") for path in FORMS],
    (CONFIG, "vendor.github-issue-config"),
]


def load(path: Path) -> Any:
    """Return what a YAML file says."""
    return YAML(typ="safe").load(path)


def steps(workflow: str) -> list[dict[str, Any]]:
    """Return every step of a workflow's jobs."""
    jobs = load(GITHUB / "workflows" / workflow)["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize(("path", "schema"), CHECKS, ids=lambda value: getattr(value, "name", value))
def test_github_takes_the_file(path: Path, schema: str) -> None:
    """Workflows and forms have the form that GitHub publishes for them, and no job may hang for hours."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_something_to_check() -> None:
    """CI, the weekly mutations and the release each have a workflow, and whoever reports something finds a form."""
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "mutation.yml", "release.yml"]
    assert len(FORMS) >= 2


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_may_do_little(path: Path) -> None:
    """Each action is the very commit that was looked at; a job writes only where it says so, and leaves no token behind."""
    lines = [line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines()]
    used = [line for line in lines if line.startswith("uses:")]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    writing = [name for name, job in workflow["jobs"].items() if "write" in job.get("permissions", {}).values()]
    assert writing == (["draft"] if path.name == "release.yml" else [])
    checkouts = [step for step in steps(path.name) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_ci_runs_on_every_python_that_is_promised() -> None:
    """`.ci/run` runs on the versions that the distributions name, the oldest of which is the least that they take."""
    job = load(GITHUB / "workflows" / "ci.yml")["jobs"]["test"]
    tried = job["strategy"]["matrix"]["python"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    for path in PROJECTS:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        promised = re.findall(r"Python :: (\d\.\d+)", " ".join(project["classifiers"]))
        assert promised == tried
        assert project["requires-python"] == f">={tried[0]}"


def test_a_release_is_built_by_make_dist_and_holds_the_image() -> None:
    """Both are uploaded, and the draft takes them up."""
    runs = [step.get("run", "") for step in steps("release.yml")]
    assert "make dist" in runs
    assert any(run.startswith("docker build ") for run in runs)
    assert any(run.startswith("gh release create ") and "--draft" in run for run in runs)


@pytest.mark.parametrize(("change", "code"), [("", 0), ("1", 1)], ids=["the version", "another"])
def test_a_tag_that_is_not_the_version_releases_nothing(change: str, code: int, tmp_path: Path) -> None:
    """The release's first step, run as it stands: it passes the version on, or says in one line what does not fit."""
    (step,) = (step for step in steps("release.yml") if step.get("id") == "version")
    version = tomllib.loads(PROJECTS[0].read_text(encoding="utf-8"))["project"]["version"]
    output = tmp_path / "output"
    told = {"GITHUB_REF_NAME": f"v{version}{change}", "GITHUB_OUTPUT": str(output), "PYTHON": sys.executable}
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]  # as GitHub's runner does
    done = subprocess.run(command, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stdout.count("\n") == code
    assert output.exists() == (code == 0)
    assert code or output.read_text() == f"version={version}\n"


def test_the_upgrade_page_knows_the_layout_and_the_release() -> None:
    """Whoever changes the records' layout or the version says on docs/upgrading.md what that asks of an operator."""
    page = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
    version = tomllib.loads(PROJECTS[0].read_text(encoding="utf-8"))["project"]["version"]
    assert f"This version reads\n   layout {LAYOUT}." in page
    (row,) = re.findall(rf"^\| {re.escape(version)}\b.*$", page, re.MULTILINE)
    assert row.split(" | ")[3].startswith(f"{LAYOUT};")


def test_hooks_are_the_tools_of_the_lock() -> None:
    """pre-commit fetches nothing: each hook runs a tool of .venv, which the development lock pins, as `make lint` does."""
    config = load(ROOT / ".pre-commit-config.yaml")
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff", "ruff-format", "mypy"]
    lock = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    for hook in hooks:
        folder, tool = hook["entry"].split()[0].rsplit("/", 1)
        assert (hook["language"], folder) == ("system", ".venv/bin")
        assert re.search(rf"^{tool}==", lock, re.MULTILINE)
        assert f"$(BIN)/{tool}" in (ROOT / "Makefile").read_text(encoding="utf-8")
