"""The Helm chart: linted, rendered for some sets of values by Helm itself, and what comes of it looked at.

No cluster is here: that a pod starts in one is not tried. Helm 3 is wanted as `helm`; see deploy/helm/README.md.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from chart import CHART, KUBERNETES, OTHERS, ROOT, SETS, VALUES, helm, needs_helm, of, pods, rendered
from ruamel.yaml import YAML

from delivering.file import read_deliveries
from delivering.metrics import Metrics as DeliveryMetrics
from intake.metrics import Metrics as IntakeMetrics
from streams.config.settings import Settings
from streams.engine.metrics import Metrics

CERTIFICATES, TOKENS = SETS / "certificates.yaml", SETS / "tokens.yaml"
pytestmark = needs_helm


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_helm_finds_nothing_to_complain_of(values: Path) -> None:
    """`helm lint --strict`, with the values' schema."""
    done = helm("lint", "--strict", CHART, "--values", values)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_kubernetes_takes_what_comes_of_it(values: Path) -> None:
    """Each document by Kubernetes' own schema, strictly: no field that it does not know."""
    documents = rendered(values)
    for each in documents:
        if each["kind"] not in OTHERS:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    names = [(each["kind"], each["metadata"]["name"]) for each in documents]
    assert len(names) == len(set(names)) > 6


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_pod_is_nobody_without_rights(values: Path) -> None:
    """Not root, no capability, a root that cannot be written, no token of the cluster, limits of memory."""
    templates = [*pods(rendered(values))]
    assert templates
    for template in templates:
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert not spec["automountServiceAccountToken"]
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_variable_is_a_setting_and_no_secret_stands_in_the_open(values: Path) -> None:
    """A misspelt one would stop the worker with exit code 2; passwords and the URL of Redis come by reference."""
    documents = rendered(values)
    known = {f"CLIENTWARD_{name.upper()}" for name in Settings.model_fields}
    open_ones = of(documents, "ConfigMap", "settings")["data"]
    assert set(open_ones) <= known
    assert not {"CLIENTWARD_REDIS_URL", "CLIENTWARD_KAFKA_PASSWORD"} & set(open_ones)
    for template in pods(documents):
        for container in template["spec"]["containers"]:
            assert {each["name"] for each in container.get("env", [])} <= known
            assert all("valueFrom" in each for each in container.get("env", []))


