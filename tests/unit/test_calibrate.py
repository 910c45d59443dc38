"""Calibrating: how a firm records is measured in one pass, told in words, and written as a policy of its own."""

import json
from pathlib import Path

import pytest
from story import fold, meeting, path, profile, purchase, ticket

from cli.main import run
from relationship.analysis.calibration import calibrated, firm_of, recorded
from relationship.analysis.findings import advice, findings
from relationship.core import Core
from relationship.policy.check import mistakes_in
from relationship.policy.compiled import default_text, load_policy, parse_policy
from relationship.policy.file import PolicyError
from relationship.policy.firm_text import without_firm

POLICY = load_policy()


def life(account: str, *, times: int = 1, **fields: object):
    """A year of one account in touch: every third week a talk and a letter, each written down so many times."""
    told = [purchase(1, f"{account}-p", account)]
    for week in range(1, 50, 3):
        for copy in range(times):
            day, name = 7 * week + copy / 10, f"{account}-{week}-{copy}"
            told.append(meeting(day, f"m-{name}", account, kind="planning" if week % 2 else "review", **fields))
            told.append(ticket(day + 1, f"t-{name}", account, kind="advice" if week % 2 else "feedback"))
    return told


def base(count: int = 30, **fields: object):
    """The messages of so many such accounts."""
    return [each for number in range(count) for each in life(f"a{number}", **fields)]


def test_what_nothing_says_leaves_the_sum_and_what_is_said_stays():
    """Outcomes that are never told have no coverage, and have it where every meeting tells them."""
    silent, telling = firm_of(recorded(base(), POLICY)), firm_of(recorded(base(outcome_met=True), POLICY))
    assert silent.coverage["expectations"] == 0.0
    assert "expectations" not in silent.scales
    assert telling.coverage["expectations"] > 0.5
    assert silent.coverage["commitment"] == 0.0


def test_a_firm_that_writes_everything_down_three_times_has_scales_three_times_as_large():
    """Much is what is much here."""
    once, thrice = (firm_of(recorded(base(times=times), POLICY)).scales["engagement"] for times in (1, 3))
    assert thrice == pytest.approx(3 * once, rel=0.05)


def test_one_kind_for_everything_tells_nothing():
    """A firm whose meetings are all check-ins: the kind is no evidence there, and two kinds are."""
    told = [(topic, message) for topic, message in base() if not topic.startswith("crm.ticket")]
    same = [
        (topic, type(message)(**{f: getattr(message, f) for f in message.__struct_fields__} | {"kind": "check_in"}))
        if topic.startswith("crm.meeting")
        else (topic, message)
        for topic, message in told
    ]
    assert firm_of(recorded(same, POLICY)).kinds["meeting"] == 0.0
    assert firm_of(recorded(told, POLICY)).kinds["meeting"] > 0.5


def test_a_firm_that_sends_no_bills_has_customers_and_clients():
    """Without purchases nobody is a customer under the shipped policy; under the calibrated one clients are clients."""
    told = [each for each in base() if not each[0].startswith("crm.purchase")]
    own = parse_policy(calibrated(told, default_text()), "own")
    assert not own.bills
    mine = [each for each in told if each[1].account_id == "a1"]
    assert path(fold(mine)[1])[:1] != ["client"]
    assert path(fold(mine, Core(own))[1]) == ["customer", "candidate", "client"]


def test_the_policy_written_is_checked_and_has_a_reason_for_every_value():
    """Its text has no mistake, its version is its own, and calibrating again replaces the part and nothing else."""
    text = calibrated(base(), default_text())
    assert mistakes_in(text) == []
    policy = parse_policy(text, "own")
    assert policy.version.startswith("1-firm-")
    part = text[text.index("[firm]") :].splitlines()
    assert all(" # " in line for line in part if " = " in line)
    again = calibrated(base(times=2), text)
    assert again.count("[firm]") == 1
    assert without_firm(again).split("version")[0] == default_text().split("version")[0]
    assert parse_policy(again, "again").version != policy.version
    assert calibrated(base(), again) == text


def test_how_the_topics_mingle_changes_nothing():
    """One topic after the other, as a reader of topics has them, makes the policy that event time makes."""
    messages = sorted(base(outcome_met=True), key=lambda each: each[1].occurred_at)
    by_topic = sorted(messages, key=lambda each: each[0], reverse=True)
    assert calibrated(by_topic, default_text()) == calibrated(messages, default_text())


def test_either_files_or_the_topics_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Both at once, or neither, is one line that says so."""
    for given in ([], ["--from-topics", "events.jsonl"]):
        assert run(["policy", "calibrate", *given, "--out", str(tmp_path / "own.toml")]) == 2
        assert "either EVENTS.jsonl or --from-topics" in capsys.readouterr().err


def test_too_few_accounts_are_no_way_of_recording():
    """It says how many there are, how many are needed, and what to do."""
    with pytest.raises(PolicyError, match=r"5 accounts .* 20 are needed .* longer history"):
        calibrated(base(5), default_text())


def test_what_was_found_is_said_as_a_person_would():
    """Which fields nobody fills, what the contacts are, how many points can be reached, and how to win more."""
    recording = recorded(base(), POLICY)
    said = " ".join(findings(recording, firm_of(recording), POLICY))
    assert "30 accounts with 30 purchases" in said
    assert "no ticket has" in said
    assert "csat" in said
    assert "there are no profiles" in said
    assert "of the 100 points can be reached; to win more, " in said
    mails = recorded([each for each in base() if getattr(each[1], "kind", None) == "advice"], POLICY)
    assert any("logged as a" in each for each in findings(mails, firm_of(mails), POLICY))


def test_the_shipped_policy_says_when_it_should_not_be_used():
    """Where much is missing it says so and names the command; a policy that was calibrated says nothing."""
    recording = recorded(base(), POLICY)
    said = advice(POLICY, firm_of(recording))
    assert said is not None
    assert "clientward policy calibrate" in said
    own = parse_policy(calibrated(base(), default_text()), "own")
    assert advice(own, firm_of(recording)) is None


def written(folder: Path) -> Path:
    """A file of the base's events, as `replay` takes it."""
    file = folder / "events.jsonl"
    rows = []
    for topic, message in [*base(), profile(0, "f", "a0")]:
        value = {name: getattr(message, name) for name in message.__struct_fields__}
        rows.append({"topic": topic, "value": {k: v for k, v in value.items() if v is not None}})
    file.write_text("\n".join(json.dumps(row, default=lambda moment: moment.isoformat()) for row in rows))
    return file


def test_the_command_measures_writes_and_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`policy calibrate` writes the policy, `policy check --against` tells the points, `replay` advises on stderr."""
    events, out = written(tmp_path), tmp_path / "own.toml"
    assert run(["policy", "calibrate", str(events), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "No ticket has" in said
    assert f"wrote {out}" in said
    assert run(["policy", "check", str(out), "--against", str(events)]) == 0
    assert "of the 100 points can be reached" in capsys.readouterr().out
    assert run(["replay", str(events)]) == 0
    assert "`clientward policy calibrate`" in capsys.readouterr().err
    assert run(["replay", str(events), "--policy", str(out)]) == 0
    assert capsys.readouterr().err == ""
    assert run(["policy", "calibrate", str(events), "--base", str(out), "--out", str(out)]) != 0
