"""`clientward import … --map` turns a table into lines of the contract, exactly, and tells what does not fit."""

import csv
import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from cli.errors import explain
from cli.events.import_ import import_command

DATA = Path(os.environ.get("CLIENTWARD_SHARED") or Path(__file__).parents[3] / "shared") / "data"
SHOP = ["--map", "account_id=customer", "--map", "occurred_at=day", "--map", "amount=paid", "--set", "currency=EUR"]
DESK = ["--map", "account_id=caller", "--map", "occurred_at=opened", "--set", "status=closed", "--set", "kind=incident"]


def run(what: str, file: Path, *options: str) -> Result:
    """Run one import as from the command line."""
    app = typer.Typer()
    app.command()(import_command)
    return CliRunner().invoke(app, [what, str(file), *options])


def table(folder: Path, *lines: str) -> Path:
    """Write a CSV of these lines."""
    file = folder / "table.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def mistake(result: Result) -> str:
    """Return the one line that a wrong use ends with; `clientward` prints it and exits with 2."""
    assert result.exception is not None
    lines, code = explain(result.exception, "clientward import")
    assert (len(lines), code) == (1, 2)
    return lines[0]


def values(result: Result) -> list[dict[str, Any]]:
    """Return the messages that an import wrote."""
    return [json.loads(line)["value"] for line in result.stdout.splitlines()]


def real(name: str) -> Path:
    """Return a file of the real data, or skip."""
    if not (DATA / name).exists():
        pytest.skip(f"the real data is not here: {DATA / name}")
    return DATA / name


def test_a_row_becomes_a_line_of_the_contract(tmp_path: Path) -> None:
    """Columns and constants become fields; a day is its midnight UTC; what was not given is left out."""
    file = table(tmp_path, "customer,day,paid,note", "c1,2024-03-01,12.50,hello")
    result = run("purchases", file, *SHOP, "--set", "kind=goods")
    assert result.exit_code == 0
    (line,) = [json.loads(text) for text in result.stdout.splitlines()]
    assert line["topic"] == "crm.purchase.recorded.v1"
    event_id = line["value"].pop("event_id")
    assert event_id.startswith("csv-purchases-")
    assert line["value"] == {
        "account_id": "c1",
        "occurred_at": "2024-03-01T00:00:00Z",
        "amount": "12.50",
        "currency": "EUR",
        "kind": "goods",
    }


def test_pairs_may_share_an_option_or_follow_it(tmp_path: Path) -> None:
    """Fields may be mapped by one --map each, by one for several, or by words after the file."""
    file = table(tmp_path, "customer,day,paid", "c1,2024-03-01,12.50")
    apart = run("purchases", file, *SHOP)
    together = run(
        "purchases", file, "--map", "account_id=customer,occurred_at=day,amount=paid", "--set", "currency=EUR"
    )
    trailing = run("purchases", file, "--map", "account_id=customer", "occurred_at=day", "amount=paid", *SHOP[-2:])
    assert apart.exit_code == together.exit_code == trailing.exit_code == 0
    assert apart.stdout == together.stdout == trailing.stdout != ""


def test_importing_twice_gives_the_same_ids_and_equal_rows_stay_two(tmp_path: Path) -> None:
    """An id made here depends on the content only, and equal rows are numbered."""
    file = table(tmp_path, "customer,day,paid", "c1,2024-03-01,9.00", "c1,2024-03-01,9.00")
    first, again = run("purchases", file, *SHOP), run("purchases", file, *SHOP)
    assert first.stdout == again.stdout
    assert len({value["event_id"] for value in values(first)}) == 2
    other = run("purchases", file, *SHOP, "--id-prefix", "shop7-")
    assert all(value["event_id"].startswith("shop7-") for value in values(other))


def test_an_id_of_its_own_is_kept(tmp_path: Path) -> None:
    """A mapped event_id is taken as it is, and stands in for a ticket_id that was not mapped."""
    file = table(tmp_path, "caller,opened,no", "c1,2024-03-01T10:00:00,INC1")
    (value,) = values(run("tickets", file, *DESK, "--map", "event_id=no"))
    assert value["event_id"] == value["ticket_id"] == "INC1"


