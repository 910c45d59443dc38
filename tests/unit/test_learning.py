"""Learning without the library: examples, how they stand, the border of least cost, and the text that comes of it."""

import tomllib
from collections import deque
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from story import CORE, POLICY, command, courtship, fold, meeting, on, profile, purchase, record_of

from cli.main import run
from cli.policy.files import text_of
from cli.policy.learn import print_unused
from relationship.analysis.learning import (
    LEARNED,
    Example,
    Mistakes,
    Standing,
    base_weights,
    best_border,
    edits,
    example_of,
    features,
    middle,
    mistakes,
    scaled,
    shift,
    standing,
    version_of,
)
from relationship.classify.transitions import read
from relationship.contract.enums import INDUSTRIES
from relationship.contract.names import DIMENSIONS
from relationship.contract.times import micros
from relationship.policy.compiled import Policy, parse_policy
from relationship.policy.edit import edited
from relationship.replay import run as fold_all
from views.offline.examples import examples_of
from views.offline.labels import Label

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
WEIGHTS = base_weights(POLICY)


def stands(*points, client, price=1.0):
    """Return standings at these points."""
    return [Standing(each, client=client, open=True, price=price) for each in points]


def test_an_example_is_the_reading_the_rules_would_look_at():
    """Its points by the base's weights are the score less the trade's shift, up to the rounding of contributions."""
    head = record_of(fold(courtship())[0]).head
    example = example_of("a", head, POLICY, client=True)
    reading = read(head, POLICY)
    assert (example.values, example.open) == (tuple(reading.values), True)
    found = standing(example, WEIGHTS, POLICY)
    assert found.points == pytest.approx(reading.score / 100 - shift(head.industry, POLICY), abs=0.07)
    assert (found.points >= middle(POLICY)) == (
        reading.score >= (reading.trade.client_up + reading.trade.client_down) / 2
    )


def test_a_calibrated_base_is_learned_from_as_it_scores():
    """What the firm's events cannot say weighs nothing in an example's points either, and its bar is in the shift."""
    firm = "\n[firm]\nbar = 3.0\n[firm.coverage]\ntrust = 0.0\ndialogue = 0.3\nneeds = 0.5\n"
    own = parse_policy(TEXT + firm, "own")
    head = record_of(fold(courtship())[0]).head
    reading, found = read(head, own), standing(example_of("a", head, own, client=True), base_weights(own), own)
    assert shift(head.industry, own) == pytest.approx(shift(head.industry, POLICY) + 3.0)
    assert found.points == pytest.approx(reading.score / 100 - shift(head.industry, own), abs=0.07)
    assert reading.score != read(head, POLICY).score


def test_gate_and_tenure_close_an_example_whatever_its_points():
    """A buyer shows nothing of a relationship; who came yesterday is not known long enough."""
    buyer = record_of(fold([profile(0), *(purchase(day) for day in range(1, 90, 7))])[0]).head
    fresh = record_of(fold([profile(0), meeting(0.1), meeting(1), meeting(2)])[0]).head
    assert not example_of("a", buyer, POLICY, client=False).open
    assert not example_of("a", fresh, POLICY, client=False).open


@pytest.mark.parametrize("industry", [None, *range(len(INDUSTRIES))])
def test_features_put_the_border_at_one_place_in_every_trade(industry):
    """An account exactly on its trade's border has by the base's weights the same sum of features in every trade."""
    level = (middle(POLICY) + shift(industry, POLICY)) / 100
    example = Example("a", client=True, values=(level,) * len(DIMENSIONS), industry=industry, open=True)
    total = sum(w * x for w, x in zip(WEIGHTS, features(example, POLICY), strict=True)) / sum(WEIGHTS)
    assert total == pytest.approx(middle(POLICY) / 100)
    assert standing(example, WEIGHTS, POLICY).points == pytest.approx(middle(POLICY))


def test_a_mistake_costs_what_the_trade_says():
    """Missed and false clients at their prices; what is not open is never told."""
    text = TEXT.replace("false_client = 1.0", "false_client = 3.0")
    dear = parse_policy(text, "dear")
    everything = Example("a", client=False, values=(1.0,) * len(DIMENSIONS), industry=None, open=True)
    found = [standing(each, WEIGHTS, dear) for each in (everything, everything._replace(client=True, open=False))]
    assert mistakes(found, 50.0) == Mistakes(0, 1, 1, 4.0)
    assert mistakes(stands(60, client=True), 50.0) == Mistakes(1, 1, 1, 0.0)


def test_the_border_is_the_middle_of_the_widest_stretch_of_least_cost():
    """Between the classes where they part; nearer to where the dearer mistake is avoided where they do not."""
    apart = [*stands(20, 30, client=False), *stands(40, 70, client=True)]
    assert best_border(apart, POLICY) == pytest.approx(35)
    mixed = [*stands(30, 58, client=False), *stands(45, 60, client=True)]
    cheap = best_border(mixed, POLICY)
    dear = best_border([each._replace(price=1.0 if each.client else 5.0) for each in mixed], POLICY)
    assert cheap == pytest.approx(37.5)
    assert dear == pytest.approx(59)
    assert best_border([Standing(99, client=False, open=False, price=1.0), *apart], POLICY) == pytest.approx(35)


