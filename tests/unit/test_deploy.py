"""What stands in docker-compose.yml, the Dockerfile and .env.example fits the code and keeps its promises.

No container engine runs here: the files are read, checked against the Compose schema and against the code that they
name, and the health checks are run against a real HTTP server.
"""

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chart import parsed
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from streams.config.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
# ${NAME}, ${NAME:-default}, ${NAME:?message}
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<how>[-?])(?P<text>[^}]*))?\}")
PINNED = re.compile(r"[^:@]+:v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?")
# These name files and programs, which have to be mounted first: docs/operations.md shows how.
NEED_A_MOUNT = {
    *("kafka_ca_file", "kafka_cert_file", "kafka_key_file", "kafka_key_password"),
    *("kafka_token_file", "kafka_token_command", "policy_file"),
}
# The Compose file's keeps its tables in SQLite, and delivers nothing.
OF_THE_CONSOLE = {"deliveries_redis_url", "readmodel_url"}
OURS = ("console", "intake", "topics", "worker")  # what the one image runs
SETTINGS_VARIABLE = "CLIENTWARD_"


def load_yaml(path: Path) -> Any:
    """Return what a YAML file says."""
    return YAML(typ="safe").load(path)


COMPOSE = load_yaml(COMPOSE_FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LONG_RUNNING = sorted(name for name, service in SERVICES.items() if service["restart"] != "no")


def example_values() -> dict[str, str]:
    """Return the variables of .env.example with their values."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def used_variables() -> dict[str, tuple[str | None, str]]:
    """Return the variables that the Compose file uses, each with "-" or "?" and the default or message."""
    found = VARIABLE.finditer(COMPOSE_FILE.read_text(encoding="utf-8"))
    return {match["name"]: (match["how"], match["text"] or "") for match in found}


def code_default(variable: str) -> str:
    """Return what the code takes for a CLIENTWARD_ variable that is empty, as it would be written in .env."""
    default = Settings.model_fields[variable.removeprefix(SETTINGS_VARIABLE).lower()].default
    return "" if default is None else str(default)


def dockerfile() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments, continuation lines joined and comments dropped."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", "").splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line]


def arguments(instruction: str) -> list[str]:
    """Return the arguments of every such instruction of the Dockerfile, in order."""
    return [rest for name, rest in dockerfile() if name == instruction]


def test_compose_file_fits_the_compose_schema() -> None:
    """The Compose file is one that an engine accepts by its form."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE_FILE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_env_example_has_exactly_the_variables_that_compose_uses() -> None:
    """Nothing can be set that stands in no list, and nothing in the list is without effect."""
    assert set(example_values()) == set(used_variables())


def test_every_variable_is_explained() -> None:
    """Each line of .env.example that sets something stands right below a comment that is about it alone."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    unexplained = [line for above, line in pairwise(lines) if re.match("[A-Z]", line) and not above.startswith("# ")]
    assert unexplained == []


def test_defaults_in_compose_are_those_of_env_example() -> None:
    """A variable that somebody leaves out of .env has the value that .env.example shows, or the code's own default."""
    in_force = {name: default or code_default(name) for name, (how, default) in used_variables().items() if how == "-"}
    assert {name: example_values()[name] for name in in_force} == in_force


def test_secrets_are_required_or_empty_and_never_in_a_file() -> None:
    """Grafana does not start without a password of one's own, and no file brings one along."""
    assert used_variables()["GRAFANA_ADMIN_PASSWORD"][0] == "?"
    assert [value for name, value in example_values().items() if "PASSWORD" in name] == ["", ""]


def test_clientward_variables_are_settings() -> None:
    """Every CLIENTWARD_ variable that a container gets is a setting of the code: none is misspelt or gone."""
    for service in OURS:
        given = {name for name in SERVICES[service]["environment"] if name.startswith(SETTINGS_VARIABLE)}
        known = {SETTINGS_VARIABLE + name.upper() for name in Settings.model_fields}
        assert given <= known


def test_every_setting_can_be_set() -> None:
    """Whatever the code can be told, the Compose file passes on, but for files to be mounted and what is the console's."""
    given = {name.removeprefix(SETTINGS_VARIABLE).lower() for name in SERVICES["worker"]["environment"]}
    assert set(Settings.model_fields) - given == NEED_A_MOUNT | OF_THE_CONSOLE


def test_env_example_makes_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of .env.example is accepted by the settings as it is."""
    for name, value in example_values().items():
        if name.startswith(SETTINGS_VARIABLE):
            monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.kafka_bootstrap == "kafka:19092"
    assert settings.kafka_password is None


def test_images_are_pinned() -> None:
    """What runs tomorrow is what ran today: every image that is not built here has a full version."""
    images = {service["image"] for service in SERVICES.values() if "build" not in service}
    first_stage = arguments("FROM")[0].split()[0]
    assert len(images) == 4
    assert all(PINNED.fullmatch(image) for image in {*images, first_stage})


def test_our_image_is_this_checkouts_or_a_released_one() -> None:
    """Its default names no version, since that stands in pyproject.toml alone; a released image can be named instead."""
    ours = {name: service["image"] for name, service in SERVICES.items() if "build" in service}
    assert set(ours) == set(OURS)
    assert set(ours.values()) == {"${WORKER_IMAGE:-clientward:local}"}


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_long_running_services_have_a_health_check(name: str) -> None:
    """Whatever stays up says whether it is well, and how often and how long it is asked."""
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


def test_only_what_ends_goes_without_health_check_and_restart() -> None:
    """The step that makes the topics is the only service that ends."""
    assert set(SERVICES) - set(LONG_RUNNING) == {"topics"}
    assert SERVICES["topics"]["command"] == ["topics", "apply"]


def test_nobody_waits_for_a_state_that_never_comes() -> None:
    """A service that is waited for until it is healthy has a health check; one that must complete does end."""
    waits = [wait for service in SERVICES.values() for wait in service.get("depends_on", {}).items()]
    assert len(waits) >= 4
    for name, how in waits:
        assert how["condition"] == ("service_healthy" if name in LONG_RUNNING else "service_completed_successfully")


def test_ports_are_published_on_loopback_only() -> None:
    """Nothing in the stack is open to the network of the machine that it runs on."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 6
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_services_are_confined(name: str) -> None:
    """No service has a capability or can gain one, and none can fill the disk with its log."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"max-size", "max-file"} == set(service["logging"]["options"])


def test_our_containers_run_as_nobody_on_a_read_only_root() -> None:
    """The image's last word on the user is a number that is not root's, and Compose repeats it."""
    user = arguments("USER")[-1]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    for name in OURS:
        assert SERVICES[name]["user"] == user
        assert SERVICES[name]["read_only"] is True
        assert any(mount.startswith("/tmp:") for mount in SERVICES[name]["tmpfs"])  # noqa: S108 - a mount, no file


def test_redis_keeps_what_it_is_given() -> None:
    """Redis writes an append-only file and evicts nothing: an account that was thrown away would be a wrong answer."""
    told = SERVICES["redis"]["command"]
    assert told[told.index("--appendonly") + 1] == "yes"
    assert told[told.index("--maxmemory-policy") + 1] == "noeviction"


def test_mounts_exist() -> None:
    """Every folder that is mounted is in the repository, and every named volume is declared and used."""
    sources = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    named = {source for source in sources if not source.startswith("./")}
    assert named == set(COMPOSE["volumes"])
    assert all((ROOT / source).is_dir() for source in sources - named)


def pins(lock: str) -> set[str]:
    """Return what a lock pins: `name==version`, and the hashes."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^[a-z0-9-]+==\S+|--hash=sha256:\w+", text, flags=re.MULTILINE))


