"""Backtest and explain: two policies over a history, and what stood at a moment."""

import json
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from story import CORE, NOW_US, POLICY, courtship, fold, on, profile, purchase, record_of
from variants import variant_text

from cli.main import run
from relationship.analysis.backtest import Courses, bill, otherwise, spans, status_at
from relationship.contract.enums import INDUSTRIES, STATUSES
from relationship.contract.outcome import POLICIES, RECLASSIFIED, Outgoing
from relationship.contract.times import DAY_US, micros
from relationship.policy.compiled import parse_policy
from relationship.replay import Replay
from relationship.timeline.as_of import TooEarlyError, record_at
from relationship.timeline.explain import decision_id
from relationship.timeline.published import ACTIVE, publication

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
STORIES = Path(__file__).parents[2] / "examples" / "stories"
YEAR = round(365.25 * DAY_US)


@pytest.fixture
def files_of(tmp_path):
    """Return the paths of a history of the courtship, and of a policy that makes no client."""
    history, strict = tmp_path / "history.jsonl", tmp_path / "strict.toml"
    lines = [{"topic": topic, "value": msgspec.to_builtins(message)} for topic, message in courtship()]
    for line in lines:
        line["value"] = {name: value for name, value in line["value"].items() if value is not None}
    history.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    strict.write_text(TEXT.replace("client_up = 52.0", "client_up = 99.0"), encoding="utf-8")
    return str(history), str(strict)


def test_courses_are_of_the_decisions_in_force():
    """A decision that a late event undid is not held against a policy."""
    courses, replay = Courses(), Replay(CORE)
    for topic, message in [purchase(10, "second"), purchase(5, "first")]:
        courses.see(replay.fold(topic, message, NOW_US)[1])
    assert courses.of("a") == [(micros(on(5)), "customer")]
    assert courses.of("nobody") == []


def test_spans_cut_time_where_either_course_changes():
    """Each time has one status of each; before the first decision everybody is a prospect."""
    a, b = [(10, "customer"), (30, "client")], [(20, "customer")]
    found = [tuple(span) for span in spans(a, b, 40)]
    assert found == [
        (10, 20, "customer", "prospect"),
        (20, 30, "customer", "customer"),
        (30, 40, "client", "customer"),
    ]
    assert status_at(a, 9) == "prospect"
    assert list(spans([], [], 40)) == []


@pytest.mark.parametrize(
    ("a", "b", "costs"),
    [
        ("client", "candidate", (5.0, 3.0)),
        ("customer", "client", (3.0, 5.0)),
        ("customer", "candidate", (0.0, 0.0)),
    ],
)
def test_a_year_of_difference_costs_one_mistake_or_the_other(a, b, costs):
    """Should A be right, B's mistake; should B be right, A's; where neither says client, nothing."""
    (found,) = otherwise("x", [(0, a)], [(0, b)], YEAR, (3.0, 5.0))
    assert (found.if_a, found.if_b) == pytest.approx(costs)


