"""The chart's pods, started as it has them, as processes on the tests' Kafka and Redis.

No cluster is here. What a kubelet would do is done by hand: ConfigMaps and secrets become variables and files, secrets as
root's files for a group where the test runs as root, and folders of the container become folders of the test.
"""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiohttp import ClientConnectionError, ClientSession
from aiokafka.admin import NewTopic
from chart import ROOT, SETS, component, container, needs_helm, of, pods, rendered
from intake_support import bearer, event, keys_file
from live import plain_environment

from advising.keys import new_key
from streams.config.settings import Settings
from streams.embedded.ports import free_ports
from streams.kafka.admin import admin_client, ensure_topics

pytestmark = needs_helm
PROGRAM: Final = (sys.executable, "-m", "cli.main")
WITHIN_SECONDS: Final = 120.0  # to start, all parts at once on a busy machine
LOOK_SECONDS: Final = 0.2
NOBODY: Final = 10_001


class Cluster(NamedTuple):
    """What stands in for one: the documents, the secrets by name and key, and a folder for every pod's files."""

    documents: list[dict[str, Any]]
    secrets: Mapping[str, Mapping[str, str]]
    folder: Path


class Running(NamedTuple):
    """A pod's process: its ports by the names of the pod, what is asked of it, and how long it may take to end."""

    process: Process
    ports: dict[str, int]
    template: dict[str, Any]
    log: Path

    async def answers(self, session: ClientSession, probe: str) -> bool:
        """Tell whether a probe is content."""
        asked = container(self.template)[probe]["httpGet"]
        try:
            async with session.get(f"http://127.0.0.1:{self.ports[asked['port']]}{asked['path']}") as answer:
                return answer.status == 200
        except ClientConnectionError:
            return False


def write(cluster: Cluster, volume: dict[str, Any], folder: Path, places: Mapping[str, Path]) -> None:
    """Fill a pod's volume as a kubelet does; what names a folder of the container names the test's instead."""
    if "configMap" in volume:
        data = of(cluster.documents, "ConfigMap", volume["configMap"]["name"])["data"]
    else:
        data = cluster.secrets[volume["secret"]["secretName"]] if "secret" in volume else {}
    for name, text in data.items():
        (folder / name).write_text(moved(text, places))
        if "secret" in volume:
            handed_over = os.geteuid() == 0
            (folder / name).chmod(volume["secret"].get("defaultMode", 0o644) if handed_over else 0o400)
            if handed_over:
                shutil.chown(folder / name, NOBODY)


def moved(text: str, places: Mapping[str, Path]) -> str:
    """Return a text with the test's folders in place of the container's."""
    for mount, folder in places.items():
        text = text.replace(mount, str(folder))
    return text


def environment(cluster: Cluster, spec: dict[str, Any], places: Mapping[str, Path], port: int) -> dict[str, str]:
    """Return what a pod's process finds in its environment."""
    found = {}
    for each in spec["envFrom"]:
        found |= of(cluster.documents, "ConfigMap", each["configMapRef"]["name"])["data"]
    for each in spec.get("env", []):
        reference = each["valueFrom"].get("secretKeyRef")
        found[each["name"]] = cluster.secrets[reference["name"]][reference["key"]] if reference else "shop-worker-0"
    own = {name: moved(text, places) for name, text in found.items()}
    return plain_environment(**own | {"CLIENTWARD_WEB_PORT": str(port), "HOME": "/nonexistent"}, PYTHONPATH=str(ROOT))


@asynccontextmanager
async def running(cluster: Cluster, template: dict[str, Any]) -> AsyncIterator[Running]:
    """Run a pod's one process until the block ends; killed where it has not ended by then."""
    spec, port = container(template), free_ports(1)[0]
    folder = cluster.folder / component(template)
    places = {each["mountPath"]: folder / each["name"] for each in spec["volumeMounts"]}
    for volume in template["spec"]["volumes"]:
        (folder / volume["name"]).mkdir(parents=True)
        write(cluster, volume, folder / volume["name"], places)
    # The container's /tmp is a mount too, and the test's own folder is in /tmp.
    own = {mount: place for mount, place in places.items() if mount != "/tmp"}  # noqa: S108 - of a container
    words = [re.sub(r"^--port=\d+$", f"--port={port}", moved(word, own)) for word in spec["args"]]
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, *words, cwd=folder, env=environment(cluster, spec, own, port), stdout=DEVNULL, stderr=log
        )
    try:
        names = [each["name"] for each in spec.get("ports", [])]
        yield Running(process, dict.fromkeys(names, port), template, folder / "log")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        sys.stderr.write((folder / "log").read_text()[-1500:])


