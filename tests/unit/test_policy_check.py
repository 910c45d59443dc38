"""Checking a policy: every mistake with its line, its field and what is wrong."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cli.main import run
from relationship.contract.names import DIMENSIONS
from relationship.policy.check import Mistake, mistakes_in
from relationship.policy.schema import policy_schema
from relationship.policy.text import entries, line_of, split

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
SCHEMA = Draft202012Validator(policy_schema())
# What stands in the file, what stands there instead, the field of the mistake, and words of its text.
MISTAKES = [
    ("gate = 0.25", "gate = 2.5", "thresholds.gate", "<= 1.0"),
    ("gate = 0.25", "gate = '0.25'", "thresholds.gate", "expected number, got str"),
    ("client_width = 6.0", "client_width = inf", "confidence.client_width", "expected number"),
    ("[stays]", "[stayz]", "stayz", "known are id, version"),
    ('version = "1"', "", "version", "is missing"),
    ("longest = 730.0", "", "lapse.longest", "is missing"),
    ("tempo = 0.7, weights", "tempo = 0, weights", "industries.financial_advice.tempo", "> 0.0"),
    ("trust = 1.2 }", "trst = 1.2 }", "industries.financial_advice.weights.trst", "is no dimension"),
    ("law              =", "lawyer =", "industries.lawyer", "known are consulting"),
    ("law              =", "lawyer =", "industries.law", "is missing"),
    ("goods        = { bought", "goods = { brought", "signals.purchase.goods.brought", "is no dimension"),
    (
        "goods        = { bought = -1.0",
        "goods = { bought = nan",
        "signals.purchase.goods.bought",
        "a number from -1000",
    ),
    ("[0.7, 0.3]", "[0.7, -0.3]", "signals.purchase.service.bought", "two numbers from 0"),
    ("[0.7, 0.3]", "[0.7, 1000.1]", "signals.purchase.service.bought", "two numbers from 0 to 1000"),
    (
        "goods        = { bought = -1.0",
        "goods = { bought = -1000.1",
        "signals.purchase.goods.bought",
        "from -1000 to 1000",
    ),
    (
        "goods        = { bought = -1.0",
        "goods = { bought = 1000.1",
        "signals.purchase.goods.bought",
        "from -1000 to 1000",
    ),
    ("client_down = 48.0", "client_down = 52.0", "thresholds.client_down", "must be below client_up"),
    ("[0.7, 0.3]", "[0.7]", "signals.purchase.service.bought", "length 2, got 1"),
    ("candidate_up = 36.0", "candidate_up = 27.0", "thresholds.candidate_down", "must be below candidate_up"),
    ("false_client = 1.0", "false_client = 0", "costs.false_client", "> 0.0"),
]


@pytest.mark.parametrize(("old", "new", "field", "words"), MISTAKES)
def test_a_mistake_is_told_with_line_and_field(old, new, field, words):
    """The line is that of the text that was changed, or of the table in which something is missing."""
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    mistake = next(each for each in mistakes_in(text) if ".".join(each.path) == field)
    assert words in mistake.text
    assert str(mistake).startswith(f"line {mistake.line}: {field}: ")
    changed = 1 + TEXT[: TEXT.index(old)].count("\n")
    if words == "is missing":
        table = field.rpartition(".")[0]
        assert mistake.line == (1 + TEXT[: TEXT.index(f"\n[{table}]") + 1].count("\n") if table else 1)
    elif not words.startswith("must be below"):
        assert mistake.line == changed


def test_every_mistake_is_told_at_once():
    """One look lists them all, in the order of the lines."""
    text = TEXT.replace("gate = 0.25", "gate = 2").replace("line_gap = 30", "line_gap = 0").replace("[costs]", "[cost]")
    found = mistakes_in(text)
    assert {".".join(each.path) for each in found} == {"cost", "costs", "thresholds.gate", "shape.line_gap"}
    assert [each.line for each in found] == sorted(each.line for each in found)


def test_text_that_is_no_toml_is_told_with_its_line():
    """The parser's own words, with the line where it gave up."""
    (mistake,) = mistakes_in(TEXT.replace("[lapse]", "[lapse", 1))
    assert mistake.line == 1 + TEXT[: TEXT.index("[lapse]")].count("\n")
    assert mistake.text.startswith("no TOML: ")


def test_no_weights_at_all_are_a_mistake():
    """A policy in which nothing weighs anything would divide by nothing."""
    lines = [line.replace("weight = ", "weight = 0 * ") if "half_life" in line else line for line in TEXT.splitlines()]
    text = "\n".join(lines)
    for number in ("6.0", "16.0", "12.0", "13.0", "3.0", "8.0", "7.0", "4.0"):
        text = text.replace(f"weight = 0 * {number}", "weight = 0")
    assert {each.text for each in mistakes_in(text)} == {"no dimension weighs anything there"}


def test_a_trade_in_which_nothing_weighs_anything_is_a_mistake_of_its_own():
    """Its factors may take from every dimension its weight: that too would divide by nothing."""
    zeros = ", ".join(f"{name} = 0" for name in DIMENSIONS)
    head = next(line for line in TEXT.splitlines() if line.startswith("insurance "))
    nothing = f"{head[: head.index('weights = ')]}weights = {{ {zeros} }} }}"
    (mistake,) = mistakes_in(TEXT.replace(head, nothing))
    assert mistake.text == "no dimension weighs anything there"
    assert mistake.line == 1 + TEXT.splitlines().index(head)


