"""A real Kafka on loopback: one broker, or a cluster, in KRaft mode; every node is broker and controller.

Its settings suit tests: groups form at once, topics are made by whoever needs them and by nobody else, nothing is
replicated with one broker, and with three everything is three times, with two in sync to accept a write.
"""

import base64
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streams.embedded.errors import EmbeddedError
from streams.embedded.guard import Guard
from streams.embedded.jvm import java
from streams.embedded.ports import LOOPBACK, accepts, free_ports
from streams.embedded.server import POLL_SECONDS, START_SECONDS, Server, last_words

MAX_REPLICAS: Final = 3
MAIN: Final = "kafka.Kafka"
FORMAT: Final = "kafka.tools.StorageTool"

# Settings of every node that depend on nothing. Buffers are small because a test's broker holds little.
COMMON: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENT",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",  # the default waits 3 s for more members
    "group.min.session.timeout.ms": "1000",  # so that a test of a dead member need not wait 6 s
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    "log.cleaner.dedupe.buffer.size": "16777216",  # bytes; the default takes half of our heap
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "broker.session.timeout.ms": "3000",  # a killed broker is given up after that
    "broker.heartbeat.interval.ms": "500",
}


class KafkaServer:
    """A running Kafka.

    Attributes:
        nodes: Its servers; node ids count from 1, so `nodes[0]` is node 1.
        folder: Where everything of it lives.
    """

    def __init__(self, nodes: Sequence[Server], folder: Path) -> None:
        """Speak for nodes that run."""
        self.nodes = tuple(nodes)
        self.folder = folder

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses, comma separated, as clients want them."""
        return ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes)

    @property
    def pid(self) -> int:
        """The process id of the first node."""
        return self.nodes[0].pid

    def start(self, node: int | None = None) -> None:
        """Start one node, or all, in the same folder and on the same port, and wait until each answers."""
        chosen = self._chosen(node)
        for server in chosen:
            server.launch()
        for server in chosen:  # a controller alone has no quorum: all are launched before one is waited for
            server.wait_ready()

    def kill(self, node: int | None = None) -> None:
        """End one node, or all, with SIGKILL, as a crash would."""
        for server in self._chosen(node):
            server.kill()

    def stop(self, node: int | None = None, grace: float = 30.0) -> None:
        """Ask one node, or all, to end; kill what is left after `grace` seconds."""
        for server in self._chosen(node):
            server.stop(grace)

    def pause(self, node: int | None = None) -> None:
        """Freeze one node, or all: connections stay open and nothing answers."""
        for server in self._chosen(node):
            server.pause()

    def resume(self, node: int | None = None) -> None:
        """Let one node, or all, go on."""
        for server in self._chosen(node):
            server.resume()

    def _chosen(self, node: int | None) -> Sequence[Server]:
        """Return the node with that id, or all of them for None."""
        return self.nodes if node is None else (self.nodes[node - 1],)


@contextmanager
def kafka_server(
    *,
    brokers: int = 1,
    properties: Mapping[str, str] | None = None,
    format_arguments: Sequence[str] = (),
    fast: bool = False,
) -> Iterator[KafkaServer]:
    """Run Kafka until the block ends, on free loopback ports, in a folder that goes with it.

    Args:
        brokers: How many nodes.
        properties: Broker settings that replace or join ours, on every node. The listeners are CLIENT and CONTROLLER.
        format_arguments: More for the storage tool, e.g. ("--add-scram", "SCRAM-SHA-512=[name=u,password=p]").
        fast: Full compiler and 1 GB of heap, for measuring.

    Raises:
        EmbeddedError: The jars could not be fetched, or a node did not start.
    """
    with Guard() as guard:
        cluster = prepare(guard, brokers, properties or {}, fast=fast)
        format_storage(guard, cluster, format_arguments, fast=fast)
        cluster.start()
        yield cluster


def prepare(
    guard: Guard, brokers: int, properties: Mapping[str, str], *, fast: bool = False, train: Path | None = None
) -> KafkaServer:
    """Write every node's settings and command line; nothing runs yet."""
    ports = free_ports(2 * brokers)
    clients, controllers = ports[:brokers], ports[brokers:]
    voters = ",".join(f"{number}@{LOOPBACK}:{port}" for number, port in enumerate(controllers, start=1))
    nodes = []
    for number, (client, controller) in enumerate(zip(clients, controllers, strict=True), start=1):
        folder = guard.folder / f"kafka-{number}"
        command = java(MAIN, [str(folder / "server.properties")], folder, fast=fast, train=train)
        nodes.append(Server(guard, f"Kafka node {number}", folder, client, command, accepts))
        listeners = f"CLIENT://{LOOPBACK}:{client}"
        settings = {
            **COMMON,
            **_replication(brokers),
            "node.id": str(number),
            "controller.quorum.voters": voters,
            "listeners": f"{listeners},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": listeners,
            "log.dirs": str(folder / "data"),
            **properties,
        }
        (folder / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return KafkaServer(nodes, guard.folder)


def _replication(brokers: int) -> dict[str, str]:
    """Return how often everything is kept: on every broker up to three, all but one of which must have a write."""
    replicas = str(min(brokers, MAX_REPLICAS))
    in_sync = str(max(1, min(brokers, MAX_REPLICAS) - 1))
    return {
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


def format_storage(guard: Guard, cluster: KafkaServer, arguments: Sequence[str] = (), *, fast: bool = False) -> None:
    """Let Kafka's own tool prepare each node's storage, all at once.

    Raises:
        EmbeddedError: The tool refused; it says why in its last line.
    """
    # Kafka's own form of an id, 16 bytes in base64; the tool would take a "-" in front for an option.
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    logs = {}
    for node in cluster.nodes:
        options = ["format", "-t", cluster_id, "-c", str(node.folder / "server.properties"), *arguments]
        logs[f"format {node.name}"] = log = node.folder / "format.log"
        guard.start(f"format {node.name}", java(FORMAT, options, node.folder, fast=fast), log)
    deadline = time.monotonic() + START_SECONDS
    for name, log in logs.items():
        while (code := guard.code(name)) is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if code != 0:
            what = f"Kafka's storage tool ended with code {code}: {last_words(log)}"
            message = f"{what}; look at the properties it was given"
            raise EmbeddedError(message)
