"""The two Lua scripts, and how their arguments are laid out.

Rules: every write of the store goes through `WRITE`, which first compares what it expects of the partition with what
Redis holds and then runs all commands in one atomic step, or none. Redis runs a script whole or, when it may not write
at all (full, read-only), stops it at the first command, so nothing is ever half written. Keys and values travel as
binary arguments and are never part of a script's text.

What the partition's meta hash holds for this:
- `epoch`: counts the owners; shown to people.
- `owner`: the present owner's token, unique, so that neither a paused owner nor an equal epoch after Redis was restored
  from a copy is taken for it.
- `lineage`: written with the first epoch, unique: a Redis that was emptied and one that comes back from before that are two
  lineages of the partition, whose epochs cannot be compared.
- `tip`: the id of the last `commit`. A commit names the one before it, so that a Redis that lost the last commits (failed
  over, restored) refuses what would hide the gap; and a commit whose reply was lost can be distinguished from one that
  never arrived.
- `changelog`: the offset of the last changelog record that the values reflect.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

Arg = bytes | str | int
#: One Redis command for the script: its name, the index of its key in `Keys` (from 1), and its arguments.
Command = tuple[str, int, Sequence[Arg]]

META, VALUES, DUE, OUTBOX, RESTORED = 1, 2, 3, 4, 5
#: What the meta hash's fields begin with that are positions; the topic follows.
POSITION: Final = "pos:"
#: Lua's `unpack` fails near LUAI_MAXCSTACK = 8000 values (redis/deps/lua/src/luaconf.h); even, for pairs.
CHUNK: Final = 4_000

WRITE: Final = """
local head = redis.call('HMGET', KEYS[1], 'epoch', 'owner', 'tip', 'changelog', 'lineage')
local function reply(verdict)
  return {verdict, tonumber(head[1]) or 0, tonumber(head[4]) or -1, head[5] or ''}
end
if ARGV[1] ~= '' and head[2] ~= ARGV[1] then return reply(0) end
if ARGV[2] ~= '' then
  if ARGV[3] ~= '' and head[3] == ARGV[3] then return reply(2) end
  if head[3] ~= ARGV[2] then return reply(0) end
end
if ARGV[4] ~= '' and (head[4] or '-1') ~= ARGV[4] then return reply(3) end
local at, last = 5, #ARGV
while at < last do
  local n = tonumber(ARGV[at + 2])
  redis.call(ARGV[at], KEYS[tonumber(ARGV[at + 1])], unpack(ARGV, at + 3, at + 2 + n))
  at = at + 3 + n
end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'tip', ARGV[3]) end
return reply(1)
"""

TAKE_OVER: Final = """
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
local lineage = redis.call('HGET', KEYS[1], 'lineage') or ARGV[1]
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'tip', ARGV[1], 'lineage', lineage)
return {1, epoch, tonumber(redis.call('HGET', KEYS[1], 'changelog')) or -1, lineage}
"""


class Script(NamedTuple):
    """A script's text and the SHA-1 by which Redis knows it."""

    text: str
    sha: str


def script(text: str) -> Script:
    """Return a script with its SHA-1 (the name that EVALSHA wants; nothing is secured by it)."""
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


WRITE_SCRIPT: Final = script(WRITE)
TAKE_OVER_SCRIPT: Final = script(TAKE_OVER)


class Verdict(IntEnum):
    """What the script did."""

    REFUSED = 0  # another owner, or another last commit: nothing written
    WRITTEN = 1
    REPEATED = 2  # this very commit had arrived before: nothing written again
    MOVED = 3  # the changelog offset is not the expected one: nothing written


class Reply(NamedTuple):
    """The script's reply: its verdict, and what it found: the epoch, the changelog offset (-1: none), the lineage."""

    verdict: Verdict
    epoch: int
    changelog: int
    lineage: bytes


class Guard(NamedTuple):
    """What a write expects of the partition; an empty field is not compared.

    Attributes:
        owner: The owner's token.
        tip: The id of the last commit.
        next_tip: The id of this commit; "" leaves the last one's.
        changelog: The changelog offset, as text; "-1" for none.
    """

    owner: bytes = b""
    tip: bytes = b""
    next_tip: bytes = b""
    changelog: str = ""


def arguments(guard: Guard, commands: Iterable[Command]) -> list[Arg]:
    """Return the script's arguments: the guard's four fields, then each command's name, key index, count, arguments."""
    flat: list[Arg] = [*guard]
    for name, key, args in commands:
        for at in range(0, len(args), CHUNK):
            chunk = args[at : at + CHUNK]
            flat += (name, key, len(chunk), *chunk)
    return flat


def reply_of(raw: tuple[int, int, int, bytes]) -> Reply:
    """Return a script's raw reply as a `Reply`."""
    verdict, epoch, changelog, lineage = raw
    return Reply(Verdict(verdict), epoch, changelog, lineage)


def pairs(items: Iterable[tuple[Arg, Arg]]) -> list[Arg]:
    """Return field, value, field, value … for HSET."""
    return [arg for item in items for arg in item]


def value_commands(values: Mapping[bytes, bytes | None]) -> Iterator[Command]:
    """Yield the commands that write a table's values; None deletes."""
    yield "HSET", VALUES, pairs((key, value) for key, value in values.items() if value is not None)
    yield "HDEL", VALUES, [key for key, value in values.items() if value is None]


def positions_in(meta: Mapping[bytes, bytes]) -> dict[str, int]:
    """Return the positions that a partition's meta hash holds, by topic."""
    prefix = POSITION.encode()
    return {name.removeprefix(prefix).decode(): int(at) for name, at in meta.items() if name.startswith(prefix)}


def positions_command(positions: Mapping[str, int]) -> Command:
    """Return the command that writes positions, by topic."""
    return "HSET", META, pairs((POSITION + topic, offset) for topic, offset in positions.items())


def changelog_command(offset: int) -> Command:
    """Return the command that records the changelog offset that the values reflect."""
    return "HSET", META, ["changelog", offset]