def test_image_is_built_from_locks_with_hashes() -> None:
    """What the image runs and what it is built with is checked by hashes, and is what the tests run on."""
    for lock, some in {"runtime.lock": {"aiokafka", "faust-streaming"}, "build.lock": {"mypy", "setuptools"}}.items():
        assert any(f"--require-hashes --requirement requirements/{lock}" in step for step in arguments("RUN"))
        assert some <= {pin.split("==")[0] for pin in pins(lock)}
        assert pins(lock) - pins("dev.lock") == set()


@pytest.mark.parametrize("extra", ["adapt", "advise", "console", "intake"])
def test_image_has_what_each_part_asks_for(extra: str) -> None:
    """The chart runs every part by the one image: what a part's extra names is in its lock, and nothing of no part's."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    locked = {pin.split("==")[0] for pin in pins("runtime.lock")}
    assert {Requirement(line).name for line in extras[extra]} <= locked
    assert not {"pyarrow", "scikit-learn", "scipy", "textual"} & locked


def test_image_looks_at_the_core_that_it_has_installed() -> None:
    """The source is in the folder where the image is built, and Python would find that first."""
    (step,) = (step for step in arguments("RUN") if "the core is not compiled" in step)
    assert "/bin/python -P -c " in step


def test_image_gets_every_package_and_nothing_else() -> None:
    """.dockerignore lets through what the Dockerfile needs, and shuts everything else out, secrets and caches too."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {pattern.removesuffix("*") for pattern in setuptools["packages"]["find"]["include"]}
    others = {f"packages/*/{part}" for part in ("src", "pyproject.toml", "README.md", "LICENSE")}
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    built = {"requirements/build.lock", "requirements/runtime.lock", "pyproject.toml", "setup.py"}
    assert let_in == {*packages, *others, *built, "README.md", "LICENSE"}


