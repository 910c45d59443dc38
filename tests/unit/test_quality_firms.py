"""Quality at firms: folded as the core decides, counted right, no teacher sees what is kept out, and the page says it."""

import json
import sys
from math import inf
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from quality.courses import END, Course, course_of
from quality.firms import calibrating, figures, measuring
from quality.firms.__main__ import main
from quality.firms.files import write_events, write_labels
from quality.firms.folding import END_US, FoldError, Told, heard, told
from quality.firms.learning import drawn
from quality.firms.page import firm_aims, section
from quality.firms.reported import ROWS
from quality.firms.tried import short
from quality.report import table
from relationship.contract.outcome import RECLASSIFIED
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from simulator.firms import FIRMS, GROUPS, HELDOUT, KINDS, TUNING, Base
from streams.config.settings import Settings
from views.offline.event_file import EventReader, fold

POLICY = load_policy()
KIND_NAMES = ("advised_monthly", "gardened", "notice_worked_off", "box_by_quiz", "bought_once", "waits_for_a_permit")


@pytest.fixture(scope="module")
def base():
    """Return two accounts of a few kinds."""
    return Base([KINDS[name] for name in KIND_NAMES], per_kind=2, seed=5, end=END)


def judged(base, *standings):
    """Return the base's first accounts as told to stand so, each (status, confidence)."""
    return [
        Told(Course(truth, ()), status, 50.0, confidence)
        for truth, (status, confidence) in zip(base.truths, standings, strict=False)
    ]


@pytest.mark.parametrize("firm", ["every field", "bare", "a fifth logged", "taken over"])
def test_one_step_decides_what_the_replay_decides_message_by_message(base, firm):
    """The courses and the final standings are those of the replay that `clientward replay` runs."""
    accounts = heard(base, FIRMS[firm])
    replay, sent = Replay(Core(POLICY)), []
    for account in accounts:
        for topic, message in account.messages:
            sent += replay.fold(topic, message, 0)[1]
    sent += replay.run_until(END_US, 0)
    standing = {state.account_id: state for state in replay.states(POLICY)}
    for account, each in zip(accounts, told(accounts, POLICY), strict=True):
        name = account.truth.account_id
        decisions = [json.loads(out.value) for out in sent if out.topic == RECLASSIFIED and out.key == name]
        assert each.course == course_of(account.truth, decisions)
        if name in standing:
            assert (each.status, each.score, each.confidence) == (
                standing[name].status,
                standing[name].score,
                standing[name].confidence,
            )


def test_a_message_that_is_refused_stops_the_measure(base):
    """What the core refuses would be missing from every figure: it is an error that names the account."""
    account = heard(base, FIRMS["every field"])[0]
    topic, message = account.messages[-1]
    late = replace(message, event_id="late", occurred_at=account.messages[0][1].occurred_at)
    with pytest.raises(FoldError, match=account.truth.account_id):
        told([account._replace(messages=[*account.messages, (topic, late)])], POLICY)


def test_precision_and_recall_are_of_clients_at_the_end(base):
    """Two clients of four found, and one customer told to be one: 2/3 and 2/4."""
    by_kind = {truth.persona: truth for truth in base.truths}
    order = ("advised_monthly", "gardened", "waits_for_a_permit", "advised_monthly", "box_by_quiz", "bought_once")
    said = ("client", "client", "lapsed", "candidate", "client", "customer")
    accounts = [Told(Course(by_kind[kind], ()), status, 1.0, 0.9) for kind, status in zip(order, said, strict=True)]
    found = figures.figures(accounts)
    assert (found["clients"], found["told"], found["found"]) == (4, 3, 2)
    assert (found["precision"], found["recall"], found["f1"]) == (0.6667, 0.5, round(4 / 7, 4))
    assert found["turns_never_told"] == found["turns"]
    groups = figures.by_group(accounts)
    assert groups["marked"] == {"accounts": 1, "clients": 0, "missed": 0, "false": 1}
    assert groups["slow"]["missed"] == 1
    missed = figures.misses(accounts)
    assert [(each["kind"], each["told"]) for each in missed] == [
        ("waits_for_a_permit", "lapsed"),
        ("advised_monthly", "candidate"),
        ("box_by_quiz", "client"),
    ]
    assert {each["kind"]: each["wrong"] for each in figures.by_kind(accounts)}["advised_monthly"] == 1


def test_the_calibration_error_weighs_the_distance_by_accounts():
    """Three said 0.9 of which two are right, one said 0.2 that is right: (3 x |0.9 - 2/3| + 1 x 0.8) / 4."""
    bins = figures.reliability([(0.9, True), (0.9, True), (0.9, False), (0.2, True)])
    assert [(each["accounts"], each["right"]) for each in bins] == [(1, 1.0), (3, 0.6667)]
    assert figures.calibration_error(bins) == pytest.approx((3 * (0.9 - 2 / 3) + 0.8) / 4, abs=1e-4)
    sure = figures.reliability([(1.0, True)] * 5)
    assert figures.calibration_error(sure) == 0


