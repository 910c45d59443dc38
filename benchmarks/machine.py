"""What the figures depend on: the machine, the versions, the commit."""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.programs import HERE, STREAMS
from streams.embedded.redis import redis_binary

PACKAGES: Final = ("faust-streaming", "aiokafka", "msgspec", "redis", "uvloop")
SECONDS: Final = 20
# Objects of the document that tells how fast Python is here and now: reading it allocates, as what is measured does.
OBJECTS: Final = 20_000
TRIES: Final = 5
MILLI: Final = 1e3


def facts(command: str, plan: str) -> dict[str, Any]:
    """Return everything that the results file says besides the figures."""
    return {
        "command": command,
        "plan": plan,
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _first_line("git", "rev-parse", "--short", "HEAD"),
        "machine": machine(),
        "versions": versions(),
    }


def machine() -> Mapping[str, str]:
    """Return the machine's facts."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = os.getloadavg()[0]
    return {
        "CPU": _cpu_model(),
        "cores": str(os.cpu_count()),
        "memory GiB": f"{memory:.0f}",
        "kernel": platform.release(),
        "load at the start": f"{load:.2f}",
        f"ms to read {OBJECTS:,} JSON objects": f"{yardstick_ms():.0f}",
    }


def yardstick_ms() -> float:
    """Return what Python's own JSON takes to read so many objects, in ms: the least of some tries."""
    text = json.dumps([{"id": f"account {number}", "amounts": [number, number / 7]} for number in range(OBJECTS)])

    def took() -> float:
        started = time.perf_counter()
        json.loads(text)
        return time.perf_counter() - started

    return min(took() for _ in range(TRIES)) * MILLI


def versions() -> dict[str, str]:
    """Return the versions of what is measured."""
    found = {"python": platform.python_version(), "java of the peer": _first_line("java", "-version")}
    found |= {name: version(name) for name in PACKAGES}
    found["redis-server"] = _first_line(str(redis_binary()), "--version")
    lock = (HERE / "requirements" / "peers.lock").read_text().splitlines()
    found["quixstreams"] = next(
        line.partition("==")[2].rstrip(" \\") for line in lock if line.startswith("quixstreams==")
    )
    jar = next((STREAMS / "lib").glob("kafka-streams-*.jar"), None)
    found["kafka-streams"] = jar.stem.removeprefix("kafka-streams-") if jar else "not built"
    return found


def command_line() -> str:
    """Return what a person typed, as far as it can be known."""
    quick = "--quick" in sys.argv
    rest = [argument for argument in sys.argv[1:] if argument != "--quick"]
    return f"make {'bench-quick' if quick else 'bench'}" + (f" ARGS={shlex.quote(shlex.join(rest))}" if rest else "")


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _first_line(*command: str) -> str:
    """Return the first line that a command prints, or why there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=HERE)  # noqa: S603 - constant commands
    except OSError as error:
        return f"none ({error.strerror})"
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0].strip() if lines and not done.returncode else "none"
