"""The chart's parts beside the worker: console, intake, adapters, advice and deliveries, as each set of values has them.

What the chart says to a program is said to the program's own readers: its command line, its files, its settings.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chart import (
    CHART,
    KUBERNETES,
    SETS,
    VALUES,
    component,
    container,
    helm,
    needs_helm,
    of,
    parsed,
    pod,
    pods,
    rendered,
)

from adapting import run as adapting
from adapting.file import read_adapter
from advising import run as advising
from console import run as console
from console.access.oidc_file import read_oidc
from intake import run as intake
from streams.config.settings import Settings
from streams.rights.parts import parts

PARTS, SMALL, SECURED = SETS / "parts.yaml", SETS / "small.yaml", SETS / "secured.yaml"
#: How long each part works on after SIGTERM, by its own constant, in seconds.
STOPS = {
    "console": console.STOP_SECONDS,
    "intake": intake.STOP_SECONDS,
    "advise": advising.STOP_SECONDS,
    "adapt-helpdesk": adapting.STOP_SECONDS,
}
pytestmark = needs_helm


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    """What the chart comes to with every part in it."""
    return rendered(PARTS)


def ports(template: dict[str, Any]) -> dict[str, int]:
    """Return the ports of a pod, by name."""
    return {each["name"]: each["containerPort"] for each in container(template).get("ports", [])}


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_command_line_is_one_that_the_program_takes(values: Path) -> None:
    """By the program's own parser; whoever serves is told the port that the pod names, and an address that is reached."""
    for template in pods(rendered(values)):
        given = parsed(container(template)["args"])
        if "port" in given:
            assert ports(template) == {"http": given["port"]}
            assert given["host"] == "0.0.0.0"  # noqa: S104 - of a pod


def test_a_command_line_that_the_program_does_not_take_is_seen() -> None:
    """The parser that the test above asks is the real one."""
    with pytest.raises(Exception, match="No such option"):
        parsed(["console", "--hots=0.0.0.0"])
    with pytest.raises(Exception, match="less than or equal to 65535"):
        parsed(["intake", "x", "--port=80800"])
    assert parsed(["advise", "keys", "--port=8071"])["port"] == 8071


def test_every_part_of_the_table_of_rights_that_runs_has_its_pod(documents: list[dict[str, Any]]) -> None:
    """All but people at a terminal, subscribers of one's own, backups, and the read model, which the console keeps."""
    kept_elsewhere = {"operator", "subscriber", "backup", "readmodel"}
    named = {component(template).partition("-")[0].replace("adapt", "adapter") for template in pods(documents)}
    assert named == parts(Settings()).keys() - kept_elsewhere


def secrets_of(template: dict[str, Any]) -> set[str]:
    """Return the names of the secrets that a pod refers to."""
    references = [each["valueFrom"].get("secretKeyRef", {}) for each in container(template).get("env", [])]
    volumes = [each["secret"] for each in template["spec"]["volumes"] if "secret" in each]
    return {each["name"] for each in references if each} | {each["secretName"] for each in volumes}


def test_each_part_has_secrets_of_its_own_alone(documents: list[dict[str, Any]]) -> None:
    """What one part may log in as, another one has not; Redis' password goes to those alone that go to Redis.

    The console goes to the deliveries' state with their login.
    """
    shared = {"kafka-ca"}
    seen: dict[str, str] = {}
    for template in pods(documents):
        of_deliveries = {"clientward-deliver-redis"} if component(template) == "console" else set()
        for secret in secrets_of(template) - shared - {"clientward-redis"} - of_deliveries:
            assert seen.setdefault(secret, component(template)) == component(template)
    redis = {name for name, part in parts(Settings()).items() if part.redis is not None}
    for template in pods(documents):
        asks = "CLIENTWARD_REDIS_URL" in {each["name"] for each in container(template).get("env", [])}
        assert asks == (component(template) in {*redis, "topics"})


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_key_of_a_secret_is_told_in_the_values(values: Path) -> None:
    """Whoever makes the secrets reads there what is to be in them, and no key of another name is asked for."""
    told = (CHART / "values.yaml").read_text(encoding="utf-8")
    asked = set()
    for template in pods(rendered(values)):
        spec = container(template)
        asked |= {ref["key"] for each in spec.get("env", []) if (ref := each["valueFrom"].get("secretKeyRef"))}
        mounted = {each["name"]: each["mountPath"] for each in spec["volumeMounts"]}
        folders = [f"{mounted[each['name']]}/" for each in template["spec"]["volumes"] if "secret" in each]
        words = {word.partition("=")[2] or word for word in spec["args"]}
        asked |= {word.removeprefix(folder) for word in words for folder in folders if word.startswith(folder)}
    assert asked
    assert {key for key in asked if f"`{key}`" not in told} == set()