def test_right_is_the_side_of_the_border_of_client(base):
    """A candidate that is a customer is right, a lapsed client is not: only the border of client is judged."""
    accounts = judged(base, ("client", 1.0), ("candidate", 1.0))
    assert [figures.is_right(each) for each in accounts] == [True, False]
    other = Told(Course(base.truths[-4], ()), "candidate", 1.0, 1.0)
    assert other.course.truth.persona == "bought_once"
    assert figures.is_right(other)


def test_no_teacher_knows_what_is_kept_out():
    """The rival that is measured on the kinds kept out is trained on the others alone; seeds differ everywhere."""
    assert {kind.name for kind in measuring.KINDS["tuning"]}.isdisjoint(kind.name for kind in HELDOUT)
    taught = measuring._teachers(measuring.Asked("heldout", 1, "", rivals=True))
    assert {truth.persona for truth in taught["rival"].truths} == {kind.name for kind in TUNING}
    assert {truth.persona for truth in taught["limit"].truths} == {kind.name for kind in HELDOUT}
    seeds = [*measuring.BASE_SEEDS.values(), *measuring.LIMIT_SEEDS.values(), measuring.TEACHER_SEED]
    assert len(set(seeds)) == len(seeds)
    ids = {truth.account_id for truth in taught["limit"].truths}
    assert ids.isdisjoint(t.account_id for t in measuring.base_of("heldout", 1, measuring.BASE_SEEDS["heldout"]).truths)


def test_the_firms_own_policy_is_made_of_its_messages_in_order(base, monkeypatch):
    """The product's calibration gets all messages of the firm in the order of event time, and the text to start from."""
    accounts, got = heard(base, FIRMS["every field"]), {}

    def calibrated(messages, text):
        got["messages"], got["base"] = list(messages), text
        return text + "# of this firm\n"

    monkeypatch.setitem(sys.modules, "calibration", SimpleNamespace(calibrated=calibrated, __spec__=SimpleNamespace()))
    monkeypatch.setattr(calibrating, "MODULE", "calibration")
    assert calibrating.calibrated(accounts, "base = 1\n") == "base = 1\n# of this firm\n"
    moments = [message.occurred_at for _, message in got["messages"]]
    assert moments == sorted(moments)
    assert len(moments) == sum(len(each.messages) for each in accounts)


def test_a_version_without_calibration_says_so(monkeypatch):
    """Where the product offers none, asking for it is an error in a line, and the report is of the shipped policy."""
    monkeypatch.setattr(calibrating, "MODULE", "relationship.policy.nothing_of_the_kind")
    assert calibrating.calibrator() is None
    with pytest.raises(LookupError, match="without --calibrate"):
        calibrating.calibrated([], "")


def test_labelled_accounts_are_written_as_history_and_labels(base, tmp_path):
    """The lines fold to the same states as the messages, and the labels are what the accounts are at the end."""
    accounts = heard(base, FIRMS["six in ten cells"])
    labelled = drawn(accounts, "six in ten cells", 0, labels=5)
    assert labelled == drawn(accounts, "six in ten cells", 0, labels=5)
    assert labelled != drawn(accounts, "six in ten cells", 1, labels=5)
    events, labels = tmp_path / "h.jsonl", tmp_path / "l.csv"
    write_events(labelled, events)
    write_labels(labelled, labels)
    replay, refused = Replay(Core(POLICY)), []
    lines = enumerate(events.read_bytes().splitlines(), 1)
    assert len(list(fold(replay, EventReader(lines, Settings(), lambda *why: refused.append(why))))) > 0
    assert refused == []
    assert set(replay.records) == {each.truth.account_id for each in labelled}
    rows = labels.read_text().splitlines()[1:]
    assert sorted(rows) == sorted(f"{each.truth.account_id},{each.truth.status_at(END)}" for each in labelled)


def test_a_firm_kept_out_is_not_measured_among_those_for_tuning(capsys, monkeypatch):
    """Naming a reported firm in the tuning split is refused, and says where it belongs."""
    monkeypatch.setattr(sys, "argv", ["firms", "--split", "tuning", "--firm", "every field"])
    assert main() == 2
    assert "belongs to the other split" in capsys.readouterr().err


def test_a_line_a_firm_is_printed_and_all_figures_written(capsys, monkeypatch, tmp_path):
    """The command prints a firm's figures and writes them with every miss."""
    monkeypatch.setattr(measuring, "KINDS", {"tuning": [KINDS[name] for name in KIND_NAMES], "heldout": []})
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["firms", "--firm", "bare", "--accounts", "2", "--misses", "--json", str(out)])
    assert main() == 0
    (row,) = json.loads(out.read_text())
    printed = capsys.readouterr().out
    assert row["ours"]["accounts"] == 2 * len(KIND_NAMES)
    assert f"{row['ours']['f1']:.3f}" in printed
    assert len(row["misses"]) == sum(each["wrong"] for each in row["kinds"])
    assert all(each["kind"] in printed for each in row["misses"])


