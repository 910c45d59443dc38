"""What can go wrong between the store and Redis, each as one line: what happened, where, and what to do.

Rules: no text holds a password or a stored value (of what the server says only its error code and, for codes that are
not known here, its first sentence is repeated). What may pass by itself is `StoreUnavailable`, and a caller may try
again; what a person must change first is `StoreRefused`; a write by somebody who no longer owns the partition is
`Fenced` and must not be repeated unchanged.
"""

import re
from typing import Final

from redis import exceptions as redis_errors

#: Characters of an unknown error's text that are repeated: enough to search for, too short for a value.
TEXT_LIMIT: Final = 160


class StoreUnavailable(Exception):  # noqa: N818 - it names a state that passes, and callers retry on it
    """Redis cannot serve now: down, unreachable, loading, read-only, full. The same call may succeed later."""


class StoreRefused(StoreUnavailable):
    """Redis answered and will answer the same again: wrong password, missing rights, not a database of this store."""


class Fenced(Exception):  # noqa: N818 - the usual name of this state
    """The partition is no longer this owner's, or Redis has lost what this owner wrote: nothing was written.

    Attributes:
        partition: The number of the partition.
        lost_writes: True where Redis holds less than this owner had written (restored, failed over or emptied).
    """

    def __init__(self, partition: int, text: str, *, lost_writes: bool = False) -> None:
        super().__init__(text)
        self.partition = partition
        self.lost_writes = lost_writes


#: Redis's error codes (https://redis.io/docs/latest/develop/reference/protocol-spec/, server.c `createSharedObjects`)
#: that pass by themselves or with the operator's help, and what to do.
PASSING: Final = {
    "LOADING": "it is loading its data from disk: wait until it is done",
    "READONLY": "it is a read-only replica: let the store's URL name the primary",
    "OOM": "its memory is full: raise maxmemory or free memory (maxmemory-policy must be noeviction)",
    "MASTERDOWN": "it is a replica that lost its primary: restore the primary or fail over",
    "CLUSTERDOWN": "its cluster has slots without a node: check `redis-cli cluster info`",
    "TRYAGAIN": "its cluster is moving this slot: wait until the move is done",
    "MISCONF": "it cannot save to disk and refuses writes: check the disk and Redis's log",
    "NOREPLICAS": "too few replicas are connected: check min-replicas-to-write and the replicas",
    "BUSY": "it is busy with a long script: wait, or look at `redis-cli slowlog get`",
}
#: Error codes that stay until somebody changes something, and what to change.
LASTING: Final = {
    "NOAUTH": "it wants a password: put user and password into the store's URL",
    "WRONGPASS": "user or password is wrong: correct the store's URL",
    "NOPERM": "the ACL user lacks a right: grant what the README of clientward-store lists",
    "WRONGTYPE": "another program uses keys of this name: give the app another id or the store another database",
    "NOPROTO": "it is older than Redis 6: upgrade it",
}
#: What Redis says inside scripts instead of a code, by version, and the code meant.
ALIASES: Final = {
    "user executing the script can't": "NOPERM",  # Redis 6
    "ACL failure in script": "NOPERM",  # Redis 7
    "invalid username-password pair": "WRONGPASS",
    "Authentication required": "NOAUTH",
    "with redis while a script": "BUSY",
}
CODE: Final = re.compile(r"(?:^|[\s-])(" + "|".join(PASSING | LASTING) + r")\b")


def translated(error: Exception, address: str) -> StoreUnavailable:
    """Return the error of this package for one of redis-py's. `address` is host:port."""
    text = str(error)
    code = code_of(error, text)
    if code in PASSING:
        return StoreUnavailable(f"Redis at {address} answers {code}: {PASSING[code]}")
    if code in LASTING:
        return StoreRefused(f"Redis at {address} answers {code}: {LASTING[code]}")
    if "CERTIFICATE_VERIFY_FAILED" in text:  # of Python's ssl module
        return StoreRefused(
            f"Redis at {address} shows a certificate that is not trusted: name its authority with ?ssl_ca_certs= in the "
            "store's URL, and the host as the certificate does"
        )
    if isinstance(error, (redis_errors.TimeoutError, TimeoutError)):
        return StoreUnavailable(
            f"Redis at {address} did not answer in time: check its load, or raise ?timeout= in the URL"
        )
    if isinstance(error, (redis_errors.ConnectionError, redis_errors.RedisClusterException, OSError)):
        return StoreUnavailable(f"Redis at {address} cannot be reached: start it, or correct the store's URL")
    return StoreRefused(f"Redis at {address} refused a command ({harmless(text)}): check that it is Redis 6 or newer")


def code_of(error: Exception, text: str) -> str:
    """Return the error code that the server meant, or "" where the error is not one of the server's."""
    by_class: tuple[tuple[type[Exception], str], ...] = (
        (redis_errors.BusyLoadingError, "LOADING"),  # redis-py takes the code off the text of these
        (redis_errors.ReadOnlyError, "READONLY"),
        (redis_errors.OutOfMemoryError, "OOM"),
        (redis_errors.NoPermissionError, "NOPERM"),
        (redis_errors.MasterDownError, "MASTERDOWN"),
        (redis_errors.ClusterDownError, "CLUSTERDOWN"),
        (redis_errors.TryAgainError, "TRYAGAIN"),
    )
    for kind, code in by_class:
        if isinstance(error, kind):
            return code
    for words, code in ALIASES.items():
        if words.lower() in text.lower():
            return code
    found = CODE.search(text)
    if found:
        return found[1]
    return "NOAUTH" if isinstance(error, redis_errors.AuthenticationError) else ""


def harmless(text: str) -> str:
    """Return the part of a server's error text that repeats no argument, on one line."""
    return " ".join(text.split(", with args", 1)[0].split())[:TEXT_LIMIT]
