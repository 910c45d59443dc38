"""Golden messages: what every topic carries, as files, made from a story by the product's own code.

`python -m contracts.make_golden` writes the contract's present minor version into `contracts/golden/`, a file a message:
`<topic>/<number>-<whose>-<what>.json`. What producers say has its number in the story, so that the files can be told again
in their order; what the product says has its number in its topic. The same code writes the same bytes.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from contracts.output import Output, output_of
from contracts.story import Told, refused_story, story
from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, TICKETS
from relationship.contract.outcome import POLICIES
from streams.wire.contracts import CONTRACT_VERSION

FOLDER: Final = Path(__file__).parent / "golden"
SAID_BY_OTHERS: Final = (PROFILES, PURCHASES, TICKETS, MEETINGS, COMMANDS, POLICIES)  # all else is the product's
NAMING: Final = ("slot", "version", "account_id", "event_id", "action", "direction", "to", "kind", "status")


def version() -> str:
    """Return the minor version of the contract, whose golden messages these are."""
    return CONTRACT_VERSION.rpartition(".")[0]


def golden_files() -> dict[str, bytes]:
    """Return every golden message of this version by its path in the version's folder."""
    said = story()
    named = {f"{_path(told.topic, number, told.value)}": told.value for number, told in enumerate(said, 1)}
    for number_of, topic, value in _numbered(output_of([*said, *refused_story()])):
        named[_path(topic, number_of, value)] = value
    return {path: _printed(value) for path, value in named.items()}


def told_again(folder: Path) -> list[Told]:
    """Return the story that a version's folder holds, in its order; what the product said to it is left out."""
    files = [file for topic in SAID_BY_OTHERS for file in (folder / topic).glob("*.json")]
    told = [(file.parent.name, json.loads(file.read_bytes())) for file in sorted(files, key=lambda file: file.name)]
    return [Told(topic, key_of(topic, value), value) for topic, value in told]


def key_of(topic: str, value: dict[str, Any]) -> str:
    """Return the key of a record."""
    return f"{value['slot']}/{value['id']}/{value['version']}" if topic == POLICIES else value["account_id"]


def messages(output: Output) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the product said: every message with its topic, without tombstones, and the refused records last."""
    yield from ((sent.topic, json.loads(sent.value)) for sent in output.sends if sent.value)
    yield from output.rejected


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Make a version's folder hold these files and no other JSON."""
    for old in folder.rglob("*.json"):
        if old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _numbered(output: Output) -> Iterator[tuple[int, str, dict[str, Any]]]:
    counts: dict[str, int] = {}
    for topic, value in messages(output):
        counts[topic] = counts.get(topic, 0) + 1
        yield counts[topic], topic, value


def _path(topic: str, number: int, value: Any) -> str:
    named = {name: str(value[name]) for name in NAMING if value.get(name)}
    if topic not in SAID_BY_OTHERS:
        named.pop("event_id", None)  # a hash, which says nothing to a person
    words = "-".join(named.values()) or value["headers"]["clientward-reason"]
    return f"{topic}/{number:03}-{re.sub(r'[^A-Za-z0-9_-]+', '-', words)}.json"


def _printed(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def main(arguments: Iterable[str] | None = None) -> int:
    """Write the golden messages; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m contracts.make_golden", description="Write the golden messages.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER / version())
    options = parser.parse_args(None if arguments is None else list(arguments))
    files = golden_files()
    write(options.folder, files)
    sys.stdout.write(f"{len(files)} golden messages of version {version()} in {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
