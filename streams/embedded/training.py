"""Trains the archive that makes Kafka start fast: one broker is started, let go, and Java writes what it loaded.

It takes about ten seconds and 70 MB, once for a JRE and a version of Kafka.
"""

from streams.embedded import kafka
from streams.embedded.cache import alone, cache_folder
from streams.embedded.guard import Guard
from streams.embedded.jvm import archive

WRITE_SECONDS = 120.0  # Java writes the archive when it ends: 6 s on two free cores


def train() -> bool:
    """Make the archive unless it is there; tell whether one is there now.

    Raises:
        EmbeddedError: Kafka did not start at all.
    """
    target = archive()
    with alone(cache_folder(), "training"):
        if target.exists():
            return True
        with Guard() as guard:
            draft = guard.folder / "trained.aot"
            cluster = kafka.prepare(guard, 1, {}, train=draft)
            kafka.format_storage(guard, cluster)
            cluster.start()
            cluster.stop(grace=WRITE_SECONDS)
            if draft.exists():
                beside = target.with_suffix(".draft")  # the guard's folder may be on another disk
                beside.write_bytes(draft.read_bytes())
                beside.replace(target)
    return target.exists()
