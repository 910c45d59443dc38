"""The least rights of each part of a deployment: for Kafka, one by one or as commands; for Redis, as lines."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from streams.config.settings import Settings
from streams.rights.kafka_acls import Acl, acls_of, lines_of
from streams.rights.parts import Others, Part, parts
from streams.rights.redis_acl import set_user
from views.errors import InputError


class Login(Struct, frozen=True):
    """A part, who it is, and as whom it logs in; `line` is what makes its user in Redis."""

    part: str
    who: str
    user: str
    keys: str
    commands: Sequence[str]
    line: str


def kafka_rights(
    settings: Settings, wanted: Collection[str], names: Mapping[str, str], others: Others | None = None
) -> list[Acl]:
    """Return the rights of the parts that are wanted, of all for none. `names`: principals by part. Raises InputError."""
    found = _wanted(settings, wanted, names, others)
    return [acl for part in found for acl in acls_of(part, principal(part, names))]


def kafka_commands(
    settings: Settings,
    wanted: Collection[str],
    names: Mapping[str, str],
    server: str,
    others: Others | None = None,
) -> list[str]:
    """Return the same as commands of kafka-acls.sh. `server`: its options to connect. Raises InputError."""
    found = _wanted(settings, wanted, names, others)
    return [line for part in found for line in lines_of(part, principal(part, names), server)]


def redis_rights(
    settings: Settings, wanted: Collection[str], names: Mapping[str, str], *, since_7_2: bool = False
) -> list[Login]:
    """Return the users of Redis, of those parts that go there. Raises InputError."""
    found = []
    for part in _wanted(settings, wanted, names, None):
        user = names.get(part.name, own_name(part))
        line = set_user(part, user, since_7_2=since_7_2)
        if part.redis is not None and line is not None:
            commands = (*part.redis.commands, *part.redis.since_7_2) if since_7_2 else part.redis.commands
            found.append(Login(part.name, part.who, user, part.redis.keys, commands, line))
    return found


def own_name(part: Part) -> str:
    """Return what a part is called unless told otherwise."""
    return f"clientward-{part.name}"


def principal(part: Part, names: Mapping[str, str]) -> str:
    """Return a part's principal; `User:` may be left out where it is named."""
    name = names.get(part.name, own_name(part))
    return name if name.startswith("User:") else f"User:{name}"


def _wanted(settings: Settings, wanted: Collection[str], names: Mapping[str, str], others: Others | None) -> list[Part]:
    every = parts(settings, others)
    for name in (*wanted, *names):
        if name not in every:
            raise InputError(f"there is no part {name!r}; there are: {', '.join(every)}")
    return [part for name, part in every.items() if not wanted or name in wanted]