def test_every_file_that_a_command_line_names_is_mounted(documents: list[dict[str, Any]]) -> None:
    """From a ConfigMap that has it, or from a secret, for reading only."""
    named = 0
    for template in pods(documents):
        spec = container(template)
        mounts = {each["mountPath"]: each for each in spec["volumeMounts"]}
        volumes = {each["name"]: each for each in template["spec"]["volumes"]}
        for word in spec["args"]:
            path = Path(word.partition("=")[2] or word)
            if not path.is_absolute():
                continue
            mount = mounts[str(path.parent)]
            assert mount["readOnly"]
            volume = volumes[mount["name"]]
            if "configMap" in volume:
                assert path.name in of(documents, "ConfigMap", volume["configMap"]["name"])["data"]
            named += 1
    assert named == 7  # deliveries twice, users, provider, keys of the intake, keys of the advice, adapter


def test_secrets_are_files_that_the_programs_take(documents: list[dict[str, Any]]) -> None:
    """Of the pod's group and of nobody else: `streams.config.private` refuses what others may read."""
    checked = 0
    for template in pods(documents):
        assert template["spec"]["securityContext"]["fsGroup"] == 10001
        assert template["spec"]["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"
        for volume in template["spec"]["volumes"]:
            if volume["name"] in {"users", "oidc-secret", "keys", "secrets"} and component(template) != "deliver":
                assert volume["secret"]["defaultMode"] == 0o440
                checked += 1
    assert checked == 5


def probes(template: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Return what is asked of a pod, by the probe's name: path and port."""
    spec = container(template)
    names = [name for name in spec if name.endswith("Probe")]
    return {name: (spec[name]["httpGet"]["path"], spec[name]["httpGet"]["port"]) for name in names}


def test_probes_ask_what_each_part_serves(documents: list[dict[str, Any]]) -> None:
    """The intake alone tells whether it is ready; an adapter serves nothing, and is asked nothing."""
    for part, ready in {"console": "/livez", "intake": "/readyz", "advise": "/livez"}.items():
        found = probes(pod(documents, part))
        assert found == {"livenessProbe": ("/livez", "http"), "readinessProbe": (ready, "http")}
    assert probes(pod(documents, "adapt-helpdesk")) == {}


def test_each_part_has_the_time_that_it_takes_to_stop(documents: list[dict[str, Any]]) -> None:
    """Five seconds until nobody sends to it any more, its own time, and five more before it is killed."""
    for part, seconds in STOPS.items():
        template = pod(documents, part)
        hook = container(template).get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])
        assert template["spec"]["terminationGracePeriodSeconds"] >= int(hook[1]) + seconds + 5
        assert (hook[0] == "sleep") == (part in {"intake", "advise"})


