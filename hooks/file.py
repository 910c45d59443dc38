"""The `[hooks.NAME]` of INTAKE.toml: whose webhooks are taken, by which secrets, and what they may say."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from hooks.errors import HooksError
from hooks.signatures import SENDERS, is_secret
from importing.errors import ImportingError
from importing.mapping.mapping import Mapping as SqlMapping
from importing.mapping.mapping import read_mapping
from intake.keys import NAME, RESERVED, TOPICS
from relationship.contract.messages import COMMANDS
from streams.config.private import is_private

MAPPINGS: Final = Path(__file__).parent / "mappings"
#: Of a hook that names none: everything but commands, which are for those that are trusted as oneself.
USUAL: Final = tuple(topic for topic in TOPICS if topic != COMMANDS)
URL: Final = re.compile(r"https?://[^\s/]+/\S*")


class Hook(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[hooks.NAME]`.

    Attributes:
        sender: whose signature is checked.
        secret_files: files beside this one, each with a secret; two while it changes over from one to the other.
        secret_env: variables of the environment that hold a secret.
        topics: what it may say.
        mapping: file of SQL beside this one, in the place of the sender's own that comes along.
        url: the whole address that the sender calls; only HubSpot signs it.
    """

    sender: Literal["stripe", "shopify", "zendesk", "hubspot", "calendly", "standard"]
    secret_files: list[str] = []
    secret_env: list[str] = []
    topics: tuple[str, ...] = USUAL
    mapping: str | None = None
    url: str = ""


class Taken(Struct, frozen=True):
    """A hook with its mapping, and where its file is."""

    name: str
    hook: Hook
    mapping: SqlMapping
    folder: Path

    def secrets(self) -> list[str]:
        """Return its secrets as they are now. Raises HooksError, which says where there is none."""
        return secrets_of(f"hook {self.name}", self.hook, self.folder)


class _File(Struct, frozen=True):
    hooks: dict[str, Any] = {}


def read_hooks(path: Path) -> Mapping[str, Taken]:
    """Return the hooks of a file by name, each checked with its mapping and its secrets. Raises HooksError, OSError."""
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HooksError(f"{path}: {error}; docs/intake.md shows a file") from None
    return {name: _taken(path, name, raw) for name, raw in sorted(file.hooks.items())}


def _taken(path: Path, name: str, raw: Any) -> Taken:
    place = f"{path}: hook {name}"
    try:
        hook = msgspec.convert(raw, Hook)
    except msgspec.ValidationError as error:
        raise HooksError(f"{place}: {error}; docs/intake.md shows one") from None
    if not NAME.fullmatch(name) or name == RESERVED:
        raise HooksError(f"{place}: give another name, of lower-case letters, digits and dashes, not {RESERVED!r}")
    if unknown := [topic for topic in hook.topics if topic not in TOPICS]:
        raise HooksError(f"{place}: topics: {unknown[0]}; give some of {', '.join(TOPICS)}")
    if hook.sender == "hubspot" and not URL.fullmatch(hook.url):
        raise HooksError(f"{place}: url: give the whole address that HubSpot calls, such as https://…/hooks/{name}")
    if hook.mapping is None and hook.sender == "standard":
        raise HooksError(
            f"{place}: mapping: Standard Webhooks sign any body; give a file of SQL that says what is in it"
        )
    secrets_of(place, hook, path.parent)
    sql = MAPPINGS / f"{hook.sender}.sql" if hook.mapping is None else path.parent / hook.mapping
    try:
        return Taken(name, hook, read_mapping(sql.name, sql.read_text(encoding="utf-8")), path.parent)
    except (ImportingError, UnicodeDecodeError) as error:
        raise HooksError(f"{sql}: {error}") from None


def secrets_of(place: str, hook: Hook, folder: Path) -> list[str]:
    """Return the secrets of a hook, from its files and variables. Raises HooksError, OSError."""
    found = []
    for name in hook.secret_files:
        file = folder / name
        if not is_private(file.stat()):
            raise HooksError(f"{place}: secret_files: others may read {file}: chmod 600")
        found.append(file.read_text(encoding="utf-8").strip())
    for name in hook.secret_env:
        if name not in os.environ:
            raise HooksError(f"{place}: secret_env: the environment has no {name}")
        found.append(os.environ[name].strip())
    if not found:
        raise HooksError(
            f"{place}: give secret_files or secret_env: the secret that {hook.sender} shows for the webhook"
        )
    if not all(is_secret(hook.sender, each) for each in found):
        raise HooksError(f"{place}: a secret is empty, or not of the form that {hook.sender} gives")
    return found


assert set(SENDERS) == set(Hook.__annotations__["sender"].__args__)  # noqa: S101 - two lists that are one
