"""What may change in the contract without another major version: compares it with the last release of its major.

`python -m contracts.compatibility` tells every change that breaks somebody, and fails where there is one; with `--release`
it keeps the present contract as the release that later ones are compared with. The rules, and why (docs/decisions):

- What the worker reads (the intake): whatever was valid stays valid, and no field loses its meaning. More may become
  valid: a new optional field, one more value of an enumeration, a wider limit.
- What the worker sends (the output): new optional fields, and nothing else. A new value of an enumeration is refused too:
  a subscriber's generated types hold the values that there were. A new required field is refused because the records that
  the topic already holds do not have it.
- What it both sends and reads keeps to both.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.schema_changes import Change, changes
from streams.wire.contracts import CONTRACT_VERSION, render
from streams.wire.generated_types import for_generators

Json = dict[str, Any]

FOLDER: Final = Path(__file__).parent / "released"
DOCUMENT: Final = "asyncapi.json"


class Break(NamedTuple):
    """A change that breaks somebody: where, and what."""

    topic: str
    path: str
    what: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.topic} {self.path}: {self.what}"


def breaks(old: Json, new: Json) -> list[Break]:
    """Return what of a contract's AsyncAPI document breaks producers or subscribers of an older one, in order of topics."""
    return [found for topic in sorted(old["channels"]) for found in _of_topic(topic, old, new)]


def last_release(folder: Path = FOLDER, version: str = CONTRACT_VERSION) -> str | None:
    """Return the newest release that has the major version of `version`, as `major.minor`, or None."""
    numbers = [tuple(map(int, each.name.split("."))) for each in folder.iterdir()] if folder.is_dir() else []
    same = [number for number in numbers if number[0] == int(version.partition(".")[0])]
    return ".".join(map(str, max(same))) if same else None


def released(version: str, folder: Path = FOLDER) -> Json:
    """Return a release's AsyncAPI document."""
    document: Json = json.loads((folder / version / DOCUMENT).read_bytes())
    return document


def _of_topic(topic: str, old: Json, new: Json) -> Iterator[Break]:
    """Yield what breaks those who use one topic."""
    if topic not in new["channels"]:
        yield Break(topic, "$", "the topic is gone")
        return
    ways, now = _ways(topic, old), _ways(topic, new)
    for way in sorted(ways - now):
        yield Break(topic, "$", f"the worker does not {way} it any more")
    before, after = _Message(old, topic), _Message(new, topic)
    if before.plain != after.plain:
        yield Break(topic, "$", "the record's key or content type is another")
    for part in ("payload", "headers"):
        mark = "$" if part == "payload" else "headers"
        found = changes(before.part(part), after.part(part), before.schemas, after.schemas, mark)
        yield from (Break(topic, each.path, each.what) for each in found if _breaks(each, ways))


def _breaks(change: Change, ways: set[str]) -> bool:
    """Tell whether a change breaks somebody: narrowing breaks whoever writes, and any change but an addition who reads."""
    return change.narrows or "send" in ways


def _ways(topic: str, document: Json) -> set[str]:
    """Return what the worker does with a topic: send, receive or both."""
    here = f"#/channels/{topic}"
    return {each["action"] for each in document["operations"].values() if each["channel"]["$ref"] == here}


class _Message:
    """A topic's message in an AsyncAPI document."""

    def __init__(self, document: Json, topic: str) -> None:
        (reference,) = document["channels"][topic]["messages"].values()
        self._message: Json = document["components"]["messages"][reference["$ref"].rsplit("/", 1)[1]]
        self.schemas = for_generators(document["components"]["schemas"])

    @property
    def plain(self) -> list[Any]:
        """What must stay as it is: how the key and the value are encoded."""
        key = self._message["bindings"]["kafka"]["key"]
        return [key.get("type"), self._message.get("contentType")]

    def part(self, name: str) -> Json:
        """Return the schema of the payload or the headers."""
        schema: Json = self._message[name]
        return schema


def release(folder: Path = FOLDER, version: str = CONTRACT_VERSION) -> str | None:
    """Keep the present contract as a release; return why not, or None. A release that is there already never changes."""
    file, content = folder / version.rpartition(".")[0] / DOCUMENT, render()[DOCUMENT]
    if file.is_file() and file.read_bytes() != content:
        return f"{file} is another contract: raise CONTRACT_VERSION in streams/wire/contracts.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return None


def main(arguments: Iterable[str] | None = None) -> int:
    """Compare the contract with its last release, or make it one; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m contracts.compatibility", description="Tell what breaks somebody.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where the releases are")
    parser.add_argument(
        "--release", action="store_true", help="keep the present contract as a release, if nothing breaks"
    )
    options = parser.parse_args(None if arguments is None else list(arguments))
    last = last_release(options.folder)
    found = breaks(released(last, options.folder), json.loads(render()[DOCUMENT])) if last else []
    for each in found:
        sys.stderr.write(f"{each}; that needs a topic of another major version (contracts/README.md)\n")
    wrong = release(options.folder) if options.release and not found else None
    if wrong:
        sys.stderr.write(f"{wrong}\n")
    if not found and not wrong:
        sys.stdout.write(f"nothing breaks those who use release {last}\n" if last else "no release to compare with\n")
    return 1 if found or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
