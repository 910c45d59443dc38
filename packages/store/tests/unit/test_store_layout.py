"""What Python and Lua must agree upon: the verdicts, the order of the keys, and a script's name."""

import hashlib
import re

from clientward_store.keys import Keys
from clientward_store.scripts import (
    DUE,
    META,
    OUTBOX,
    RESTORED,
    VALUES,
    WRITE,
    Reply,
    Verdict,
    changelog_command,
    reply_of,
    script,
)


def test_verdicts_are_those_that_the_script_returns():
    """Refused where the owner or the tip is another, repeated where the commit is there, moved by the changelog's offset."""
    assert [*map(int, re.findall(r"return reply\((\d)\)", WRITE))] == [
        Verdict.REFUSED,
        Verdict.REPEATED,
        Verdict.REFUSED,
        Verdict.MOVED,
        Verdict.WRITTEN,
    ]
    assert [verdict.value for verdict in (Verdict.REFUSED, Verdict.WRITTEN, Verdict.REPEATED, Verdict.MOVED)] == [
        0,
        1,
        2,
        3,
    ]


def test_a_reply_is_verdict_epoch_offset_and_lineage():
    """In the order in which the script returns them."""
    assert reply_of((2, 5, -1, b"")) == Reply(Verdict.REPEATED, 5, -1, b"")
    assert reply_of((0, 7, 9, b"h")) == Reply(Verdict.REFUSED, 7, 9, b"h")


def test_a_commands_key_is_its_place_in_the_keys():
    """Counted from one, as Lua does."""
    assert [Keys._fields[i - 1] for i in (META, VALUES, DUE, OUTBOX, RESTORED)] == [*Keys._fields]
    assert changelog_command(7) == ("HSET", META, ["changelog", 7])


def test_a_script_is_known_by_the_sha1_of_its_text():
    """Which EVALSHA names it by."""
    found = script("return 1")
    assert (found.text, found.sha) == ("return 1", hashlib.sha1(b"return 1", usedforsecurity=False).hexdigest())
