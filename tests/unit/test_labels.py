"""Labelled accounts: the forms in which they come, and what is wrong with those that do not fit."""

from datetime import datetime

import pytest

from cli.main import run
from relationship.contract.times import micros
from views.errors import InputError
from views.offline.labels import read_labels

AT = "2024-05-01T00:00:00+00:00"
PHASES = '[["2024-05-01T00:00:00Z", "client"], ["2024-01-01T00:00:00Z", "customer"]]'


def labels(tmp_path, text):
    """Return what a file of this text reads as, without the lines' numbers."""
    file = tmp_path / "labels"
    file.write_text(text, encoding="utf-8")
    return [tuple(each)[1:] for each in read_labels(file)]


def test_csv_and_json_say_the_same(tmp_path):
    """An account, its label and, where it is given, the moment; a blank `at` is the history's end."""
    (at,) = [at for _, _, at in labels(tmp_path, f"account_id,label,at\na,client,{AT}\n")]
    assert labels(tmp_path, f"\ufeffaccount_id,label,at\na,client,{AT}\n b,customer,\n") == [
        ("a", "client", at),
        (" b", "customer", None),
    ]
    assert labels(
        tmp_path, f'{{"account_id":"a","label":"client","at":"{AT}"}}\n\n{{"account_id":" b","label":"customer"}}'
    ) == [
        ("a", "client", at),
        (" b", "customer", None),
    ]
    assert labels(tmp_path, "label,account_id\nclient,a\n") == [("a", "client", None)]


def test_of_a_truth_each_phase_is_a_label_at_its_end(tmp_path):
    """The first ends right before the second begins, the last at the history's end."""
    end = micros(datetime.fromisoformat(AT)) - 1
    found = labels(tmp_path, f'{{"account_id": "a", "phases": {PHASES}, "industry": "law"}}\n')
    assert found == [("a", "customer", end), ("a", "client", None)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("account,label\na,client\n", ":1: the first line names no columns account_id and label"),
        ("account_id,label\na,klient\n", ":2: 'klient' is no status; they are prospect, customer"),
        ("account_id,label\na\n", ":2: no account_id or no label"),
        ("account_id,label,at\na,client,2024-05-01\n", ":2: at 2024-05-01T00:00:00 has no offset"),
        ("account_id,label,at\na,client,soon\n", ":2: Invalid isoformat string"),
        ("account_id,label\na,client\na,customer\n", ":3: a has another label at the same moment"),
        ('{"account_id": "a"}\n', ":1: neither label nor phases"),
        ('{"account_id": "a", "label": "client"}\n{"label"\n', ":2: Input data was truncated"),
        ("", ":1: the first line names no columns"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path, text, words):
    """With the file, the line and what is wrong there, in one line."""
    with pytest.raises(InputError) as caught:
        labels(tmp_path, text)
    assert f"{tmp_path / 'labels'}{words}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_label_file_that_is_no_text_is_told(tmp_path):
    """Bytes that are no UTF-8 are no labels."""
    file = tmp_path / "labels"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_labels(file)


@pytest.mark.parametrize("present", [True, False])
def test_without_the_library_one_line_says_how_to_install_it(present, monkeypatch, capsys, tmp_path):
    """And nothing is read before; with it, the first thing missed is the file of labels."""
    monkeypatch.setattr("cli.policy.learn.find_spec", lambda _name: object() if present else None)
    assert run(["policy", "learn", "no.jsonl", str(tmp_path / "no.csv")]) == (2 if present else 1)
    (line,) = capsys.readouterr().err.splitlines()
    assert ("pip install 'clientward[learn]'" in line) is not present
