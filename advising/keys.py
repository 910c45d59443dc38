"""Who may ask by HTTP: a file with a line a key, `NAME SHA256`, looked at with every request.

A key is 256 random bits, so that one round of SHA-256 hides it as well as a slow hash would. The file holds no key.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

PREFIX: Final = "cwa_"  # so that a scanner for leaked secrets knows one
KEY_BYTES: Final = 32
LINE: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,62})\s+([0-9a-f]{64})")


class KeysError(ValueError):
    """The file cannot be followed. The text is one line: where, what is wrong, what to write instead."""


def new_key(name: str) -> tuple[str, str]:
    """Return a new key, to be shown once, and its line of the file. Raises KeysError."""
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    line = f"{name} {_hash(key)}"
    if not LINE.fullmatch(line):
        raise KeysError(f"--new-key {name}: give a name of lower-case letters, digits and dashes, at most 63")
    return key, line


def read_keys(path: Path) -> dict[str, str]:
    """Return the hashes of the keys, each with its name. Raises KeysError, OSError."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        match = LINE.fullmatch(text)
        if match is None:
            raise KeysError(
                f"{path}: line {number}: give a name and 64 hex digits; `clientward advise --new-key NAME` makes them"
            )
        found[match[2]] = match[1]
    if not found:
        raise KeysError(
            f"{path}: no key is in it, so that nobody could ask; `clientward advise --new-key NAME` makes one"
        )
    return found


class Keys:
    """The file as it stands now. While it cannot be read nobody is let in that the last good one did not have."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = read_keys(path)

    def name_of(self, authorization: str | None) -> str | None:
        """Return whose key an `Authorization: Bearer …` holds; None for nobody's."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            self._known = read_keys(self._path)
        except (KeysError, OSError) as error:
            log.error("the keys cannot be read; those of before count", reason=str(error))  # noqa: TRY400
        given = _hash(key.strip())
        return next((name for known, name in self._known.items() if hmac.compare_digest(known, given)), None)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