def secrets(folder: Path, redis_url: str) -> dict[str, dict[str, str]]:
    """Return the secrets that the set of values names, with what the values' comments ask for."""
    redis = {"url": redis_url}
    return {
        **{f"clientward{part}-redis": redis for part in ("-deliver", "-console", "-advise")},
        "clientward-redis": redis,
        "clientward-webhooks": {"crm": "whsec_" + "A" * 40},
        "clientward-console-users": {"users.json": "{}"},
        "clientward-oidc": {"client-secret": "s"},
        "clientward-readmodel": {"url": f"sqlite:///{folder / 'readmodel.sqlite'}"},
        "clientward-intake-keys": {
            "intake.toml": keys_file(folder).read_text()
            + '\n[hooks.cards]\nsender = "stripe"\nsecret_files = ["cards.secret"]\n',
            "cards.secret": "whsec_test",
        },
        "clientward-advise-keys": {"keys": new_key("chat")[1]},
        "clientward-helpdesk-registry": {"registry.login": "me:secret"},
    }


async def until_up(pod: Running, session: ClientSession) -> None:
    """Return when a pod's probes are content, or, of one that serves nothing, when it says that it works."""
    probes = [name for name in container(pod.template) if name.endswith("Probe")]
    while True:
        assert pod.process.returncode is None, pod.log.read_text()[-1500:]
        up = [await pod.answers(session, each) for each in probes] if probes else ['"adapting"' in pod.log.read_text()]
        if all(up):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def until_ended(pod: Running) -> None:
    """Tell a pod to end, and hold it to the time that its kubelet gives it."""
    pod.process.terminate()
    async with asyncio.timeout(pod.template["spec"]["terminationGracePeriodSeconds"]):
        assert await pod.process.wait() == 0, pod.log.read_text()[-1500:]


async def test_every_pod_starts_answers_its_probes_and_ends_in_time(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """With the arguments, variables and files that the chart gives it; the intake takes an event by its secret."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, group=group, partitions=4, data_dir=tmp_path)
    await ensure_topics(settings)
    async with admin_client(settings) as client:
        await client.create_topics([NewTopic("desk.ticket-events", 1, 1)])
    plain = "kafka.securityProtocol=PLAINTEXT,kafka.caSecret=,settings.PARTITIONS=4,settings.REPLICATION=1"
    given = f"{plain},kafka.bootstrap={kafka_bootstrap},settings.GROUP={group}"
    cluster = Cluster(
        rendered(SETS / "parts.yaml", "--set-string", given), secrets(tmp_path, redis_url), tmp_path / "pods"
    )
    templates = [each for each in pods(cluster.documents) if component(each) != "topics"]
    assert {component(each) for each in templates} == {
        *("worker", "deliver", "console", "intake", "advise", "adapt-helpdesk"),
    }
    async with AsyncExitStack() as stack, asyncio.timeout(2 * WITHIN_SECONDS):
        started = [await stack.enter_async_context(running(cluster, each)) for each in templates]
        session = await stack.enter_async_context(ClientSession())
        await asyncio.gather(*(until_up(each, session) for each in started))
        (intake,) = [each for each in started if component(each.template) == "intake"]
        sent = session.post(
            f"http://127.0.0.1:{intake.ports['http']}/events",
            data=json.dumps(event()),
            headers=bearer(content_type="application/cloudevents+json"),
        )
        async with sent as answer:
            assert answer.status == 202, await answer.text()
        await asyncio.gather(*(until_ended(each) for each in started))
