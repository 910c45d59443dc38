"""ADAPTER.toml: which topic is read, what is in it, and by which mapping it becomes messages."""

import re
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from adapting.errors import AdapterError
from importing.errors import ImportingError
from importing.mapping.mapping import Mapping, read_mapping
from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import REJECTED
from streams.config.private import is_private

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: What a record must not claim to come from: those of that source are the worker's own.
RESERVED: Final = "clientward"


class Adapter(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes:
        name: of the adapter: its consumer group ends with it, and it is the source of what it publishes.
        topic: the foreign topic.
        mapping: file of SQL, beside this one.
        registry: address of a schema registry; then values have Confluent's wire form, else they are plain JSON.
        registry_login_file: file that holds USER:PASSWORD for it.
        envelope: `debezium` where a record is a change of a row, else `none`.
    """

    name: str
    topic: str
    mapping: str
    registry: str | None = None
    registry_login_file: str | None = None
    envelope: Literal["none", "debezium"] = "none"


def read_adapter(path: Path) -> tuple[Adapter, Mapping]:
    """Return what a file says, with its mapping. Raises AdapterError, OSError."""
    try:
        adapter = msgspec.toml.decode(path.read_bytes(), type=Adapter)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AdapterError(f"{path}: {error}; docs/adapting.md shows a file") from None
    _check(path, adapter)
    sql = path.parent / adapter.mapping
    try:
        return adapter, read_mapping(sql.name, sql.read_text(encoding="utf-8"))
    except (ImportingError, UnicodeDecodeError) as error:
        raise AdapterError(f"{sql}: {error}") from None


def login_of(path: Path, adapter: Adapter) -> tuple[str, str] | None:
    """Return user and password for the registry, or None for none. Raises AdapterError, OSError."""
    if adapter.registry_login_file is None:
        return None
    file = path.parent / adapter.registry_login_file
    if not is_private(file.stat()):
        raise AdapterError(f"{file}: others may read it: chmod 600")
    user, colon, password = file.read_text(encoding="utf-8").strip().partition(":")
    if not colon:
        raise AdapterError(f"{file}: holds no USER:PASSWORD")
    return user, password


def _check(path: Path, adapter: Adapter) -> None:
    if not NAME.fullmatch(adapter.name) or adapter.name == RESERVED:
        raise AdapterError(f"{path}: name: give lower-case letters, digits and dashes, not {RESERVED!r}")
    if adapter.topic in {*MESSAGE_TYPES, REJECTED}:
        raise AdapterError(f"{path}: topic: {adapter.topic} is written by adapters; name the one to read")
    if adapter.registry is not None and urlsplit(adapter.registry).scheme not in {"http", "https"}:
        raise AdapterError(f"{path}: registry: give an address that begins with https:// or http://")
