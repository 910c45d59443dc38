"""Who may log in to the console: a file of users with their roles and the hashes of their passwords.

The file is JSON, private (`streams.config.private`), and looked at again when it has changed: who is taken out of it is out
with the next request. Passwords are hashed by argon2id with the library's parameters, which are RFC 9106's low-memory ones.
"""

import hashlib
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from streams.config.private import is_private

Role = Literal["viewer", "operator", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "admin")  # each may do what those before it may
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")  # what `by` of a command takes, and no markup
LEAST_CHARACTERS: Final = (
    12  # NIST SP 800-63B-4 asks 15 where a password stands alone, and 8 with more; lock-out is more
)
MOST_CHARACTERS: Final = 256  # bounds what a stranger can have hashed
ONCE_SECONDS: Final = 600  # for which a one-time login is good

_hasher: Final = PasswordHasher()


class UsersError(Exception):
    """The file of users cannot be used, or a user not be added. The text is one line that says what to do."""


class User(Struct, frozen=True):
    """A user: the role, and the password's hash."""

    role: Role
    password: str


class Once(Struct, frozen=True):
    """A login that is good once: as whom, the code's SHA-256, and until when, in seconds since the epoch."""

    name: str
    role: Role
    sha256: str
    until: float


class UsersFile(Struct, frozen=True):
    """What the file holds."""

    users: dict[str, User] = {}
    once: list[Once] = []


class Known(Struct, frozen=True):
    """Somebody who has shown who they are; `once`: by a one-time code, so that the file has no such user.

    `by_provider`: by an OpenID Connect provider, whose word is kept for as long as the session lasts.
    """

    name: str
    role: Role
    once: bool = False
    by_provider: bool = False


class Users:
    """The users of a file. Raises UsersError where the file cannot be used; a missing one has no users."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._seen: tuple[int, int, int] | None = None
        self._file = UsersFile()
        self._read()

    def role_of(self, name: str) -> Role | None:
        """Return a user's role as it is now; None for one who is not there."""
        user = self._read().users.get(name)
        return None if user is None else user.role

    def check(self, name: str, password: str) -> Known | None:
        """Return who that is, or None. Takes some 50 ms of a processor, whether or not there is such a user."""
        user = self._read().users.get(name)
        if len(password) > MOST_CHARACTERS:
            return None
        right = _matches(_dummy() if user is None else user.password, password)
        return Known(name, user.role) if right and user is not None else None

    def redeem(self, code: str) -> Known | None:
        """Use a one-time code up, and return who it lets in; None where it is unknown, used or too old."""
        file, now = self._read(), self._clock()
        digest = _digest(code)
        found = next((each for each in file.once if secrets.compare_digest(each.sha256, digest)), None)
        if found is None or found.until < now:
            return None
        self._write(UsersFile(file.users, [each for each in file.once if each is not found and each.until >= now]))
        return Known(found.name, found.role, once=True)

    def add(self, name: str, role: Role, password: str) -> None:
        """Add a user, or give one another role and password. Raises UsersError."""
        _require_name(name)
        if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
            raise UsersError(f"a password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters: choose another")
        file = self._read()
        self._write(UsersFile({**file.users, name: User(role, _hasher.hash(password))}, file.once))

    def add_once(self, name: str, role: Role) -> str:
        """Return a new code that logs in once, as such a user, within ten minutes. Raises UsersError."""
        _require_name(name)
        file, code = self._read(), secrets.token_urlsafe(18)
        once = Once(name, role, _digest(code), self._clock() + ONCE_SECONDS)
        self._write(UsersFile(file.users, [*file.once, once]))
        return code

    def remove(self, name: str) -> None:
        """Take a user out. Raises UsersError where there is none."""
        file = self._read()
        if name not in file.users:
            raise UsersError(
                f"{self._path} has no user {name}: {', '.join(sorted(file.users)) or 'it has none at all'}"
            )
        self._write(UsersFile({other: user for other, user in file.users.items() if other != name}, file.once))

    def listed(self) -> dict[str, Role]:
        """Return every user's role, by name."""
        return {name: user.role for name, user in sorted(self._read().users.items())}

    def _read(self) -> UsersFile:
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                seen = (found.st_mtime_ns, found.st_ino, found.st_size)
                if seen != self._seen:
                    self._file, self._seen = _parsed(self._path, found, file.read()), seen
        except FileNotFoundError:
            self._file, self._seen = UsersFile(), None
        return self._file

    def _write(self, content: UsersFile) -> None:
        """Put the file in place whole, so that a reader sees the old one or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # made with mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _parsed(path: Path, found: os.stat_result, content: bytes) -> UsersFile:
    if not is_private(found):
        raise UsersError(f"{path} can be read by others: `chmod 600` it, and give its users new passwords")
    try:
        return msgspec.json.decode(content, type=UsersFile)
    except msgspec.DecodeError as error:
        raise UsersError(f"{path}: {error}; mend it, or make it anew with `clientward console user add`") from None


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsersError(f"{name!r} is no name of a user: give 1 to 64 lower-case letters, digits, dots, dashes, @")


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy() -> str:
    """Return the hash that is checked for an unknown name, so that it takes as long; nobody knows its password."""
    return _hasher.hash(secrets.token_hex())


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
