"""Learning with the library: what is fitted, what folds keep apart, and the command from a history to a policy."""

import math
import re
from collections import defaultdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from random import Random

import numpy as np
import pytest

from cli.main import run
from cli.policy.files import text_of
from relationship.analysis.learning import BORDERS, Example, base_weights, middle
from relationship.contract.names import DIMENSIONS
from relationship.policy.check import mistakes_in
from relationship.policy.compiled import load_policy
from simulator import Rates, simulate, write, write_truth
from views.offline.fitting import STRENGTHS, facts_of, fit, folds, held_out, learn

POLICY = load_policy()
BASE = np.array(base_weights(POLICY))
END = datetime(2025, 6, 1, 12, tzinfo=UTC)


def examples(count, weights, seed=1, border=0.5):
    """Return accounts at random, two labels each, clients by chance the likelier the further above the border."""
    dice, found = Random(seed), []
    for i in range(count):
        values = tuple(dice.random() for _ in DIMENSIONS)
        score = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
        client = dice.random() < 1 / (1 + math.exp(-60 * (score - border)))
        found += [Example(f"a{i}", client=client, values=values, industry=None, open=True)] * 2
    return found


def shares(coefficients):
    """Return coefficients as shares of their sum."""
    return coefficients / coefficients.sum()


def test_the_weights_behind_the_labels_are_found_and_none_is_below_zero():
    """Turned round, the base's weights are recovered from labels by them; what speaks against a client weighs nothing."""
    truth = BASE[::-1].copy()
    found, _ = fit(facts_of(examples(2000, truth), POLICY), 1e-6)
    assert np.abs(shares(found) - shares(truth)).max() < 0.02
    truth[0] = -20.0
    found, _ = fit(facts_of(examples(2000, truth), POLICY), 1e-6)
    assert found[0] == 0.0
    assert (found >= 0.0).all()


def test_where_it_ends_is_the_optimum():
    """From there no small step within the bounds lowers the penalised loss."""
    facts, strength = facts_of(examples(300, BASE), POLICY), 1e-4
    w, b = fit(facts, strength)

    def loss(w, b):
        z = facts.x @ w + b
        steep = w @ facts.base / (facts.base @ facts.base)
        away = w - steep * facts.base
        return np.mean(np.logaddexp(0, z) - facts.y * z) + strength * away @ away

    least, dice = loss(w, b), np.random.default_rng(1)
    steps = dice.normal(scale=0.05, size=(200, len(w) + 1))
    assert all(loss(np.maximum(w + step[:-1], 0), b + step[-1]) >= least - 1e-6 for step in steps)


def test_a_great_strength_leaves_the_bases_proportions():
    """However the labels lie, only the steepness is then learned."""
    found, _ = fit(facts_of(examples(300, BASE[::-1]), POLICY), 1e4)
    assert np.abs(shares(found) - shares(BASE)).max() < 0.002


def test_few_labels_by_the_base_hardly_move_it():
    """Twenty accounts say nothing against the base: the greatest strength is as good as any."""
    learned = learn(examples(20, BASE), POLICY, 1)
    assert learned.strength == STRENGTHS[0]
    assert np.abs(np.array(learned.weights) - BASE).max() < 2


def test_folds_never_part_an_account():
    """Both labels of an account are held out together, and each is held out once."""
    facts = facts_of(examples(100, BASE), POLICY)
    seen = defaultdict(set)
    for i, (fitted, held) in enumerate(folds(facts, 1)):
        assert not set(facts.groups[fitted]) & set(facts.groups[held])
        for row in held:
            seen[facts.groups[row]].add(i)
    assert [len(each) for each in seen.values()] == [1] * 100


def test_held_out_mistakes_tell_a_wrong_base_from_what_was_learned():
    """Labels by other weights and another border: what is learned costs less; every label is counted once."""
    found = examples(400, BASE[::-1], border=0.6)
    judged = held_out(found, POLICY, 1)
    assert judged.after.cost < judged.before.cost
    assert judged.before.actual == judged.after.actual == sum(each.client for each in found)
    assert sum(judged.gains) == pytest.approx(judged.before.cost - judged.after.cost)
    assert len(judged.gains) == 400
    low, high = judged.interval(1)
    assert 0 < low < sum(judged.gains) < high
    assert learn(found, POLICY, 1).border > middle(POLICY)


def test_a_gain_of_few_accounts_may_be_chance():
    """Labels by the base itself: whatever is learned of sixty accounts, its gain's interval does not clear zero."""
    low, _ = held_out(examples(60, BASE), POLICY, 1).interval(1)
    assert low <= 0


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Return the paths of a small simulation's history and truth."""
    folder = tmp_path_factory.mktemp("played")
    simulation = simulate(150, END, seed=403, rates=Rates(0, 0, 0))
    history, truth = folder / "history.jsonl", folder / "truth.jsonl"
    with history.open("wb") as file:
        write(simulation.events(), file)
    with truth.open("wb") as file:
        write_truth(simulation, file)
    return str(history), str(truth)


@pytest.fixture
def too_low(tmp_path):
    """Return a base whose bars are far too low."""
    text = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
    for name, points in zip(BORDERS, (10.0, 6.0, 20.0, 14.0), strict=True):
        text, count = re.subn(rf"^{name} = [0-9.]+", f"{name} = {points}", text, count=1, flags=re.MULTILINE)
        assert count == 1
    base = tmp_path / "base.toml"
    base.write_text(text, encoding="utf-8")
    return base


def test_a_policy_is_learned_from_a_history_and_its_truth(played, too_low, tmp_path, capsys):
    """It is a policy, says what was changed, is reported with its gain, warns of few labels; a seed gives the same bytes."""
    out, base = tmp_path / "learned.toml", ["--base", str(too_low)]
    assert run(["policy", "learn", *played, *base, "--out", str(out)]) == 0
    told = capsys.readouterr()
    text = out.read_text(encoding="utf-8")
    assert mistakes_in(text) == []
    assert ", learned from " in text
    assert "few labels: " in told.err
    assert [line.split()[0] for line in told.out.splitlines()][2:5] == ["version", "duration", "engagement"]
    assert "on held-out accounts  precision  recall" in told.out
    assert re.search(r"gain, a label and year: 0\.\d+, by chance 0\.\d+ to 0\.\d+ \(95 %\)", told.out)
    assert run(["policy", "check", str(out)]) == 0
    capsys.readouterr()
    assert run(["policy", "learn", *played, *base]) == 0
    assert capsys.readouterr().out == text


def test_a_gain_that_may_be_chance_changes_nothing(played, tmp_path, capsys):
    """The base's text comes back byte for byte, and the report says why."""
    out = tmp_path / "learned.toml"
    assert run(["policy", "learn", *played, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "the policy stays as it is" in told
    assert out.read_text(encoding="utf-8") == text_of(Path("default"))


def test_one_class_alone_is_refused(played, tmp_path, capsys):
    """With what is missing, and nothing is written."""
    labels, out = tmp_path / "labels.csv", tmp_path / "learned.toml"
    ids = [f"s403-{i:05}" for i in range(30)]
    labels.write_text("account_id,label\n" + "".join(f"{each},customer\n" for each in ids), encoding="utf-8")
    assert run(["policy", "learn", played[0], str(labels), "--out", str(out)]) == 1
    assert "0 accounts are labelled client: label 10 of each at least" in capsys.readouterr().err
    assert not out.exists()
