"""The policy: what is read, and how a wrong one is refused."""

from importlib.resources import files
from pathlib import Path

import pytest
from story import courtship, fold, path

from relationship.contract.names import DIMENSIONS
from relationship.core import Core
from relationship.policy.compiled import load_policy, parse_policy
from relationship.policy.file import PolicyError

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")


def test_the_default_policy_reads_and_its_shares_add_up():
    """Every industry has fourteen shares that make 100 points, and thresholds in order."""
    policy = load_policy()
    for industry in range(17):
        trade = policy.trade(industry)
        assert len(trade.shares) == len(DIMENSIONS) == 14
        assert sum(trade.shares) == pytest.approx(10_000)
        assert trade.candidate_down < trade.candidate_up < trade.client_up
        assert trade.client_down < trade.client_up


def test_industries_lean_by_their_prior():
    """A law firm's client is made at fewer points than a grocer's."""
    policy = load_policy()
    law, grocery = (policy.trade(i) for i in (1, 12))
    assert law.client_up < policy.trade(None).client_up < grocery.client_up


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('version = "1"', "", "version"),
        ("client_up = ", "client_upp = ", "client_upp"),
        ("gate = 0.25", "gate = 2.5", "gate"),
        ("law              =", "lawyer =", "law"),
        ("goods        = { bought", "goods        = { brought", "brought"),
        ("onboarding   =", "on_boarding =", "onboarding"),
        ("candidate_down = ", "candidate_down = 9", "candidate_down"),
        ("[lapse]", "[lapse", "line"),
        ("sla_met        =", "sla_mett =", "sla_met"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(old, new, place):
    """The error is one line that names the file and what is wrong where."""
    assert old in TEXT
    with pytest.raises(PolicyError) as error:
        parse_policy(TEXT.replace(old, new, 1), "mine.toml")
    assert str(error.value).startswith("policy mine.toml: ")
    assert place in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named():
    """A path that is not there is a PolicyError, not a traceback."""
    with pytest.raises(PolicyError, match=r"nowhere\.toml"):
        load_policy(Path("nowhere.toml"))


def test_the_cost_of_a_mistake_moves_the_thresholds():
    """Where a false client costs twice a missed one, a client is made later by the policy's points."""
    dear = parse_policy(TEXT.replace("false_client = 1.0", "false_client = 2.0"), "dear")
    assert dear.trade(None).client_up - load_policy().trade(None).client_up == 400


def test_another_policy_decides_otherwise_and_names_itself():
    """Thresholds out of reach make no client, and the decision carries the policy's id and version."""
    strict = TEXT.replace('id = "clientward-default"', 'id = "strict"').replace("client_up = 52.0", "client_up = 99.0")
    _, decisions = fold(courtship(), Core(parse_policy(strict, "strict")))
    assert "client" not in path(decisions)
    assert decisions[0]["policy"] == {"id": "strict", "version": "1"}