@pytest.mark.parametrize(
    ("cell", "zone", "moment"),
    [
        ("2024-07-01", "UTC", "2024-07-01T00:00:00Z"),
        ("2024-07-01", "Europe/Zurich", "2024-07-01T00:00:00+02:00"),
        ("2024-01-01 08:30:00", "Europe/Zurich", "2024-01-01T08:30:00+01:00"),
        ("2024-07-01T08:30:00-05:00", "Europe/Zurich", "2024-07-01T08:30:00-05:00"),
        ("2024-07-01T08:30:00Z", "Europe/Zurich", "2024-07-01T08:30:00Z"),
    ],
)
def test_times(tmp_path: Path, cell: str, zone: str, moment: str) -> None:
    """A time without an offset is local to --timezone; one with an offset keeps it."""
    (value,) = values(run("tickets", table(tmp_path, "caller,opened", f"c1,{cell}"), *DESK, "--timezone", zone))
    assert value["occurred_at"] == moment


@pytest.mark.parametrize("amount", ["nan", "inf", "1_000", "", "٣", "0x1", "12.", "1.2.3", "five"])
def test_an_amount_that_is_no_exact_decimal_is_told(tmp_path: Path, amount: str) -> None:
    """The line and the column are told, the row is left out, and the other rows go on."""
    file = table(tmp_path, "customer,day,paid", f'c1,2024-03-01,"{amount}"', "c2,2024-03-01,0.10")
    result = run("purchases", file, *SHOP)
    assert result.exit_code == 0
    assert [value["amount"] for value in values(result)] == ["0.10"]
    assert "line 2, column paid: " in result.stderr
    assert "1 of 2 rows became purchases" in result.stderr


def test_digits_are_never_rounded(tmp_path: Path) -> None:
    """An amount that no float can hold comes out digit for digit."""
    (value,) = values(
        run("purchases", table(tmp_path, "customer,day,paid", "c,2024-03-01,900719925474099301.10"), *SHOP)
    )
    assert value["amount"] == "900719925474099301.10"


def test_values_are_translated_and_booleans_read(tmp_path: Path) -> None:
    """--map-values writes the contract's words for the file's own; TRUE and FALSE are booleans."""
    file = table(tmp_path, "caller,opened,by,sla", "c1,2024-03-01,Phone call,TRUE", "c2,2024-03-01,E-mail,false")
    mapped = ("--map", "channel=by", "--map", "sla_met=sla", "--map-values", "channel:Phone call=phone,E-mail=email")
    found = [(value["channel"], value["sla_met"]) for value in values(run("tickets", file, *DESK, *mapped))]
    assert found == [("phone", True), ("email", False)]
    untranslated = run("tickets", file, *DESK, "--map", "channel=by")
    assert "column by: 'Phone call' does not fit channel: one of bot, chat, email" in untranslated.stderr
    assert "left out of its message" in untranslated.stderr
    assert len(values(untranslated)) == 2


def test_an_account_is_taken_as_it_is(tmp_path: Path) -> None:
    """Ids are opaque: blanks, quotes and other scripts stay; an empty one does not fit."""
    file = table(tmp_path, "caller,opened", '" Zoë ""☕"" ",2024-03-01', ",2024-03-01")
    result = run("tickets", file, *DESK)
    assert [value["account_id"] for value in values(result)] == [' Zoë "☕" ']
    assert "line 3, column caller: account_id is empty" in result.stderr


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    """A cell with a line break in it and an empty line do not put the count out; ragged rows are told."""
    file = table(tmp_path, "customer,day,paid", '"a\nb",2024-03-01,1.00', "", "c,2024-03-01", "d,yesterday,1.00")
    result = run("purchases", file, *SHOP)
    assert "line 5, column -: 2 cells where the first line has 3" in result.stderr
    assert "line 6, column day: 'yesterday' does not fit occurred_at" in result.stderr
    assert [value["account_id"] for value in values(result)] == ["a\nb"]


def test_a_broken_quote_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """What the CSV reader cannot read is one misfit."""
    file = table(tmp_path, "customer,day,paid", '"a"b,2024-03-01,1.00', "c,2024-03-01,2.00")
    result = run("purchases", file, *SHOP)
    assert "line 2, column -: no CSV" in result.stderr
    assert [value["amount"] for value in values(result)] == ["2.00"]