def test_image_installs_the_product_and_the_distributions_that_it_needs() -> None:
    """What the product declares and this repository has comes from it, and what builds it is in another stage's Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {Requirement(line).name for line in project["project"]["dependencies"]}
    sources = [source["path"] for name, source in project["tool"]["uv"]["sources"].items() if name in needed]
    (step,) = (step for step in arguments("RUN") if "--no-build-isolation" in step)
    assert sources == ["packages/client", "packages/store"]
    assert step.startswith("pip wheel --no-index --no-deps --no-build-isolation ")
    assert f" ./{' ./'.join(sources)} . " in step
    assert not {"mypy", "setuptools"} & {pin.split("==")[0] for pin in pins("runtime.lock")}


def test_image_runs_the_worker() -> None:
    """`docker run IMAGE` is a worker, and `docker run IMAGE doctor` is that command."""
    assert [json.loads(rest) for rest in arguments("ENTRYPOINT") + arguments("CMD")] == [["clientward"], ["worker"]]


class Probe(BaseHTTPRequestHandler):
    """Answers the path that the server was given with the status that it was given, and anything else with 404."""

    def do_GET(self) -> None:
        """Answer one probe."""
        server: Any = self.server
        self.send_response(server.status if self.path == server.path_asked else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def probed() -> Iterator[ThreadingHTTPServer]:
    """A server on a free port of loopback. Its `status` is what /readyz answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Probe) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def health_command(where: str) -> list[str]:
    """Return a health check as an argument list: of a service of the Compose file, or of the image."""
    if where != "image":
        return list(SERVICES[where]["healthcheck"]["test"][1:])
    return list(json.loads(arguments("HEALTHCHECK")[0].split(" CMD ", 1)[1]))


@pytest.mark.parametrize(
    ("where", "port", "path"),
    [
        ("worker", "6066", "/readyz"),
        ("image", "6066", "/readyz"),
        ("intake", "8080", "/readyz"),
        ("console", "8090", "/livez"),  # it has no /readyz
    ],
)
@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_health_check_asks_whether_it_is_well(
    probed: ThreadingHTTPServer, where: str, port: str, path: str, status: int, healthy: bool
) -> None:
    """A part is healthy while its page answers 200, and not while it answers 503."""
    probed.status, probed.path_asked = status, path  # type: ignore[attr-defined]
    _, *rest = health_command(where)
    assert port in rest[-1]
    command = [sys.executable, *(part.replace(port, str(probed.server_port)) for part in rest)]
    result = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (result.returncode == 0) is healthy, result.stderr


@pytest.mark.parametrize("name", OURS)
def test_every_command_line_is_one_that_the_program_takes(name: str) -> None:
    """By its own parser; what is published leads to the port that is served, and the check asks that one."""
    given = parsed([VARIABLE.sub(lambda match: match["text"] or "", word) for word in SERVICES[name]["command"]])
    served = str(given.get("port", SERVICES[name]["environment"]["CLIENTWARD_WEB_PORT"]))
    assert all(port.endswith(f":{served}") for port in SERVICES[name].get("ports", []))
    assert name == "topics" or f'"127.0.0.1", {served}' in SERVICES[name]["healthcheck"]["test"][-1]


def test_profiles_are_what_is_asked_for_besides() -> None:
    """Without one, the stack is as small as it was; what a service of a profile waits for has none."""
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "console": ["console"],
        "intake": ["intake"],
    }
    assert not {"console", "intake"} & {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert {name for name, service in SERVICES.items() if service.get("configs")} == {"intake"}
    assert COMPOSE["configs"].keys() == {each["source"] for each in SERVICES["intake"]["configs"]}


def test_the_console_keeps_its_tables() -> None:
    """On a volume where the image's data is, and not in memory, which the others' is in."""
    folder = SERVICES["console"]["environment"]["CLIENTWARD_DATA_DIR"]
    assert SERVICES["console"]["volumes"] == [f"console-data:{folder}"]
    assert not any(mount.startswith(folder) for mount in SERVICES["console"]["tmpfs"])
    assert any(mount.startswith(folder) for mount in SERVICES["worker"]["tmpfs"])


def test_health_check_fails_where_nothing_listens() -> None:
    """A worker that is gone is not healthy, and the image's check asks the port that the worker was told."""
    _, *rest = health_command("image")
    result = subprocess.run([sys.executable, *rest], env={"CLIENTWARD_WEB_PORT": "1"}, capture_output=True, check=False)
    assert result.returncode != 0