def connection(documents: list[dict[str, Any]], name: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return what a part's pod takes of secrets: by variable, the secret's name; and its volumes, by name."""
    (template,) = [
        each["spec"]["template"]
        for each in documents
        if each["kind"] in {"StatefulSet", "Deployment", "Job"} and each["metadata"]["name"].endswith(name)
    ]
    (container,) = template["spec"]["containers"]
    references = {
        each["name"]: each["valueFrom"].get("secretKeyRef", {}).get("name", "") for each in container.get("env", [])
    }
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    volumes = {each["name"]: each for each in template["spec"]["volumes"]}
    assert mounted.keys() == volumes.keys()
    return references, {name: {**each, "at": mounted[name]} for name, each in volumes.items()}


def test_each_part_may_have_a_certificate_and_a_user_of_its_own() -> None:
    """The files are where the settings say they are; a part without secrets of its own has those of all."""
    more = (
        "intake.enabled=true,intake.existingSecret=keys,intake.login.certSecret=clientward-intake-tls,"
        r"adapt.adapters.orders.files.adapter\.toml=x,adapt.adapters.orders.login.certSecret=clientward-orders-tls"
    )
    documents = rendered(CERTIFICATES, "--set", more)
    data = of(documents, "ConfigMap", "settings")["data"]
    wanted = {
        "-topics": ("clientward-topics-tls", "clientward-redis"),
        "-worker": ("clientward-worker-tls", "clientward-redis"),
        "-deliver": ("clientward-deliver-tls", "clientward-deliver-redis"),
        "-intake": ("clientward-intake-tls", None),
        "-adapt-orders": ("clientward-orders-tls", None),
    }
    for name, (certificate, redis) in wanted.items():
        references, volumes = connection(documents, name)
        assert references.get("CLIENTWARD_REDIS_URL") == redis
        assert "CLIENTWARD_KAFKA_PASSWORD" not in references
        assert volumes["kafka-cert"]["secret"]["secretName"] == certificate
        for file in ("CLIENTWARD_KAFKA_CERT_FILE", "CLIENTWARD_KAFKA_KEY_FILE"):
            assert data[file].startswith(volumes["kafka-cert"]["at"] + "/tls.")


def test_a_token_is_the_pods_own_or_a_secrets() -> None:
    """The kubelet renews the one for the audience named; the other is a key of a secret; no password is asked for."""
    documents = rendered(TOKENS)
    references, volumes = connection(documents, "-worker")
    (source,) = volumes["kafka-token"]["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == "kafka"
    file = of(documents, "ConfigMap", "settings")["data"]["CLIENTWARD_KAFKA_TOKEN_FILE"]
    assert file == f"{volumes['kafka-token']['at']}/{source['serviceAccountToken']['path']}"
    assert "CLIENTWARD_KAFKA_USERNAME" not in references
    by_secret = rendered(TOKENS, "--set", "kafka.tokenAudience=,kafka.tokenSecret=mine,worker.login.tokenSecret=own")
    assert connection(by_secret, "-worker")[1]["kafka-token"]["secret"]["secretName"] == "own"
    assert connection(by_secret, "-topics")[1]["kafka-token"]["secret"]["secretName"] == "mine"
    command = rendered(TOKENS, "--set", "kafka.tokenAudience=,settings.KAFKA_TOKEN_COMMAND=/bin/token")
    assert "CLIENTWARD_KAFKA_TOKEN_FILE" not in of(command, "ConfigMap", "settings")["data"]


def test_a_worker_is_named_after_its_pod_and_drains() -> None:
    """Kafka gives a restarted worker its partitions back by that name; SIGTERM has longer than the worker needs."""
    documents = rendered(None)
    workers = of(documents, "StatefulSet")
    spec = workers["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert {"name": "CLIENTWARD_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}} in container[
        "env"
    ]
    pattern = next(each.pattern for each in Settings.model_fields["instance"].metadata if hasattr(each, "pattern"))
    assert re.fullmatch(pattern, f"{workers['metadata']['name']}-0")
    assert spec["terminationGracePeriodSeconds"] >= 60
    assert workers["spec"]["podManagementPolicy"] == "Parallel"
    assert {each["topologyKey"] for each in spec["topologySpreadConstraints"]} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }


def test_probes_ask_what_the_pages_answer() -> None:
    """Liveness by the loop, readiness by the partitions, on the port that is served; and a startup of minutes."""
    documents = rendered(None)
    (container,) = of(documents, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    paths = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert {probe: each["path"] for probe, each in paths.items()} == {
        "startup": "/livez", "liveness": "/livez", "readiness": "/readyz",
    }  # fmt: skip
    assert {each["port"] for each in paths.values()} == {container["ports"][0]["name"]}
    port = of(documents, "ConfigMap", "settings")["data"]["CLIENTWARD_WEB_PORT"]
    assert str(container["ports"][0]["containerPort"]) == port
    assert container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"] >= 900


def test_topics_are_made_before_a_worker_starts() -> None:
    """As a hook of Helm, after the settings that it needs, by the same image."""
    documents = rendered(None)
    job, settings = of(documents, "Job"), of(documents, "ConfigMap", "settings")
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["topics", "apply"]
    hooks = [each["metadata"]["annotations"] for each in (settings, job)]
    assert {each["helm.sh/hook"] for each in hooks} == {"pre-install,pre-upgrade"}
    assert int(hooks[0]["helm.sh/hook-weight"]) < int(hooks[1]["helm.sh/hook-weight"])


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_selectors_find_what_they_are_meant_for(values: Path) -> None:
    """Budgets, policies, services and the monitor match exactly the pods of their component."""
    documents = rendered(values)
    labels = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]: template["metadata"]["labels"]
        for template in pods(documents)
    }
    assert "worker" in labels
    for each in documents:
        if each["kind"] not in {"PodDisruptionBudget", "NetworkPolicy", "Service"}:
            continue
        spec = each["spec"]
        selector = spec.get("podSelector", spec.get("selector", {}))
        selector = selector.get("matchLabels", selector)
        component = each["metadata"]["labels"]["app.kubernetes.io/component"]
        matched = [name for name, own in labels.items() if selector.items() <= own.items()]
        assert matched == [component], each["metadata"]["name"]


def test_a_worker_reaches_kafka_redis_and_names_and_nothing_else() -> None:
    """And is reached for its metrics alone; who delivers reaches the web, and no private network."""
    documents = rendered(SETS / "secured.yaml")
    worker, deliver = (of(documents, "NetworkPolicy", name)["spec"] for name in ("worker", "deliver"))
    assert worker["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for rule in worker["egress"] for port in rule["ports"]} == {53, 9093, 6380}
    assert [port["port"] for rule in worker["ingress"] for port in rule["ports"]] == ["metrics"]
    (web,) = [rule for rule in deliver["egress"] if rule["ports"][0]["port"] == 443]
    assert "169.254.0.0/16" in web["to"][0]["ipBlock"]["except"]


def test_the_alerts_ask_for_metrics_that_there_are() -> None:
    """Every name in a rule, and in the scaler's query, is one that a worker, a delivery or an intake serves."""
    documents = rendered(SETS / "secured.yaml")
    documents.append(of(rendered(SETS / "large.yaml"), "ScaledObject"))
    text = json.dumps([each for each in documents if each["kind"] in OTHERS])
    asked = set(re.findall(r"\b(clientward_\w+?)(?:_bucket|_count)?\{", text))
    served = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for registry in (Metrics().registry, DeliveryMetrics().registry, IntakeMetrics().registry)
        for metric in registry.collect()
    }
    assert len(asked) >= 5
    assert asked <= served


