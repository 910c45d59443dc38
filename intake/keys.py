"""INTAKE.toml: the sources that may send, the hashes of their keys, and what each may do.

A key is 256 random bits, so that one round of SHA-256 hides it as well as a slow hash would. The file is looked at with
every request: a key that is taken out is refused from the next request on.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import structlog
from msgspec import Meta, Struct

from intake.watching import FileWatch
from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, TICKETS

log = structlog.get_logger(__name__)

#: What may come from outside; the other two topics of the intake are the worker's own.
TOPICS: Final = (PURCHASES, TICKETS, MEETINGS, PROFILES, COMMANDS)
#: Of what the worker publishes itself; a record that bears it is believed to be an erasure's.
RESERVED: Final = "clientward"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
HASH: Final = re.compile(r"[0-9a-f]{64}")
PREFIX: Final = "cwk_"  # so that a scanner for leaked secrets knows one
KEY_BYTES: Final = 32


class KeysError(ValueError):
    """INTAKE.toml cannot be followed. The text is one line: file, source, what is wrong, what to write instead."""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[sources.NAME]`.

    Attributes:
        sha256: the hashes of its keys, in hex; two while it changes over from one to the other. None: it may not send.
        topics: what it may send.
        events_per_second: how many events it may send in the long run; ten seconds' worth may come at once.
    """

    sha256: list[str]
    topics: list[str]
    events_per_second: Annotated[float, Meta(gt=0, le=1_000_000)] = 1_000


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. What stands in `hooks` is for the room of that name."""

    sources: dict[str, Source] = {}
    hooks: dict[str, Any] = {}


class Known(Struct, frozen=True):
    """A source that a key belongs to."""

    name: str
    source: Source


def new_key() -> str:
    """Return a new key, which is shown once and stored nowhere."""
    return PREFIX + secrets.token_urlsafe(KEY_BYTES)


def hash_of(key: str) -> str:
    """Return what stands in the file for a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def has_hooks(path: Path) -> bool:
    """Tell whether a file has hooks. Raises KeysError, OSError."""
    return bool(_read(path).hooks)


def _read(path: Path) -> File:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: {error}; docs/intake.md shows a file") from None


def read_keys(path: Path) -> dict[str, Known]:
    """Return the sources of a file, by the hashes of their keys. Raises KeysError, OSError."""
    file = _read(path)
    found: dict[str, Known] = {}
    for name, source in sorted(file.sources.items()):
        _check(f"{path}: source {name}", name, source)
        for each in source.sha256:
            if each in found:
                raise KeysError(f"{path}: source {name}: the key is that of {found[each].name} too; give each its own")
            found[each] = Known(name, source)
    return found


def _check(place: str, name: str, source: Source) -> None:
    if not NAME.fullmatch(name) or name == RESERVED:
        raise KeysError(
            f"{place}: give another name, of lower-case letters, digits and dashes, at most 63, not {RESERVED!r}"
        )
    if not all(map(HASH.fullmatch, source.sha256)):
        raise KeysError(f"{place}: sha256: give 64 hex digits a key; `clientward intake --new-key {name}` makes one")
    unknown = [topic for topic in source.topics if topic not in TOPICS]
    if unknown or not source.topics:
        raise KeysError(f"{place}: topics: {unknown[0] if unknown else 'none'}; give some of {', '.join(TOPICS)}")


class Keys:
    """The file as it stands now. While it cannot be read the last good one counts, and the log says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watch = FileWatch(path)
        self._known: Mapping[str, Known] = read_keys(path)

    def of(self, authorization: str | None) -> Known | None:
        """Return the source whose key an `Authorization: Bearer …` names; None for none that may send."""
        self._renew()
        scheme, _, key = (authorization or "").partition(" ")
        return self._known.get(hash_of(key.strip())) if scheme.lower() == "bearer" else None

    def _renew(self) -> None:
        if not self._watch.has_changed():
            return
        try:
            self._known = read_keys(self._path)
        except (KeysError, OSError) as error:
            log.error("the keys cannot be read anew; those of before count", reason=str(error))  # noqa: TRY400
        else:
            log.info("keys read anew", keys=len(self._known))
