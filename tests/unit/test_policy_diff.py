"""Comparing policies: every value that differs, with its unit; and the pages and the diagram that are generated."""

import json
from importlib.resources import files

import pytest

from cli.main import run
from relationship.classify import diagram
from relationship.classify.transitions import RULES
from relationship.policy import page as policy_page
from relationship.policy.compiled import load_policy, parse_policy
from relationship.policy.diff import differences
from relationship.policy.page import NoReasonError, page
from relationship.policy.units import unit_of, values_of

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
CHANGED = (
    TEXT.replace("client_up = 52.0", "client_up = 56.0")
    .replace("tempo = 0.7, weights", "tempo = 0.9, weights")
    .replace("[0.7, 0.3]", "[0.6, 0.4]")
    .replace("telecom          = {", "telecom = { false_client = 3.0,")
)


def test_every_value_that_differs_is_listed_with_both_and_its_unit():
    """In the order of the file; what a policy does not set is None."""
    found = differences(load_policy().source, parse_policy(CHANGED, "b").source)
    assert [(".".join(each.path), each.before, each.after) for each in found] == [
        ("thresholds.client_up", 52.0, 56.0),
        ("signals.purchase.service.bought", [0.7, 0.3], [0.6, 0.4]),
        ("industries.financial_advice.tempo", 0.7, 0.9),
        ("industries.telecom.false_client", None, 3.0),
    ]
    assert found[0].unit == "points of the score, 0-100"
    assert all(each.unit for each in found)


def test_equal_policies_do_not_differ():
    """A copy, and one with other comments only, are the same."""
    same = "\n".join(line.partition(" # ")[0] for line in TEXT.splitlines())
    assert differences(load_policy().source, parse_policy(same, "same").source) == []


def test_every_value_has_a_unit():
    """No number of the policy stands without one; scales that are no mass say what they count."""
    paths = [path for path, _ in values_of(load_policy().source)]
    assert len(paths) > 200
    assert [path for path in paths if not unit_of(path)] == []
    assert unit_of(("dimensions", "service", "scale")).startswith("hours of people's time")


def test_diff_prints_columns_or_json(tmp_path, capsys):
    """Both name the value, A's, B's and the unit; equal policies are said to be so."""
    other = tmp_path / "b.toml"
    other.write_text(CHANGED, encoding="utf-8")
    assert run(["policy", "diff", "default", str(other)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["value", "A", "B", "unit"]
    assert lines[1].split(maxsplit=3) == ["thresholds.client_up", "52.0", "56.0", "points of the score, 0-100"]
    assert run(["policy", "diff", "default", str(other), "--json"]) == 0
    (first, *_) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["path"], first["before"], first["after"]) == ("thresholds.client_up", 52.0, 56.0)
    assert run(["policy", "diff", "default", "default"]) == 0
    assert "the same, value by value" in capsys.readouterr().out


@pytest.mark.parametrize("module", [policy_page, diagram])
def test_a_generated_page_is_up_to_date(module, tmp_path, capsys):
    """docs/policy.md and docs/statuses.md are what the policy and the rules say; a page that is not is told."""
    assert module.main(["--check"]) == 0
    copy = tmp_path / "page.md"
    assert module.main([str(copy)]) == 0
    assert copy.read_text(encoding="utf-8") == module.GENERATOR.target.read_text(encoding="utf-8")
    copy.write_text("old", encoding="utf-8")
    assert module.main([str(copy), "--check"]) == 1
    assert f"python -m {module.__name__}" in capsys.readouterr().err


def test_a_value_without_a_reason_makes_no_page():
    """The comment beside a value or above it is its reason, and has to be there."""
    with pytest.raises(NoReasonError, match=r"line \d+: thresholds\.gate has no reason"):
        page("\n".join(line.partition(" # ")[0] if "gate = " in line else line for line in TEXT.splitlines()))


def test_the_page_has_every_value_s_row():
    """Each name of each table stands at the beginning of a row, with its reason at the end."""
    text = page(TEXT)
    for name in ("candidate_up", "bot_business", "engagement", "planning", "ours_unanswered", "telecom", "webinar"):
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")][:1]
        assert len(row.split(" | ")[-1]) > 10
    assert "| `contract` | retainer 1, engagement 0.9, policy 0.5, subscription 0.35 |" in text


def test_the_diagram_has_every_rule_and_the_lapse():
    """Each rule is an arrow and a row; every status but lapsed can lapse; an override is a row."""
    text = diagram.page()
    for row in diagram.rows(load_policy()):
        assert f"| {row.source} | {row.target} | {row.direction} | {row.says} |" in text
    assert text.count(" --> ") == len(RULES) + 4 + 1
    assert text.count(": lapse") == 4
