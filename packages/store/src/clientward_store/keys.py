"""The names of a table's keys in Redis, and what the store's URL says.

Rules: all keys of one partition share one hash tag, `{<app>-<table>:<partition>}`, so that one script may write them
all on Redis Cluster too; and no name but these five exists, and for a moment that of a check's write, so that a prefix is
all that an ACL needs.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from faust.exceptions import ImproperlyConfigured
from yarl import URL

#: Entries in the read cache of one store, over all its partitions, unless the URL says `?cache=`.
CACHE_ENTRIES: Final = 100_000
#: Seconds to wait for a connection or an answer, unless the URL says `?timeout=`.
TIMEOUT_SECONDS: Final = 5.0
#: The port of Redis where the URL names none.
PORT: Final = 6379


class Keys(NamedTuple):
    """The five keys of one partition, in the order in which the script gets them."""

    meta: str  # hash: epoch, owner, tip, changelog, pos:<topic>
    values: str  # hash: the table's keys and values
    due: str  # sorted set: key -> µs since the epoch
    outbox: str  # hash: id -> order + record
    restored: str  # set: keys that recovery has rewritten and no commit has named yet


def keys_of(prefix: str, partition: int) -> Keys:
    """Return the names of one partition's keys. `prefix` is `<app>-<table>`; braces in it would move the hash tag."""
    tag = _tag(prefix, partition)
    return Keys(f"{tag}:m", f"{tag}:v", f"{tag}:due", f"{tag}:out", f"{tag}:new")


def check_key(prefix: str, partition: int) -> str:
    """Return the name beside one partition's keys that a check may write to, and is to take away again."""
    return f"{_tag(prefix, partition)}:doctor"


def _tag(prefix: str, partition: int) -> str:
    return "{" + prefix.replace("{", "(").replace("}", ")") + f":{partition}" + "}"


class Target(NamedTuple):
    """What a store's URL and options say.

    Attributes:
        url: The URL for redis-py, without this store's own parameters; may hold a password.
        address: host:port, for messages.
        masked: The URL without its password, for labels and logs.
        cache: Entries of the read cache; 0 turns it off.
        timeout: Seconds for a connection or an answer.
        cluster: True for a Redis Cluster: the URL then names any of its nodes.
        preload: True to read a partition into the cache before its first event.
        sentinel: The name of the primary where the URL names a Sentinel, or "".
        options: Further arguments of redis-py's client, from the table's `options={"redis": {...}}`.
    """

    url: str
    address: str
    masked: str
    cache: int
    timeout: float
    cluster: bool
    preload: bool
    sentinel: str
    options: Mapping[str, Any]


def target_of(url: URL, options: Mapping[str, Any] | None = None) -> Target:
    """Read a store's URL, e.g. `rediss://user:secret@host:6379/0?cache=100000&timeout=5`.

    Raises:
        ImproperlyConfigured: A parameter of the store is not what it should be.
    """
    query = url.query
    bare = url.without_query_params("cache", "timeout", "cluster", "warm", "sentinel")
    return Target(
        url=str(bare),
        address=f"{url.host or 'localhost'}:{url.port or PORT}",
        masked=str((url.with_password("***") if url.password else url).with_query(None)),
        cache=int(number(query.get("cache"), "cache", CACHE_ENTRIES)),
        timeout=number(query.get("timeout"), "timeout", TIMEOUT_SECONDS) or TIMEOUT_SECONDS,
        cluster=is_on(query.get("cluster")),
        preload=is_on(query.get("warm")),
        sentinel=query.get("sentinel", ""),
        options=dict((options or {}).get("redis", {})),
    )


def is_on(text: str | None) -> bool:
    """Return whether a parameter says yes."""
    return (text or "").lower() in {"1", "true", "yes"}


def number(text: str | None, name: str, default: float) -> float:
    """Return a parameter's number, not negative.

    Raises:
        ImproperlyConfigured: It is none.
    """
    try:
        value = float(text) if text else float(default)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ImproperlyConfigured(f"the store's URL says ?{name}={text}: write a number that is not negative")
    return value
