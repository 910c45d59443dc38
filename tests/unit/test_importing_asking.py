"""What only a person knows is asked for on a terminal; a mapping's own mistakes, and the documentation's own example."""

import re
from pathlib import Path

import pytest
import typer
from importing_runs import run_import
from typer.testing import CliRunner

import cli.events.import_ as command
from relationship.generated import stale
from tools import presets as page

DESK = """Nr,Kunde,Art,Eröffnet,Gelöst
1,A,Störung,02.03.2026 09:00,03.03.2026 10:00
2,B,Frage,04.03.2026 09:00,
"""
MEETINGS = (
    "Customer,Start,Duration,Subject\na@x.example,1/2/2026 10:00,30,QBR\nb@x.example,2/2/2026 10:00,30,Jour fixe\n"
)


def asked(file: Path, answers: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[str, str]:
    """Import at a terminal with these answers typed; return what was asked and written on stderr, and stdout."""
    monkeypatch.setattr(command, "at_terminal", lambda: True)
    app = typer.Typer()
    app.command()(command.import_command)
    result = CliRunner().invoke(app, [*options, str(file)], input=answers)
    assert result.exit_code == 0, result.stderr
    return result.stderr, result.stdout


def test_a_person_is_asked_one_thing_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Preset, order of dates, zone and words: each question once, then the messages."""
    file = tmp_path / "meetings.csv"
    file.write_text(MEETINGS, encoding="utf-8")
    told, out = asked(file, "meetings\nday\nEurope/Zurich\n*qbr*=review,*=check_in\n", monkeypatch)
    assert "Which of these is it: meetings?" in told
    assert "is '1/2/2026 10:00' day first or month first? [day/month]" in told
    assert "in which time zone is" in told
    assert "words that the contract has not: proposed *jour fixe* → check_in, *qbr* → review" in told
    assert out.count('"kind":"review"') == out.count('"kind":"check_in"') == 1
    assert '"occurred_at":"2026-02-01T10:00:00+01:00"' in out


def test_a_proposal_is_taken_by_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words proposed are the question's default."""
    file = tmp_path / "meetings.csv"
    file.write_text(MEETINGS, encoding="utf-8")
    _, out = asked(file, "\n", monkeypatch, "meetings", "--day-first", "--zone", "UTC")
    assert out.count('"kind":"review"') == out.count('"kind":"check_in"') == 1


def test_words_without_a_proposal(tmp_path: Path) -> None:
    """A kind that nobody can propose stops a script with the words to choose from; another channel is told, row by row."""
    file = tmp_path / "tickets.csv"
    header = "Id,Requester,Requester email,Via,Ticket type,Created at,Solved at"
    file.write_text(f"{header}\n9,Ann,a@x.example,Pigeon,Banana,2026-03-01T10:11:00Z,\n", encoding="utf-8")
    stopped = run_import(file)
    assert (stopped.code, len(stopped.told)) == (2, 1)
    assert (
        "no proposal for 'Banana'; say --words 'tickets.kind:…=WORD,*=WORD'; WORD is one of advice" in stopped.told[0]
    )
    assert "cancellation, complaint" in stopped.told[0]
    done = run_import(file, "--words", "kind:Banana=complaint")
    assert [(value["kind"], value.get("channel")) for value in done.values] == [("complaint", None)]
    assert any("line 2, column Via: 'Pigeon' does not fit channel" in line and "left out" in line for line in done.told)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "SELECT moment(Tag) AS occurred_at, money(Netto) AS amount, 'EUR' AS currency FROM file",
            "yields no account_id",
        ),
        ("SELECT Kundee AS account_id FROM file", 'Referenced column "Kundee" not found'),
        (
            "SELECT Kunde AS account_id, Tag AS occurred_at, Netto AS amount, 'EUR' AS currency, 1 AS colour FROM file",
            "no field 'colour'",
        ),
        ("SELECT Kunde AS account_id, money(Netto) AS amount FROM files", "Table with name files does not exist"),
        ("SELEC Kunde", 'syntax error at or near "SELEC"'),
        ("DROP TABLE raw", "holds something else than a SELECT"),
        ("-- nothing", "has no query"),
        ("SELECT Kunde AS account_id, Tag AS x FROM file", "nobody can tell what it yields"),
        ("-- to: sales\nSELECT 1", "no 'sales' to yield; there are: purchases, tickets, meetings, profiles, told"),
        (
            "-- column who: Wer\nSELECT who AS account_id FROM file",
            "needs a column 'Wer' for who: say --map who=COLUMN",
        ),
    ],
)
def test_a_mapping_s_mistakes(tmp_path: Path, sql: str, told: str) -> None:
    """Each is one line that names the mapping and says what to do, and nothing is written."""
    table, mapping = tmp_path / "t.csv", tmp_path / "m.sql"
    table.write_text("Kunde,Tag,Netto\nA,2024-01-01,2.50\n", encoding="utf-8")
    mapping.write_text(sql, encoding="utf-8")
    done = run_import(table, "--sql", mapping)
    assert (done.code, done.values, len(done.told)) == (2, [], 1)
    assert done.told[0].startswith("m.sql")
    assert told in done.told[0]


def test_several_queries_and_arithmetic(tmp_path: Path) -> None:
    """Exact decimals are multiplied and added up; grouped rows keep the line of their first; a plain column is converted."""
    table, mapping = tmp_path / "t.csv", tmp_path / "m.sql"
    table.write_text(
        "Kunde,Tag,Netto,Menge\nA,2024-01-01,0.10,3\nA,2024-01-01,0.20,1\nB,2024-01-02,x,1\n", encoding="utf-8"
    )
    mapping.write_text(
        "SELECT Kunde AS account_id, Tag AS occurred_at, sum(money(Netto) * number(Menge)) AS amount, 'EUR' AS currency"
        " FROM file GROUP BY Kunde, Tag",
        encoding="utf-8",
    )
    done = run_import(table, "--sql", mapping)
    assert [(value["account_id"], value["amount"]) for value in done.values] == [("A", "0.50")]
    assert any("line 4, column Netto" in line for line in done.told)


def test_the_page_s_own_mapping_runs(tmp_path: Path) -> None:
    """The SQL that docs/importing.md shows is a mapping that works, and its table of presets is the folder's."""
    text = page.PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    table, mapping = tmp_path / "export.csv", tmp_path / "desk.sql"
    table.write_text(DESK, encoding="utf-8")
    mapping.write_text(example, encoding="utf-8")
    done = run_import(table, "--sql", mapping, "--zone", "Europe/Zurich")
    assert [(value["event_id"], value["status"], value["kind"]) for value in done.values] == [
        ("desk:1:opened", "opened", "incident"),
        ("desk:1:resolved", "resolved", "incident"),
        ("desk:2:opened", "opened", "question"),
    ]
    assert stale(page.files(page.PAGE)) == []


def test_presets_are_listed(tmp_path: Path) -> None:
    """`--preset list` names every preset with what it reads; one that there is not is told with all names."""
    app = typer.Typer()
    app.command()(command.import_command)
    lines = CliRunner().invoke(app, ["--preset", "list"]).stdout.splitlines()
    assert any(line.startswith("shopify ") and "orders" in line for line in lines)
    assert "no preset 'shopfy'; there are: calendly" in run_import(tmp_path, "--preset", "shopfy").told[0]