def test_the_default_policy_has_none():
    """And it passes its JSON Schema, which is one."""
    assert mistakes_in(TEXT) == []
    Draft202012Validator.check_schema(SCHEMA.schema)
    SCHEMA.validate(tomllib.loads(TEXT))


@pytest.mark.parametrize(("old", "new", "field", "words"), MISTAKES)
def test_the_schema_refuses_what_a_type_can_say(old, new, field, words):
    """An editor sees these mistakes too; that bands are bands, and what is finite, only the check can say."""
    data = tomllib.loads(TEXT.replace(old, new, 1))
    beyond = words.startswith("must be below") or "nan" in new
    assert SCHEMA.is_valid(data) == beyond, field


def test_the_committed_schema_is_the_types_own():
    """`contracts/policy.schema.json` is generated: `python -m streams.wire.contracts`."""
    file = Path(__file__).parents[2] / "contracts" / "policy.schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == policy_schema()


def test_places_are_found_in_any_spelling():
    """Dotted and quoted keys, headers with spaces, hashes in strings, and arrays over several lines."""
    text = 'a.b = 1 # one\n# over\n[ x . "y z" ] # two\nk = "#" # three\n"m n" = [\n  [1, 2],\n]\n'
    found = entries(text)
    assert [(each.line, each.path) for each in found] == [
        (1, ("a", "b")),
        (3, ("x", "y z")),
        (4, ("x", "y z", "k")),
        (5, ("x", "y z", "m n")),
    ]
    assert [each.beside for each in found] == ["one", "two", "three", ""]
    assert found[1].above == "over"
    assert line_of(found, ("x", "y z", "m n", "deep")) == 5
    assert line_of(found, ("x", "y z", "none")) == 3
    assert line_of(found, ("none",)) == 1
    assert split("""x = '#' # y # z""") == ("x = '#' ", "y # z")


def test_check_lists_every_mistake_on_a_line(tmp_path, capsys):
    """File, line, field, mistake: one line each on stderr, exit code 1; a good file is named with its version."""
    file = tmp_path / "mine.toml"
    file.write_text(TEXT.replace("gate = 0.25", "gate = 2").replace("line_gap = 30", "line_gap = 0"), encoding="utf-8")
    assert run(["policy", "check", str(file)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["thresholds.gate", "shape.line_gap"]
    assert all(line.startswith(f"{file}:") for line in lines)
    file.write_text(TEXT, encoding="utf-8")
    assert run(["policy", "check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: clientward-default 1 is a policy\n"


@pytest.mark.parametrize(("content", "words"), [(b"\xff", "not UTF-8"), (None, "no such file")])
def test_a_file_that_is_none_is_one_line_and_2(content, words, tmp_path, capsys):
    """Wrong use: what it is and what it should be."""
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    assert run(["policy", "check", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_wrong_policy_of_replay_names_the_first_mistake_and_counts_the_rest(tmp_path, capsys):
    """Wherever a policy is used, its error is one line; a misspelt name is told before the name that is missing."""
    file, story = tmp_path / "mine.toml", tmp_path / "s.jsonl"
    file.write_text(TEXT.replace("client_up = ", "client_upp = ", 1), encoding="utf-8")
    story.write_text("", encoding="utf-8")
    assert run(["replay", "--policy", str(file), str(story)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "client_upp: is not known" in line
    assert "and 1 more" in line


def test_a_number_that_is_whole_is_a_number_all_the_same():
    """`gate = 1` is read as 1.0."""
    assert mistakes_in(TEXT.replace("gate = 0.25", "gate = 1")) == []


def test_a_mistake_of_no_field_in_particular_has_its_line_alone() -> None:
    """Broken TOML has a line and no field."""
    assert str(Mistake(3, (), "is broken")) == "line 3: is broken"
    assert str(Mistake(3, ("stays", "client"), "is missing")) == "line 3: stays.client: is missing"


def test_of_two_entries_that_hold_a_field_the_first_is_its_line() -> None:
    """A key written twice is told where it stands first; a deeper entry is nearer than its table."""
    text = "[stays]\nclient = 1\nclient = 2\n"
    assert line_of(entries(text), ("stays", "client")) == 2
    assert line_of(entries(text), ("stays", "customer")) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0.7, 0.3]", "[0.0, 1000.0]"),
        ("goods        = { bought = -1.0", "goods = { bought = -1000.0"),
        ("goods        = { bought = -1.0", "goods = { bought = 1000.0"),
        ("candidate_up = 36.0", "candidate_up = 28.1"),
    ],
)
def test_what_is_just_allowed_is_no_mistake(old, new):
    """The largest mass, nothing for, and a band as narrow as it may be."""
    assert old in TEXT
    assert mistakes_in(TEXT.replace(old, new, 1)) == []


def test_a_broken_end_is_told_by_the_last_line():
    """Where the parser names no line but the end of the document."""
    (mistake,) = mistakes_in('id = "x"\nversion = "1')
    assert (mistake.line, mistake.path) == (2, ())
    (other,) = mistakes_in("a = 1\n\nb =")
    assert other.line == 3


@pytest.mark.parametrize(
    ("path", "line"),
    [(("b", "c"), 3), (("b", "d"), 4), (("b", "e"), 2), (("b", "d", "x"), 4), (("a",), 1), (("z",), 1), ((), 1)],
)
def test_a_field_is_looked_for_as_deep_as_it_is_written(path, line):
    """The key that holds it, else its table, else the first line; a longer path than asked for is another field's."""
    assert line_of(entries("a = 1\n[b]\nc = 2\nd = { x = 1 }\n[b.c.f]\n"), path) == line
