"""How a write is laid out for the script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientward_store.keys import Keys
from clientward_store.scripts import (
    CHUNK,
    DUE,
    META,
    OUTBOX,
    RESTORED,
    VALUES,
    WRITE,
    Arg,
    Command,
    Guard,
    Reply,
    Verdict,
    arguments,
    changelog_command,
    pairs,
    reply_of,
    script,
    value_commands,
)


def read_back(flat: list[Arg]) -> list[tuple[Arg, Arg, list[Arg]]]:
    """Read the commands as the script does."""
    at, found = 4, []
    while at < len(flat):
        name, key, count = flat[at : at + 3]
        assert isinstance(count, int)
        found.append((name, key, flat[at + 3 : at + 3 + count]))
        at += 3 + count
    return found


@given(st.lists(st.tuples(st.sampled_from(["HSET", "HDEL"]), st.integers(1, 5), st.lists(st.binary(max_size=3)))))
def test_the_script_reads_what_was_laid_out(commands: list[Command]) -> None:
    """Commands come back in order; those without arguments are left out, since Redis would refuse them."""
    assert read_back(arguments(Guard(), commands)) == [(n, k, list(a)) for n, k, a in commands if a]


def test_long_commands_are_cut_below_luas_limit() -> None:
    """No command is longer than Lua can unpack, pairs stay together, and nothing is lost."""
    args = pairs((b"%d" % number, b"v") for number in range(CHUNK))
    found = read_back(arguments(Guard(), [("HSET", 2, args)]))
    assert [len(part) for _, _, part in found] == [CHUNK, CHUNK]
    assert CHUNK % 2 == 0
    assert [arg for _, _, part in found for arg in part] == args


def test_values_are_set_or_deleted() -> None:
    """None deletes; an empty value is a value."""
    (_, _, put), (_, _, gone) = value_commands({b"a": b"", b"b": None})
    assert put == [b"a", b""]
    assert gone == [b"b"]


def test_each_key_is_named_by_its_place_among_the_scripts_keys() -> None:
    """Counted from one, as Lua does, in the order in which the script gets them."""
    names = [(META, "meta"), (VALUES, "values"), (DUE, "due"), (OUTBOX, "outbox"), (RESTORED, "restored")]
    assert [(at, Keys._fields[at - 1]) for at, _ in names] == names


def test_a_write_begins_with_what_it_expects() -> None:
    """Owner, last commit, this commit and changelog offset, as the script compares them; then the commands."""
    guard = Guard(owner=b"o", tip=b"t", next_tip=b"n", changelog="7")
    assert arguments(guard, [("HSET", META, ["f", "v"])]) == [b"o", b"t", b"n", "7", "HSET", 1, 2, "f", "v"]
    assert arguments(Guard(), []) == [b"", b"", b"", ""]


@pytest.mark.parametrize(("count", "parts"), [(4_000, [4_000]), (4_001, [4_000, 1]), (8_001, [4_000, 4_000, 1])])
def test_a_command_is_cut_where_lua_could_unpack_no_more(count: int, parts: list[int]) -> None:
    """Four thousand arguments are one command; the first beyond begins another of the same name and key."""
    found = read_back(arguments(Guard(), [("HDEL", VALUES, [b"%d" % at for at in range(count)])]))
    assert [(name, key, len(part)) for name, key, part in found] == [("HDEL", VALUES, size) for size in parts]


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [(0, Verdict.REFUSED), (1, Verdict.WRITTEN), (2, Verdict.REPEATED), (3, Verdict.MOVED)],
)
def test_a_reply_says_what_was_done_and_what_was_found(raw: int, verdict: Verdict) -> None:
    """The verdict, the epoch, the changelog offset and the lineage."""
    assert reply_of((raw, 5, -1, b"h")) == Reply(verdict, epoch=5, changelog=-1, lineage=b"h")
    assert f"return reply({raw})" in WRITE


def test_a_script_is_known_by_its_sha_1() -> None:
    """As Redis computes it of the same text."""
    assert script("return 1") == ("return 1", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")


def test_the_changelog_offset_is_a_field_of_the_meta_hash() -> None:
    """Under the name that both scripts read."""
    assert changelog_command(9) == ("HSET", META, ["changelog", 9])


def test_no_more_than_what_changes_is_a_command() -> None:
    """Values that are all set, or all deleted, are one command with arguments and one without, which is left out."""
    flat = [read_back(arguments(Guard(), value_commands(values))) for values in ({b"a": b"1"}, {b"a": None}, {})]
    assert flat == [[("HSET", VALUES, [b"a", b"1"])], [("HDEL", VALUES, [b"a"])], []]
