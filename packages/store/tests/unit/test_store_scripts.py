"""How a write is laid out for the script."""

from hypothesis import given
from hypothesis import strategies as st

from clientward_store.scripts import CHUNK, Arg, Command, Guard, arguments, pairs, value_commands


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