def test_a_bill_counts_years_of_each_mistake():
    """Against a truth: half a year of a false client, and then a year of a missed one, at their prices."""
    courses = Courses()
    courses.of = {"x": [(0, "client"), (YEAR // 2, "customer")]}.__getitem__
    found = bill({"x": [(0, "customer"), (YEAR // 2, "client")]}, courses, ["x"], 3 * YEAR // 2, POLICY)
    assert (found.false_years, found.missed_years, found.cost) == pytest.approx((0.5, 1.0, 1.5))


def test_backtest_says_who_when_and_at_which_cost(files_of, capsys):
    """The courtship's client is none by the strict policy, from the day it became one to the history's end."""
    history, strict = files_of
    assert run(["policy", "backtest", "default", strict, history, "--json"]) == 0
    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    client = fold(courtship())[1][-1]
    assert (found["since"], found["a"], found["b"]) == (client["effective_at"], "client", "candidate")
    assert found["until"] == on(160).isoformat().replace("+00:00", "Z")
    years = (on(160) - on(0)).days / 365.25
    assert 0 < found["cost_if_a_is_right"] < years
    assert run(["policy", "backtest", "default", strict, history, "--until", "2024-12-01T00:00:00Z"]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 accounts would have been classified otherwise" in out
    assert "2024-12-01" in out


def test_backtest_passes_policy_lines_over(files_of, tmp_path, capsys):
    """Of a log with its policies in it: each of the two decides for all time, and no line is called refused."""
    history, strict = files_of
    assert run(["policy", "backtest", "default", strict, history, "--json"]) == 0
    wanted = capsys.readouterr()
    text = variant_text("2", client_up=1.0, client_down=0.5)
    line = {
        "topic": POLICIES,
        "value": msgspec.to_builtins(publication(POLICY.id, ACTIVE, "2", text, "ops", on(1), on(0))),
    }
    log = tmp_path / "log.jsonl"
    log.write_bytes(msgspec.json.encode(line) + b"\n" + Path(history).read_bytes())
    assert run(["policy", "backtest", "default", strict, str(log), "--json"]) == 0
    assert capsys.readouterr() == wanted


def test_backtest_prices_each_policy_against_a_truth(files_of, tmp_path, capsys):
    """Where the truth is known, each policy's own mistakes are counted in years and priced."""
    history, strict = files_of
    truth = tmp_path / "truth.jsonl"
    truth.write_text('{"account_id": "a", "phases": [["2024-05-01T00:00:00Z", "client"]]}\n', encoding="utf-8")
    assert run(["policy", "backtest", "default", strict, history, "--truth", str(truth)]) == 0
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert lines[0].split()[:3] == ["by", "the", "truth"]
    assert float(lines[1].split()[-1]) < float(lines[2].split()[-1])
    truth.write_text('{"account_id": "a"}\n', encoding="utf-8")
    assert run(["policy", "backtest", "default", strict, history, "--truth", str(truth)]) == 2
    assert f"{truth}:1: " in capsys.readouterr().err


def test_what_stood_then_is_what_was_told_then():
    """Right after each decision, and right before it, the record as of that moment has the status of that time."""
    replay, decisions = fold([*courtship(), purchase(1000)])
    record = record_of(replay)
    before = "prospect"
    for decision in decisions:
        t = micros(msgspec.convert(decision["effective_at"], type(on(0))))
        then, earlier = record_at(record, t, POLICY), record_at(record, t - 1, POLICY)
        assert STATUSES[then.record.head.effective_status] == decision["to"]
        assert STATUSES[earlier.record.head.effective_status] == before
        assert decision_id("a", then.record.decisions[-1]) == decision["event_id"]
        before = decision["to"]


def test_what_stood_after_everything_is_what_stands():
    """As of the last event the record's account is the one that is kept."""
    record = record_of(fold(courtship())[0])
    then = record_at(record, record.newest, POLICY)
    assert then.record.head == record.head
    assert then.cause is not None


def test_before_the_history_kept_nothing_is_said():
    """Events that are folded together cannot be told apart: the moment from which they can is named."""
    record = record_of(fold([purchase(i / 10, f"p{i}") for i in range(900)])[0])
    assert record.base is not None
    with pytest.raises(TooEarlyError, match="name a later time"):
        record_at(record, record.base.t - 1, POLICY)


def test_explain_shows_what_stood_then(capsys):
    """The household was a candidate the day before it became a client; why and what next are of that day."""
    story = str(STORIES / "insurance-household-growing.jsonl")
    arguments = ["explain", "household-lindqvist", story, "--at", "2022-08-13T00:00:00Z"]
    assert run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["state"]["status"], found["state"]["since"]) == ("candidate", "2022-08-09T13:00:00Z")
    assert found["why"].startswith("From customer to candidate: ")
    assert "would make it a client" in found["what_next"]
    assert all(event["at"] <= "2022-08-13" for event in found["events"])
    assert run(arguments) == 0
    assert "candidate since 2022-08-09" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["household-lindqvist", "--at", "2020-01-01T00:00:00Z"], 1, "no event of household-lindqvist by 2020"),
        (["nobody", "--at", "2023-01-01T00:00:00Z"], 1, "no account nobody in "),
        (["household-lindqvist", "--at", "2023-01-01"], 2, "--at '2023-01-01' is no time"),
    ],
)
def test_what_cannot_be_explained_is_one_line(arguments, code, words, capsys):
    """A moment too early, an id that is not there, a time without an offset."""
    story = str(STORIES / "insurance-household-growing.jsonl")
    assert run(["explain", arguments[0], story, *arguments[1:]]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_only_decisions_make_a_course():
    """A state, an audit entry and a tombstone say nothing of it; who had a decision has one, with its industry."""
    courses = Courses()
    (topic, message), (_, told) = purchase(1), profile(0)
    replay = Replay(CORE)
    courses.see(replay.fold(*profile(0), NOW_US)[1])
    assert courses.accounts() == set()
    courses.see([Outgoing(RECLASSIFIED, "gone", None, "e", "t")])
    courses.see(replay.fold(topic, message, NOW_US)[1])
    assert courses.accounts() == {"a"}
    assert courses.industries == {"a": INDUSTRIES.index(told.industry)}


def test_spans_end_with_the_time_asked_for():
    """A change at that very time, or later, begins none."""
    a = [(10, "customer"), (40, "client"), (50, "lapsed")]
    assert [tuple(span) for span in spans(a, [], 40)] == [(10, 40, "customer", "prospect")]
    assert [tuple(span) for span in spans(a, [], 41)][-1] == (40, 41, "client", "prospect")
    assert status_at(a, 40) == "client"
    assert status_at(a, 39) == "customer"


def test_a_bill_adds_up_over_accounts_by_the_costs_of_each_trade():
    """Two accounts, half a year of a false client at 3, a quarter of a missed one at 5 each; agreement costs nothing."""
    dear = parse_policy(
        TEXT.replace("false_client = 1.0", "false_client = 3.0").replace("missed_client = 1.0", "missed_client = 5.0"),
        "dear",
    )
    truth = [(0, "customer"), (YEAR // 2, "client"), (YEAR, "client")]
    decided = [(0, "client"), (YEAR // 2, "customer"), (3 * YEAR // 4, "client")]
    courses = Courses()
    courses.of = dict.fromkeys("xy", decided).__getitem__
    found = bill(dict.fromkeys("xy", truth), courses, "xy", 2 * YEAR, dear)
    assert found == pytest.approx((1.0, 0.5, 2 * (0.5 * 3 + 0.25 * 5)))


def test_a_bill_has_no_cost_where_neither_says_client():
    """A candidate taken for a customer is no mistake that costs; nor is a client whom both know."""
    courses, replay = Courses(), Replay(CORE)
    for topic, message in courtship():
        courses.see(replay.fold(topic, message, NOW_US)[1])
    (account,) = courses.accounts()
    told = courses.of(account)
    until = told[-1][0] + YEAR
    free = bill({account: told}, courses, [account], until, POLICY)
    assert (free.false_years, free.missed_years, free.cost) == (0.0, 0.0, 0.0)
    others = [(at, "customer" if status == "candidate" else status) for at, status in told]
    also = bill({account: others}, courses, [account], until, POLICY)
    assert (also.false_years, also.missed_years, also.cost) == (0.0, 0.0, 0.0)
