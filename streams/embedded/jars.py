"""Kafka's jars: which they are, and how they come here once.

`jars.lock` names every jar of the class path, in its order, with the SHA-256 that it must have. A jar is fetched beside
its place, checked, and then moved there in one step, so that what lies in the cache is whole and is what was locked.
jgo does the fetching, from the repository that it has built in, or from a mirror named by CLIENTWARD_MAVEN_URL.
"""

import hashlib
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import jgo
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from streams.embedded.cache import alone, cache_folder
from streams.embedded.errors import EmbeddedError

LOCK: Final = Path(__file__).with_name("jars.lock")
KAFKA: Final = "org.apache.kafka:kafka_2.13:4.4.0"
# Kafka ships no binding for its logger. This one is resolved apart: together, it pulls kafka-clients down to 3.9.
LOGGING: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5"

FETCHERS: Final = 4  # jars at once: more does not make it faster, and repositories limit the rate
TIMEOUT_SECONDS: Final = 60  # without a byte
# Where systems keep the authorities that their owner trusts, for a Python that was built without knowing it.
SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True)
class Jar:
    """One line of the lock.

    Attributes:
        group: Maven's group id.
        name: Maven's artifact id.
        version: The exact version.
        digest: SHA-256 in hexadecimal.
    """

    group: str
    name: str
    version: str
    digest: str

    @property
    def file(self) -> str:
        """The file's name in the cache, with the digest's beginning so that another lock never finds a wrong file."""
        return f"{self.name}-{self.version}-{self.digest[:12]}.jar"


def locked_jars(lock: Path = LOCK) -> list[Jar]:
    """Read the lock."""
    lines = (line.replace(":", " ").split() for line in lock.read_text().splitlines() if not line.startswith("#"))
    return [Jar(group, name, version, digest) for digest, group, name, version in lines]


def kafka_version() -> str:
    """Return the locked version of Kafka."""
    return KAFKA.rpartition(":")[2]


def class_path() -> list[Path]:
    """Return the jars in the order of the class path, fetching what the cache lacks.

    Raises:
        EmbeddedError: A jar could not be fetched, or is not the one that was locked.
    """
    cache = cache_folder()
    folder = cache / "jars"
    jars = locked_jars()
    if any(not (folder / jar.file).exists() for jar in jars):
        with alone(cache, "jars"):
            folder.mkdir(exist_ok=True)
            fetch([jar for jar in jars if not (folder / jar.file).exists()], folder)
    return [folder / jar.file for jar in jars]


def fetch(jars: list[Jar], folder: Path) -> None:
    """Fetch jars into `folder` with a progress bar on standard error.

    Raises:
        EmbeddedError: As `class_path`.
    """
    columns = (TextColumn("Kafka {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with (
        TemporaryDirectory(prefix="fetch-", dir=folder.parent) as staging,
        _system_authorities(),
        Progress(*columns, console=Console(stderr=True)) as progress,
        ThreadPoolExecutor(FETCHERS) as pool,
    ):
        meter = _Meter(progress, len(jars))
        context = maven(Path(staging), meter.file)
        try:
            for _ in pool.map(partial(_fetch_one, context, folder), jars):
                meter.jar_done()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch_one(context: MavenContext, folder: Path, jar: Jar) -> None:
    """Fetch one jar, check it, and put it in its place."""
    try:
        path = context.project(jar.group, jar.name).at_version(jar.version).artifact().resolve()
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        raise _unreachable(jar, error) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != jar.digest:
        what = f"{jar.name} {jar.version} came with SHA-256 {digest}, locked is {jar.digest}"
        message = f"{what}: try again, or another network"
        raise EmbeddedError(message)
    path.replace(folder / jar.file)


def _unreachable(jar: Jar, error: Exception) -> EmbeddedError:
    """Say in one line why a jar did not come."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        advice = "set REQUESTS_CA_BUNDLE to a file with the certificate authorities of your network"
    else:
        advice = "connect to the network, or set HTTPS_PROXY or CLIENTWARD_MAVEN_URL, and run `make setup` again"
    reason = type(error.__cause__ or error).__name__
    return EmbeddedError(f"Kafka's jar {jar.name} {jar.version} could not be fetched ({reason}): {advice}")


def maven(folder: Path, meter: Callable[[str, int], AbstractContextManager[Callable[[int], None]]]) -> MavenContext:
    """Make jgo's view of the repository, with `folder` for what it downloads."""
    mirror = os.environ.get("CLIENTWARD_MAVEN_URL")
    return MavenContext(
        resolver=PythonResolver(progress_callback=meter),
        repo_cache=folder,
        remote_repos={"mirror": mirror.rstrip("/")} if mirror else None,
        timeout=TIMEOUT_SECONDS,
    )


@contextmanager
def _system_authorities() -> Iterator[None]:
    """Let requests trust what the system trusts, unless the user said otherwise; its own list lacks a company's."""
    given = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    bundle = None if given else system_bundle()
    if bundle is not None:
        os.environ["REQUESTS_CA_BUNDLE"] = bundle
    try:
        yield
    finally:
        if bundle is not None:
            del os.environ["REQUESTS_CA_BUNDLE"]


def system_bundle() -> str | None:
    """Return the file with the system's certificate authorities, None when there is none."""
    files = (ssl.get_default_verify_paths().cafile, *SYSTEM_BUNDLES)
    return next((file for file in files if file and Path(file).is_file()), None)


class _Meter:
    """The progress bar: bytes of the jars that were begun, and how many are done."""

    def __init__(self, progress: Progress, jars: int) -> None:
        """Show a bar for that many jars."""
        self._progress = progress
        self._jars = jars
        self._done = 0
        self._total = 0
        self._task: TaskID = progress.add_task(f"{kafka_version()}, 0 of {jars} jars", total=None)
        if not sys.stderr.isatty():
            progress.console.print(f"fetching Kafka {kafka_version()}: {jars} jars, about 45 MB, once")

    @contextmanager
    def file(self, _name: str, size: int) -> Iterator[Callable[[int], None]]:
        """Count one file's bytes."""
        self._total += size
        self._progress.update(self._task, total=self._total)
        yield partial(self._progress.advance, self._task)

    def jar_done(self) -> None:
        """Count one jar."""
        self._done += 1
        self._progress.update(self._task, description=f"{kafka_version()}, {self._done} of {self._jars} jars")


def relock(lock: Path = LOCK) -> int:
    """Resolve Kafka's class path anew, write the lock with the digests of what came, and return the number of jars."""
    with TemporaryDirectory() as staging, _system_authorities():
        parts = [*jgo.resolve(KAFKA), jgo.resolve(LOGGING)[0]]
        context = maven(Path(staging), lambda _name, _size: _silent())
        lines = []
        for part in parts:
            path = context.project(part.groupId, part.artifactId).at_version(part.version).artifact().resolve()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"{digest}  {part.groupId}:{part.artifactId}:{part.version}\n")
    lock.write_text("# Kafka's class path: SHA-256 and Maven coordinates; written by `make lock`\n" + "".join(lines))
    return len(lines)


@contextmanager
def _silent() -> Iterator[Callable[[int], None]]:
    """Count nothing."""
    yield lambda _bytes: None