def source_groups() -> list[dict[str, Any]]:
    """Return the groups of rules that Prometheus of `docker compose` loads."""
    folder, yaml = ROOT / "deploy" / "prometheus", YAML(typ="safe")
    files = yaml.load(folder / "prometheus.yml")["rule_files"]
    return [group for name in sorted(files) for group in yaml.load(folder / name)["groups"]]


def test_the_charts_alerts_are_those_of_prometheus() -> None:
    """Groups, names, expressions, durations, labels and words are the same, where no namespace is asked for."""
    monitored = "--set=monitoring.rules.enabled=true"
    plain = of(rendered(None, monitored, "--set=monitoring.rules.namespaced=false"), "PrometheusRule")
    assert plain["spec"]["groups"] == source_groups()


def test_each_release_asks_for_its_own_namespace() -> None:
    """Every series of ours, recorded ones and `up` among them, is one of the namespace, and nothing else is changed."""
    groups = of(rendered(None, "--set=monitoring.rules.enabled=true"), "PrometheusRule")["spec"]["groups"]
    scope = 'namespace="crm"'
    for rule in (rule for group in groups for rule in group["rules"]):
        for name, selected in re.findall(r"\b(clientward[_:][\w:]+|up\b)({[^}]*})?", rule["expr"]):
            assert selected.startswith(f"{{{scope}"), (name, rule["expr"])
        rule["expr"] = rule["expr"].replace(f"{{{scope}}}", "").replace(f"{scope},", "")
        if "record" in rule:
            assert rule.pop("labels") == {"namespace": "crm"}
    assert groups == source_groups()


def test_workers_grow_with_the_lag_up_to_the_partitions() -> None:
    """The scaler owns their number then; more than there are partitions is refused in words."""
    large = SETS / "large.yaml"
    documents = rendered(large)
    scaled = of(documents, "ScaledObject")["spec"]
    assert scaled["scaleTargetRef"]["name"] == of(documents, "StatefulSet")["metadata"]["name"]
    assert "replicas" not in of(documents, "StatefulSet")["spec"]
    done = helm(
        "template",
        "shop",
        CHART,
        "--kube-version",
        KUBERNETES,
        "--values",
        large,
        "--set",
        "autoscaling.maxReplicas=61",
    )
    assert "61 workers for 60 partitions" in done.stderr


def test_the_deliveries_of_the_chart_are_read(tmp_path: Path) -> None:
    """By the very reader of `clientward deliver`, and its secret is where the volume is."""
    documents = rendered(SETS / "secured.yaml")
    file = tmp_path / "deliveries.toml"
    file.write_text(of(documents, "ConfigMap", "deliveries")["data"]["deliveries.toml"])
    (endpoint,) = read_deliveries(file)
    spec = of(documents, "Deployment")["spec"]["template"]["spec"]
    mounts = {each["name"]: each["mountPath"] for each in spec["containers"][0]["volumeMounts"]}
    assert endpoint.file.secret_files[0].startswith(mounts["secrets"])
    assert spec["containers"][0]["args"] == ["deliver", f"{mounts['deliveries']}/deliveries.toml"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("kafka.bootstrap=kafka", "bootstrap"),
        ("worker.replicas=0", "replicas"),
        ("worker.colour=red", "colour"),
        ("settings.REDIS_URL=redis://x", "REDIS_URL"),
        ("deliver.enabled=true", "config"),
        ("kafka.securityProtocol=SASL_SSL", "kafka.existingSecret"),
        ("kafka.securityProtocol=SASL_SSL,kafka.saslMechanism=OAUTHBEARER", "kafka.tokenAudience"),
        ("worker.login.password=x", "password"),
    ],
)
def test_values_that_do_not_fit_are_refused(given: str, words: str) -> None:
    """By the schema, or by the template where the schema cannot say it; with the name of what is wrong."""
    done = helm("template", "shop", CHART, "--kube-version", KUBERNETES, "--set", given)
    assert done.returncode != 0
    assert words in done.stderr


def test_the_chart_is_of_the_products_version() -> None:
    """One number, for image and chart."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = YAML(typ="safe").load(CHART / "Chart.yaml")
    assert chart["appVersion"] == project["version"]
