"""Changing values of a policy's text: what changes, what its comment says, and that the rest stays byte for byte."""

from importlib.resources import files

import pytest

from relationship.policy.check import mistakes_in
from relationship.policy.edit import Edit, edited
from relationship.policy.file import PolicyError

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
EDITS = [
    Edit(("version",), '"2"'),
    Edit(("thresholds", "client_up"), "50.5"),
    Edit(("dimensions", "trust", "weight"), "9.1"),
    Edit(("dimensions", "loyalty", "weight"), "0.0"),
    Edit(("dimensions", "value", "weight"), "6.00"),
]


def test_only_the_lines_of_changed_values_change():
    """Each says what it was and from how many accounts it was learned, before its old comment; an equal value stays."""
    before, after = TEXT.splitlines(keepends=True), edited(TEXT, EDITS, 1234).splitlines(keepends=True)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    note = "learned from 1,234 accounts"
    version, client_up, trust, loyalty = [new for _, new in changed]
    assert version.startswith(f'version = "2" # was 1, {note}; raised with every change')
    assert client_up.startswith(f"client_up = 50.5 # was 52.0, {note}; half of all that could be shown")
    assert (
        trust
        == f"trust           = {{ weight = 9.1, half_life = 90.0, scale = 1.3,   cap = 1.0 }} # was 13.0, {note}\n"
    )
    assert loyalty.endswith(f"cap = 1.0 }} # was 3.0, {note}; loyal is not client: it weighs least\n")
    assert loyalty.startswith("loyalty         = { weight = 0.0,  half_life = 240.0")
    assert mistakes_in("".join(after)) == []


def test_a_second_learning_replaces_the_first_ones_note():
    """Notes do not pile up: the comment says what the value was just before, and keeps the reason."""
    once = edited(TEXT, EDITS, 1234)
    twice = edited(once, [Edit(("dimensions", "loyalty", "weight"), "1.5"), Edit(("version",), '"3"')], 50)
    (line,) = [each for each in twice.splitlines() if each.startswith("loyalty ")]
    assert line.endswith("} # was 0.0, learned from 50 accounts; loyal is not client: it weighs least")
    assert twice.count("1,234") == 2


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("[dimensions.trust]\r\nweight = 13.0\r\ncap = 1\r\n", "weight = 2.5 # was 13.0, learned from 7 accounts\r\n"),
        ("[dimensions]\ntrust.weight=13 # so\n", "trust.weight=2.5 # was 13, learned from 7 accounts; so\n"),
        ('[dimensions]\ntrust = {"weight" = 1.3e1}', 'trust = {"weight" = 2.5} # was 1.3e1, learned from 7 accounts'),
        (
            "dimensions = {trust = {weight=13, cap=1}} # '\n",
            "= {weight=2.5, cap=1}} # was 13, learned from 7 accounts; '",
        ),
    ],
)
def test_a_value_is_found_however_it_is_written(text, changed):
    """In a table of its own, dotted, quoted, in an inline table, with any line end."""
    assert changed in edited(text, [Edit(("dimensions", "trust", "weight"), "2.5")], 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[dimensions.loyalty]\nweight = 1\n", "dimensions.trust.weight is not written in the policy"),
        ("[dimensions.trust]\ncap = 1\n", "dimensions.trust.weight is not written in the policy"),
        ("[dimensions]\n", "dimensions.trust.weight is not written in the policy"),
        ("dimensions = {loyalty = {weight = 1}, trust = {weight = 2.5}}\n", "can be changed as they are written"),
        ("dimensions = {loyalty = {weight = 1}, trust = {weight = 2}}\n", "can be changed as they are written"),
        ("[dimensions.trust]\nweight = [0.7, 0.3]\n", "can be changed as they are written"),
    ],
)
def test_a_value_that_cannot_be_changed_is_named(text, words):
    """Never is another value changed in its stead."""
    with pytest.raises(PolicyError, match=words):
        edited(text, [Edit(("dimensions", "trust", "weight"), "2.5")], 7)


@pytest.mark.parametrize(
    ("comment", "after"),
    [
        ("", "was 13, learned from 7 accounts"),
        (" # so", "was 13, learned from 7 accounts; so"),
        (" # was 9, learned from 1,234 accounts", "was 13, learned from 7 accounts"),
        (" # was 9, learned from 1,234 accounts; so", "was 13, learned from 7 accounts; so"),
        (" # so; was 9, learned from 3 accounts; and so", "was 13, learned from 7 accounts; so; and so"),
        (
            " # was 8, learned from 1 accounts; was 9, learned from 2 accounts",
            "was 13, learned from 7 accounts; was 9, ",
        ),
    ],
)
def test_one_earlier_note_is_replaced(comment, after):
    """Wherever in the comment it stands, and no more than one: what a person wrote stays."""
    edit = Edit(("dimensions", "trust", "weight"), "2.5")
    (line,) = edited(f"[dimensions.trust]\nweight = 13{comment}\n", [edit], 7).splitlines()[1:]
    assert line.startswith(f"weight = 2.5 # {after}")


@pytest.mark.parametrize(
    ("before", "value"), [("2.5", "2.50"), ("25e-1", "2.5"), ('"a"', "'a'"), ("true", "true"), ("1_000", "1000")]
)
def test_a_value_that_is_the_same_stays_as_it_is_written(before, value):
    """However either is written."""
    text = f"[dimensions.trust]\nweight = {before} # so\n"
    assert edited(text, [Edit(("dimensions", "trust", "weight"), value)], 7) == text