def test_there_is_one_console_and_never_two() -> None:
    """Sessions are in its memory, and SQLite is for one: the old one is gone before the new one comes."""
    documents = rendered(SMALL)
    spec = of(documents, "Deployment", "console")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    claim = of(documents, "PersistentVolumeClaim")
    (data,) = [each for each in pod(documents, "console")["spec"]["volumes"] if each["name"] == "data"]
    assert data["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    mounts = {each["name"]: each["mountPath"] for each in container(pod(documents, "console"))["volumeMounts"]}
    assert mounts["data"] == of(documents, "ConfigMap", "settings")["data"]["CLIENTWARD_DATA_DIR"]


def test_the_read_model_may_be_elsewhere(documents: list[dict[str, Any]]) -> None:
    """In PostgreSQL by a secret's URL, on a volume that is there already, or on none; claims are made for nothing else."""
    assert not [each for each in documents if each["kind"] == "PersistentVolumeClaim"]
    (url,) = [each for each in container(pod(documents, "console"))["env"] if "READMODEL" in each["name"]]
    assert url["valueFrom"]["secretKeyRef"] == {"name": "clientward-readmodel", "key": "url"}
    assert "readmodel_url" in Settings.model_fields
    for given, wanted in {
        "console.readmodel.existingClaim=mine": {"persistentVolumeClaim": {"claimName": "mine"}},
        "console.readmodel.persistent=false": {"emptyDir": {"sizeLimit": "1Gi"}},
    }.items():
        found = rendered(SMALL, "--set", given)
        assert not [each for each in found if each["kind"] == "PersistentVolumeClaim"]
        (data,) = [each for each in pod(found, "console")["spec"]["volumes"] if each["name"] == "data"]
        assert {key: value for key, value in data.items() if key != "name"} == wanted


def test_services_and_ingresses_lead_to_a_port_that_is_there(documents: list[dict[str, Any]]) -> None:
    """By its name; and the world sees neither probes nor metrics."""
    services = {each["metadata"]["name"]: each for each in documents if each["kind"] == "Service"}
    for each in services.values():
        there = ports(pod(documents, component(each)))
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= there.keys()
    shown = {}
    for each in (each for each in documents if each["kind"] == "Ingress"):
        (rule,) = each["spec"]["rules"]
        assert each["spec"]["tls"][0]["hosts"] == [rule["host"]]
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            assert backend["port"]["name"] in {port["name"] for port in services[backend["name"]]["spec"]["ports"]}
        shown[rule["host"]] = {path["path"] for path in rule["http"]["paths"]}
    assert shown == {
        "console.example": {"/"},
        "events.example": {"/events", "/hooks/", "/openapi.json"},
        "advice.example": {"/advice", "/mcp"},
    }


def policy(documents: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """Return the network policy of a part."""
    (found,) = [each for each in documents if each["kind"] == "NetworkPolicy" and component(each) == part]
    return dict(found["spec"])


def reached(rules: list[dict[str, Any]]) -> Iterator[int | str]:
    """Yield the ports of rules."""
    for rule in rules:
        for port in rule["ports"]:
            yield port["port"]


def test_each_part_reaches_what_it_needs_and_nothing_else(documents: list[dict[str, Any]]) -> None:
    """Names and Kafka all; Redis those of the table; the console its database, its provider and the workers' metrics."""
    wanted = {
        "worker": {53, 9093, 6380},
        "topics": {53, 9093, 6380},
        "deliver": {53, 9093, 6380, 443},
        "console": {53, 9093, 6380, 5432, 443, "metrics"},
        "intake": {53, 9093},
        "advise": {53, 9093, 6380},
        "adapt-helpdesk": {53, 9093, 8081},
    }
    assert {part: set(reached(policy(documents, part)["egress"])) for part in wanted} == wanted
    plain = rendered(SMALL)
    assert set(reached(policy(plain, "console")["egress"])) == {53, 9092, 6379, "metrics"}


def test_each_part_is_reached_by_whom_it_is_for(documents: list[dict[str, Any]]) -> None:
    """The web's parts by the Ingress controller, the intake by Prometheus too, an adapter by nobody."""
    web, monitoring = "ingress-nginx", "monitoring"
    wanted = {"console": {web}, "advise": {web}, "intake": {web, monitoring}, "deliver": {monitoring}}
    for part, namespaces in wanted.items():
        rules = policy(documents, part)["ingress"]
        peers = [peer["namespaceSelector"]["matchLabels"] for rule in rules for peer in rule["from"]]
        assert {each["kubernetes.io/metadata.name"] for each in peers} == namespaces
        assert set(reached(rules)) <= ports(pod(documents, part)).keys()
    assert policy(documents, "adapt-helpdesk")["ingress"] == []
    (_, by_console) = policy(documents, "worker")["ingress"]
    (peer,) = by_console["from"]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "console"


def test_the_console_asks_the_workers_that_there_are() -> None:
    """By the names that the headless service gives them, and as many as there always are; or not at all."""
    for values, more, count in (
        (SMALL, "worker.replicas=3", 3),
        (SETS / "large.yaml", "console.enabled=true", 6),
        (SMALL, "console.latencies=false", 0),
    ):
        documents = rendered(values, "--set", more)
        workers = of(documents, "StatefulSet")
        service = workers["spec"]["serviceName"]
        urls = [f"http://{workers['metadata']['name']}-{at}.{service}:6066/metrics" for at in range(count)]
        assert list(parsed(container(pod(documents, "console"))["args"])["metrics"] or ()) == urls
        assert ("metrics" in set(reached(policy(documents, "console")["egress"]))) == bool(count)


def test_prometheus_finds_whoever_has_metrics(documents: list[dict[str, Any]]) -> None:
    """The monitor's port is one of worker, deliveries and intake; console, advice and adapters serve none."""
    (endpoint,) = of(documents, "ServiceMonitor")["spec"]["endpoints"]
    named = {
        component(each)
        for each in documents
        if each["kind"] == "Service" and endpoint["port"] in {port["name"] for port in each["spec"]["ports"]}
    }
    assert named == {"worker", "deliver", "intake"}
    assert "ClientwardIntakeAway" in str(of(documents, "PrometheusRule"))


def test_the_files_of_the_chart_are_read(documents: list[dict[str, Any]], tmp_path: Path) -> None:
    """By the programs' own readers, the adapter's with its mapping; the secrets that they name are where the volumes are."""
    adapter = of(documents, "ConfigMap", "adapt-helpdesk")["data"]
    for name, text in adapter.items():
        (tmp_path / name).write_text(text)
    found, _ = read_adapter(tmp_path / "adapter.toml")
    (tmp_path / "client-secret").write_text("s")
    (tmp_path / "client-secret").chmod(0o600)
    text = of(documents, "ConfigMap", "shop-console")["data"]["oidc.toml"]
    (tmp_path / "oidc.toml").write_text(text.replace("/run/secrets/clientward-oidc", str(tmp_path)))
    assert read_oidc(tmp_path / "oidc.toml").client_id == "clientward-console"
    for part, file, volume in (
        ("adapt-helpdesk", found.registry_login_file or "", "secrets"),
        ("console", re.findall('client_secret_file = "(.*)"', text)[0], "oidc-secret"),
    ):
        mounts = {each["name"]: each["mountPath"] for each in container(pod(documents, part))["volumeMounts"]}
        assert Path(file).parent == Path(mounts[volume])


@pytest.mark.parametrize(
    ("values", "given", "words"),
    [
        (PARTS, "console.url=http://console.example", "https://"),
        (SMALL, "console.url=http://console.example", "forwarded port"),
        (SMALL, "console.ingress.enabled=true", "https://"),
        (SMALL, "console.url=console.example", "url"),
        (SMALL, "console.replicas=2", "replicas"),
        (SMALL, "console.idleMinutes=0", "idleMinutes"),
        (SMALL, "intake.existingSecret=", "existingSecret"),
        (SMALL, "intake.ingress.enabled=true", "host"),
        (SMALL, "advise.enabled=true", "existingSecret"),
        (SMALL, "adapt.adapters.orders.replicas=1", "files"),
        (SMALL, "adapt.adapters.orders.files.orders\\.sql=SELECT", "adapter.toml"),
        (SMALL, "adapt.adapters.Orders.files.adapter\\.toml=x", "Orders"),
        (SMALL, "settings.READMODEL_URL=postgresql://x", "READMODEL_URL"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: Path, given: str, words: str) -> None:
    """By the schema, or by the template where the schema cannot say it; with the name of what is wrong."""
    done = helm("template", "shop", CHART, "--kube-version", KUBERNETES, "--values", values, "--set", given)
    assert done.returncode != 0
    assert words in done.stderr


def test_the_console_shows_the_deliveries_that_there_are(documents: list[dict[str, Any]]) -> None:
    """By the file that they go by, and with their login of Redis; where none are enabled it is told of none."""
    spec = container(pod(documents, "console"))
    assert parsed(spec["args"])["deliveries"] == Path(container(pod(documents, "deliver"))["args"][1])
    url = {each["name"]: each["valueFrom"]["secretKeyRef"]["name"] for each in spec["env"]}
    assert url["CLIENTWARD_DELIVERIES_REDIS_URL"] == "clientward-deliver-redis"
    plain = container(pod(rendered(SMALL), "console"))
    assert parsed(plain["args"])["deliveries"] is None
    assert "CLIENTWARD_DELIVERIES_REDIS_URL" not in {each["name"] for each in plain["env"]}