def test_a_firms_events_and_labels_are_written_on_request(monkeypatch, tmp_path):
    """`--write` leaves a file of events and one of labels for each firm, and measures nothing."""
    monkeypatch.setattr(measuring, "KINDS", {"tuning": [KINDS["gardened"]], "heldout": []})
    monkeypatch.setattr(
        sys, "argv", ["firms", "--firm", "bare, no facts", "--accounts", "2", "--write", str(tmp_path / "made")]
    )
    assert main() == 0
    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == ["bare-no-facts.csv", "bare-no-facts.jsonl"]
    lines = (tmp_path / "made" / "bare-no-facts.jsonl").read_text().splitlines()
    assert all("csat" not in json.loads(line)["value"] for line in lines)
    assert {line.split(",")[1] for line in (tmp_path / "made" / "bare-no-facts.csv").read_text().splitlines()[1:]} == {
        "client"
    }


def row_of(firm, f1, limit, **more):
    """Return a firm's row of results."""
    bins = [{"accounts": 100, "confidence": 0.9, "right": 0.9}]
    ours = {
        "accounts": 100, "clients": 50, "told": 50, "found": 45, "precision": 0.9, "recall": 0.9, "f1": f1, "f1_usual": f1,
        "delay_days": 20.0, "turns": 50, "turns_never_told": 0, "flaps_per_year": 0.02, "account_years": 300.0, "ece": 0.0,
        "confidence_median": 0.9, "reliability": bins,
    }  # fmt: skip
    groups = {name: {"accounts": 10, "clients": 5, "missed": 1, "false": 2} for name in GROUPS}
    rival = {"precision": 0.9, "recall": 0.9, "f1": 0.9}
    return {
        "firm": firm, "events": 1000, "ours": ours, "groups": groups, "rival": rival, "limit": rival | {"f1": limit},
        "wrong": {"gardened": 3}, **more,
    }  # fmt: skip


def test_the_aims_at_firms_are_the_issues_and_a_missed_one_is_excused_only_by_the_limit():
    """A row below its aim fails, unless even the regression trained on the same kinds stays below it."""
    assert len(ROWS) == 10
    labels = {
        "labels": 100,
        "learned": [0.9],
        "regression": [0.95],
        "learned_f1": 0.9,
        "regression_f1": 0.95,
        "unchanged": 0,
    }
    found = {"rows": [row_of("every field", 0.9, 0.99, labels=labels), row_of("5x logged", 0.9, 0.93)]}
    aimed = {name: (met, instead) for name, _, _, met, instead in firm_aims(found)}
    assert aimed["F1, firm: every field"] == (False, "")
    assert aimed["F1, firm: 5x logged"] == (False, "nor does the limit, with 0.930")
    assert aimed["F1 with 100 labels, firm: every field"] == (False, "")
    assert aimed["median delay, firm: every field"][0]
    assert aimed["calibration error of confidence"][0]


@pytest.mark.parametrize(
    ("asked", "got", "by"), [(">= 0.97", "0.942", 0.028), ("<= 25 days", "27.5", 2.5), ("<= 25 days", "never", inf)]
)
def test_how_far_an_aim_is_missed(asked, got, by):
    """In the unit of what is asked; who never comes is infinitely late."""
    assert short(asked, got) == pytest.approx(by)


def test_the_section_says_what_the_results_say():
    """Each firm's figures, the diagram, the labels and every kind that was misjudged stand on the page."""
    labels = {
        "labels": 100,
        "learned": [0.9],
        "regression": [0.95],
        "learned_f1": 0.911,
        "regression_f1": 0.955,
        "unchanged": 0,
    }
    found = {
        "calibrated": True, "per_kind": 30, "kinds": 52, "tuning_kinds": 57, "seed": 401, "teacher_seed": 303,
        "rows": [row_of("every field", 0.987, 0.99, labels=labels, shipped={"f1": 0.823})],
    }  # fmt: skip
    text = section(found, table)
    assert "| every field | 0.970 | 0.987 | 0.987 | 0.823 | 0.900 | 0.990 |" in text
    assert "| every field | 0.987 | 0.911 | 0.955 |" in text
    assert "| gardened | 3 |" in text
    assert "| F1 with 100 labels, firm: every field | >= 0.955 | 0.911 | 0.044 |" in text
    assert "| F1, firm: every field | >=" not in text
    assert "and after it all, with\n0.987." in text
    assert "xychart-beta" in text
    assert "| 0.900 | 0.900 | 100 |" in text