def test_strict_fails_after_all_rows(tmp_path: Path) -> None:
    """--strict exits with 1 if a row did not fit, and with 0 if all did; the good rows are written."""
    file = table(tmp_path, "customer,day,paid", "c1,2024-03-01,x", "c2,2024-03-01,2.00")
    result = run("purchases", file, *SHOP, "--strict")
    assert result.exit_code == 1
    assert len(values(result)) == 1
    assert run("purchases", table(tmp_path, "customer,day,paid", "c2,2024-03-01,2"), *SHOP, "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--map", "account_id=who", *SHOP[2:]], "no column 'who'; there are: customer, day, paid"),
        ([*SHOP, "--where", "paidd > 1"], '--where: Referenced column "paidd" not found'),
        ([*SHOP, "--map", "colour=paid"], "no field 'colour' in purchases; there are: event_id, account_id"),
        (SHOP[:4], "purchases need amount, currency: give --map"),
        ([*SHOP, "--map", "currency=paid"], "currency is both mapped and set"),
        ([*SHOP, "--map", "amount=day"], "--map names amount twice"),
        ([*SHOP, "--map", "amount"], "--map takes FIELD=…"),
        ([*SHOP[:-1], "currency=XQQ"], "'XQQ' does not fit currency: an ISO 4217 code"),
        ([*SHOP, "--set", "kind=gift"], "'gift' does not fit kind: one of advice, goods"),
        ([*SHOP, "--map-values", "amount"], "--words takes FIELD:FROM=TO"),
        ([*SHOP, "--timezone", "Mars/Olympus"], "no time zone 'Mars/Olympus'"),
        ([*SHOP, "--delimiter", "::"], "--delimiter has to be one character"),
    ],
)
def test_a_mistake_gets_one_line_and_exit_code_2(tmp_path: Path, options: list[str], told: str) -> None:
    """Wrong use writes nothing to stdout, keeps what --out holds, and says in one line what to do."""
    out = tmp_path / "out.jsonl"
    out.write_text("kept")
    result = run("purchases", table(tmp_path, "customer,day,paid", "c1,2024-03-01,1"), *options, "--out", str(out))
    assert mistake(result).startswith(told)
    assert (result.stdout, result.stderr, out.read_text()) == ("", "", "kept")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, an empty one and one in another encoding get one line each."""
    missing = run("purchases", tmp_path / "none.csv", *SHOP)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "latin.csv").write_bytes("customer,day,paid\nZoë,2024-03-01,1\n".encode("latin-1"))
    empty, latin = (run("purchases", tmp_path / name, *SHOP) for name in ("empty.csv", "latin.csv"))
    assert "none.csv: no such file or directory" in mistake(missing)
    assert "no first line" in mistake(empty)
    assert [value["account_id"] for value in values(latin)] == ["Zoë"]
    assert "latin.csv: is not UTF-8; read as windows-1252" in latin.stderr


def test_a_spreadsheet_with_a_byte_order_mark_and_tabs(tmp_path: Path) -> None:
    """The mark is no part of the first column's name, and cells may be separated by tabs."""
    file = tmp_path / "sheet.tsv"
    file.write_text("customer\tday\tpaid\nc1\t2024-03-01\t1.00\n", encoding="utf-8-sig")
    assert len(values(run("purchases", file, *SHOP, "--delimiter", "tab"))) == 1


def test_every_purchase_of_the_real_shop(tmp_path: Path) -> None:
    """All 69,659 real purchases are imported, none twice, and their sum is the file's own in exact decimals."""
    file, out = real("cdnow_purchases.csv"), tmp_path / "out.jsonl"
    maps = ("account_id=customer_id", "occurred_at=date", "quantity=units", "amount=amount_usd")
    result = run("purchases", file, "--map", ",".join(maps), "--set", "currency=USD", "--strict", "--out", str(out))
    assert result.exit_code == 0
    found = [json.loads(line)["value"] for line in out.read_bytes().splitlines()]
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({value["event_id"] for value in found}) == len(rows) == 69_659
    assert sum(Decimal(value["amount"]) for value in found) == Decimal("2500315.63")
    assert [value["account_id"] for value in found] == [row["customer_id"] for row in rows]
    told = Counter((value["account_id"], value["occurred_at"][:10], value["amount"]) for value in found)
    assert told == Counter((row["customer_id"], row["date"], row["amount_usd"]) for row in rows)


def test_the_real_meetings() -> None:
    """All real meetings become meetings, but for those of four lists of guests too long to be an account."""
    options = "--map account_id=organisation --map occurred_at=date --set duration_minutes=45 --set kind=consultation"
    result = run("meetings", real("eu_meetings.csv"), *options.split(), "--timezone", "Europe/Brussels")
    assert len(result.stdout.splitlines()) == 23_050 - 4
    assert result.stderr.count("does not fit account_id: 1 to 255 bytes") == 4


def test_the_real_incidents() -> None:
    """All real incidents become tickets of their callers."""
    options = (
        "--map account_id=caller --map occurred_at=opened_at --map ticket_id=incident --map channel=contact_type "
        "--map sla_met=made_sla --set status=closed --set kind=incident --map-values channel:Phone=phone --strict"
    )
    result = run("tickets", real("it_incidents.csv"), *options.split())
    assert result.exit_code == 0
    assert len({value["ticket_id"] for value in values(result)}) == 890
    assert len({value["account_id"] for value in values(result)}) == 639