def test_the_border_stays_where_none_costs_less():
    """Labels that the base's border parts already are no reason to move it; nor is a client whom the gate keeps out."""
    parted = [*stands(20, 30, client=False), *stands(90, client=True)]
    shut = Standing(95, client=True, open=False, price=1.0)
    assert best_border(parted, POLICY) == middle(POLICY)
    assert best_border([*parted, shut], POLICY) == middle(POLICY)
    assert best_border([], POLICY) == middle(POLICY)
    # Between a client and a customer of the same points no border fits, however little it would cost.
    alike = [Standing(20, client=client, open=True, price=1.0) for client in (False, True)]
    assert best_border(alike, POLICY) == middle(POLICY)


def test_the_border_keeps_all_thresholds_within_the_score():
    """However low or high the points are, `candidate_down` is not below 0 nor `client_up` above 100."""
    for found in (stands(1, 2, client=True), stands(97, 99.9, client=False), []):
        text = edited(TEXT, edits(WEIGHTS, best_border(found, POLICY), POLICY), 9)
        assert parse_policy(text, "moved").source.thresholds.gate == 0.25


def test_weights_have_the_bases_sum():
    """In proportion to the coefficients, to a tenth; where nothing was found the base's stay."""
    found = scaled([2.0, 0.0, *([1.0] * 12)], POLICY)
    assert sum(found) == pytest.approx(sum(WEIGHTS), abs=0.7)
    assert found[:3] == (14.3, 0.0, 7.1)
    assert scaled([0.0] * 14, POLICY) == WEIGHTS


def test_what_is_written_is_a_policy_with_the_bands_it_had():
    """All four thresholds move by as much, the weights are the new ones, and the version tells it from others."""
    weights = (*WEIGHTS[1:], 1.0)
    text = edited(TEXT, edits(weights, 40.04, POLICY), 321)
    after: Policy = parse_policy(text, "after")
    t = after.source.thresholds
    assert (t.client_up, t.client_down, t.candidate_up, t.candidate_down) == (42.0, 38.0, 26.0, 18.0)
    assert base_weights(after) == weights
    assert after.version.startswith("1" + LEARNED)
    again = edits(WEIGHTS, 41.0, after)
    assert version_of(after.version, again).count(LEARNED) == 1
    assert version_of(after.version, again) != after.version
    assert len(version_of("v" * 32, again)) == 32
    assert edits(WEIGHTS, middle(POLICY), POLICY) == []
    assert tomllib.loads(text)["signals"] == tomllib.loads(TEXT)["signals"]


def test_labels_meet_the_history_at_their_moments(capsys):
    """The courtship is read as it stood then; whoever cannot be read is told by line, and the rest goes on."""
    told = [*courtship(), purchase(1, "p", "b"), purchase(1, "q", "gone"), command(2, "merge", "m", "gone", into="a")]
    run_, _ = fold_all(CORE, told, 0)
    early, late = micros(on(65)), micros(on(900))
    labels = [
        Label(2, "a", "customer", early),
        Label(3, "a", "client", None),
        Label(4, "a", "client", late),
        Label(5, "b", "lapsed", None),
        Label(6, "b", "customer", micros(on(0))),
        Label(7, "nobody", "client", None),
        Label(8, "gone", "client", None),
    ]
    found = examples_of(run_, labels, POLICY)
    print_unused(Path("labels.csv"), found.unused)
    customer, client, after, lapsed = found.examples
    assert (found.accounts, found.lapsed) == (2, 0)
    assert (customer.client, client.client, lapsed.client) == (False, True, False), "the base has not seen b lapse"
    assert sum(customer.values) < sum(client.values)
    assert after.client
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "labels.csv:6: b: no event by then; left out",
        "labels.csv:7: nobody: no such account in the history; left out",
        "labels.csv:8: gone: merged into a: label that one; left out",
    ]
    deque(run_.run_until(micros(on(3_000)), 0), maxlen=0)
    found = examples_of(run_, labels[3:4], POLICY)
    assert (found.examples, found.lapsed) == ([], 1), "now it has, and no score has a part in it"


def test_too_few_accounts_and_the_base_itself_are_refused(tmp_path, monkeypatch, capsys):
    """One class alone teaches nothing; and what is learned is not written over what it began with."""
    monkeypatch.setattr("cli.policy.learn.find_spec", lambda _name: object())
    history, labels, base = tmp_path / "h.jsonl", tmp_path / "l.csv", tmp_path / "base.toml"
    history.write_bytes(
        b"".join(
            msgspec.json.encode(
                {"topic": topic, "value": {k: v for k, v in msgspec.to_builtins(each).items() if v is not None}}
            )
            + b"\n"
            for topic, each in courtship()
        )
    )
    labels.write_text("account_id,label\na,client\n", encoding="utf-8")
    base.write_text(TEXT, encoding="utf-8")
    assert run(["policy", "learn", str(history), str(labels)]) == 1
    counted, refused = capsys.readouterr().err.splitlines()
    assert counted.startswith("1 labels of 1 accounts: 1 client, 0 not; 0 lapsed left out")
    assert "1 accounts are labelled client: label 10 of each at least" in refused
    assert run(["policy", "learn", str(history), str(labels), "--base", str(base), "--out", str(base)]) == 2
    assert "is the base" in capsys.readouterr().err


def test_the_bases_text_is_read_as_it_is(tmp_path):
    """Line ends too; without a file of that name `default` is the package's own."""
    file = tmp_path / "base.toml"
    file.write_bytes(b"a = 1\r\n")
    assert text_of(file) == "a = 1\r\n"
    assert text_of(Path("default")) == TEXT
