"""A part's rights in Kafka as lines for `kafka-acls.sh`, and one by one."""

import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from streams.rights.parts import Part, Right


class Acl(NamedTuple):
    """One right of one part, as Kafka stores it: a literal resource name, from any host."""

    part: str
    principal: str
    resource: str
    name: str
    operation: str
    why: str


def acls_of(part: Part, principal: str) -> Iterator[Acl]:
    """Yield a part's rights one by one; one that stands for two things is there once, for the first of them."""
    seen = set()
    for right in part.kafka:
        for name in right.names:
            for operation in right.operations:
                if (right.resource, name, operation) not in seen:
                    seen.add((right.resource, name, operation))
                    yield Acl(part.name, principal, right.resource, name, operation, right.why)


def lines_of(part: Part, principal: str, server: str) -> Iterator[str]:
    """Yield a part's rights as commands, each behind a comment that says what for. `server`: options to connect."""
    for right in part.kafka:
        yield f"# {part.name}: {right.why}"
        yield add_line(principal, right, server)


def add_line(principal: str, right: Right, server: str = "") -> str:
    """Return the command that adds rights."""
    words = [
        "kafka-acls.sh",
        *shlex.split(server),
        *("--add", "--allow-principal", principal),
        *_each("--operation", right.operations),
        *_each(f"--{right.resource.lower()}", right.names),
    ]
    return shlex.join(words)


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
