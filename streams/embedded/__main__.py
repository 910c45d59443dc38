"""`python -m streams.embedded warm` fetches and trains what the embedded servers need; `lock` renews `jars.lock`."""

import sys

from rich.console import Console

from streams.embedded.errors import EmbeddedError
from streams.embedded.jars import class_path, kafka_version, relock
from streams.embedded.jvm import archive
from streams.embedded.redis import redis_binary
from streams.embedded.training import train

USAGE = "usage: python -m streams.embedded warm | lock"
EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def warm(console: Console) -> None:
    """Fetch the jars and train the archive, saying so when it takes time.

    Raises:
        EmbeddedError: The network, the disk or a server failed.
    """
    jars = len(class_path())
    if not archive().exists():
        with console.status("training Kafka's fast start, once, about 10 s"):
            train()
    console.print(f"Kafka {kafka_version()} ({jars} jars) and Redis ({redis_binary()}) are ready", highlight=False)


def main(arguments: list[str]) -> int:
    """Carry out one command and return the exit code; a failure is one line on standard error."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        match arguments:
            case ["warm"]:
                warm(console)
            case ["lock"]:
                console.print(f"jars.lock: {relock()} jars")
            case _:
                console.print(USAGE, markup=False)
                return EXIT_USAGE
    except EmbeddedError as error:
        console.print(f"clientward: {error}", style="red", markup=False, highlight=False)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
