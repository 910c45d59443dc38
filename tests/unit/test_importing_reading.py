"""Files of every form come in as text, cell by cell, and what cannot be read is one line that says what to do."""

import gzip
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importing_runs import Imported, run_import

from importing.reading.bench import open_bench

SHEETS = Path(__file__).parent / "sheets"
EUROS = ("--currency", "EUR")
Take = Callable[..., Imported]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Import purchases from a file with this content."""

    def run(content: str | bytes, *options: str, name: str = "file.csv") -> Imported:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return run_import("purchases", file, *options)

    return run


def bought(done: Imported) -> list[tuple[str, str]]:
    """Return account and amount of each message."""
    return [(value["account_id"], value["amount"]) for value in done.values]


@pytest.mark.parametrize(
    "content",
    [
        "Customer,Date,Amount\nZoë,2024-01-02,1234.50\n",
        "\ufeffCustomer,Date,Amount\r\nZoë,2024-01-02,1234.50\r\n",
        "Customer;Date;Amount\nZoë;02.01.2024;1.234,50\n",
        "sep=;\nCustomer;Date;Amount\nZoë;02.01.2024;1'234,50\n",
        "Customer\tDate\tAmount\nZoë\t2024-01-02\t1234.50\n",
        "Customer|Date|Amount\nZoë|2024-01-02|€ 1 234.50\n",
        "Customer;Date;Amount\nZoë;02.01.2024;1.234,50\n".encode("cp1252"),
        "Customer;Date;Amount\nZoë;02.01.2024;1.234,50 €\n".encode("cp1252"),
        "Customer\tDate\tAmount\nZoë\t2024-01-02\t1234.50\n".encode("utf-16"),
        "Customer,Date,Amount\nZoë,2024-01-02,1234.50\n".encode("utf-16-le"),
        "Customer,Date,Amount\nZoë,2024-01-02,1234.50\n".encode("utf-16-be"),
        "Customer,Date,Amount\nZoë,2024-01-02,1234.50\n".encode("utf-32"),
        gzip.compress("Customer,Date,Amount\nZoë,2024-01-02,1234.50\n".encode(), mtime=0),
        'Invoices\n"as of 2024-05-01"\n\nCustomer,Date,Amount\nZoë,2024-01-02,1234.50\n,,\n,,\n',
        "Customer,Date,Amount,,\nZoë,2024-01-02,1234.50,,\n",
    ],
)
def test_encodings_separators_and_titles(take: Take, content: str | bytes) -> None:
    """Whatever a table looks like, the row in it is the same."""
    done = take(content, *EUROS)
    assert done.code == 0, done.told
    assert bought(done) == [("Zoë", "1234.50")]
    assert done.values[0]["occurred_at"] == "2024-01-02T00:00:00Z"


def test_an_encoding_can_be_said(take: Take) -> None:
    """Russian in windows-1251 is what it is told to be; an encoding that there is not is one line."""
    content = "Customer,Date,Amount\nЖизнь,2024-01-02,5\n".encode("cp1251")
    assert bought(take(content, *EUROS, "--encoding", "cp1251")) == [("Жизнь", "5.00")]
    unknown = take(content, *EUROS, "--encoding", "klingon")
    assert (unknown.code, unknown.told) == (2, ["no encoding 'klingon'; give a name such as utf-8, latin-1 or cp1250"])


@pytest.mark.parametrize(
    "content", [b"Zo\xc3\xab,2024-01-02,5\nM\xfcller,2024-01-02,5\n", b"a,2024-01-02,5\nx\x81,2024-01-02,5\n"]
)
def test_a_bad_byte_names_its_line_and_leaves_the_output_as_it_was(take: Take, tmp_path: Path, content: bytes) -> None:
    """Nothing is written over, and no other file is left beside it."""
    out = tmp_path / "out.jsonl"
    out.write_text("kept")
    done = take(b"Customer,Date,Amount\n" + content, *EUROS, "--out", str(out))
    assert done.code == 2
    assert "line 3: byte 0x" in done.told[-1]
    assert out.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.csv", "out.jsonl"]


def test_an_output_that_fails_half_way_is_not_there(take: Take, tmp_path: Path) -> None:
    """A query that fails at its last row leaves the file that was there."""
    out, sql = tmp_path / "out.jsonl", tmp_path / "map.sql"
    out.write_text("kept")
    sql.write_text(
        "SELECT Customer AS account_id, Date AS occurred_at, CAST(Amount AS INTEGER) AS amount, 'EUR' AS currency FROM file",
        encoding="utf-8",
    )
    rows = "".join(f"c{number},2024-01-02,5\n" for number in range(30_000))
    done = take(f"Customer,Date,Amount\n{rows}c,2024-01-02,x\n", "--sql", str(sql), "--out", str(out))
    assert done.code == 2
    assert "Could not convert string 'x'" in done.told[-1]
    assert out.read_text() == "kept"


def test_json_keeps_its_digits(take: Take) -> None:
    """Numbers of JSON are read digit for digit, an object a line or in a list; what is nested has its path."""
    lines = (
        '{"customer": {"id": "a"}, "date": "2024-01-02", "amount": 900719925474099301.10}\n'
        '{"customer": {"id": "b"}, "date": "2024-01-02", "amount": 105.80}\n'
    )
    listed = "[" + ",".join(lines.splitlines()) + "]"
    for content, name in ((lines, "file.ndjson"), (listed, "file.json")):
        done = take(content, *EUROS, "--account", "customer.id", name=name)
        assert bought(done) == [("a", "900719925474099301.10"), ("b", "105.80")]
    assert "is no JSON that can be read" in take("[{", name="file.json").told[-1]
    assert "holds no objects" in take("[]", name="file.json").told[-1]


def test_parquet(take: Take, tmp_path: Path) -> None:
    """Decimals, times with a zone and doubles with a binary tail, as they are stored."""
    file = tmp_path / "file.parquet"
    pq.write_table(
        pa.table(
            {
                "customer": ["a", "b"],
                "date": pa.array([1_704_186_000_000_000, 1_704_186_000_000_000], pa.timestamp("us", tz="UTC")),
                "amount": pa.array([105.8, 22.200000000000003], pa.float64()),
            }
        ),
        file,
    )
    done = run_import("purchases", file, *EUROS)
    assert bought(done) == [("a", "105.80")]
    assert done.values[0]["occurred_at"] == "2024-01-02T09:00:00Z"
    assert any("'22.200000000000003'" in line for line in done.told)
    assert "is no Parquet that can be read" in take(b"PAR1 and no more", name="x.parquet").told[-1]


def test_a_spreadsheet_with_titles_merged_names_and_a_total() -> None:
    """Names above and below are joined; dates, whole numbers and binary tails are the text that they stand for."""
    options = (
        "account_id=Customer No",
        "amount=Amount net",
        "occurred_at=Invoice Date",
        "--set",
        "currency=EUR",
        "--round",
    )
    done = run_import("purchases", SHEETS / "merged.xlsx", *options, "--zone", "Europe/Zurich")
    assert bought(done) == [("17850", "22.20"), ("17851", "100.00")]
    assert [value["occurred_at"] for value in done.values] == ["2024-03-01T09:30:00+01:00", "2024-03-02T00:00:00+01:00"]
    assert any("line 8, column Invoice Date: occurred_at is empty" in line for line in done.told)
    assert bought(run_import("purchases", SHEETS / "verkauf.ods", *EUROS)) == [("Weiß", "12.50")]


def test_a_spreadsheet_that_cannot_be_read(take: Take) -> None:
    """A password, a sheet that there is not and an archive that is no spreadsheet are one line each."""
    locked = run_import("purchases", SHEETS / "password.xlsx")
    assert locked.code == 2
    assert locked.told[-1].endswith("has a password: open it in a spreadsheet and save it without one, or as CSV")
    assert (
        "no sheet 'Other'; there are: Sales"
        in run_import("purchases", SHEETS / "merged.xlsx", "--sheet", "Other").told[-1]
    )
    assert "is no spreadsheet that can be read" in take(b"PK\x03\x04 and no more", name="x.xlsx").told[-1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file has no first line with the names of its columns"),
        ("\n\n\n", "the file has no first line with the names of its columns"),
        (b"\0\0\0\0\1\2\3\4" * 9, "is no text, spreadsheet, calendar, Parquet or JSON"),
        (
            "Customer,Date,Amount\na,03/01/2024,5\n",
            "column Date: '03/01/2024' could be day first or month first: say --day-first",
        ),
        (
            'Customer,Date,Amount\na,2024-01-03,"1,049"\n',
            "column Amount: '1,049' could have thousands or decimals: say --decimal",
        ),
        (
            "Customer,Date,Amount\na,2024-01-03 10:00,5\n",
            "column Date: '2024-01-03 10:00' has no time zone: say --zone",
        ),
        (
            "Date,Amount\n2024-01-03,5\n",
            "purchases needs a column 'account_id' or 'Account ID' or 'Account' or the like",
        ),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "is no calendar that can be read (it has no end)"),
        ("BEGIN:VCALENDAR\nBEGIN VEVENT\nEND:VCALENDAR\n", "is no calendar that can be read"),
    ],
)
def test_what_stops_an_import_is_one_line(take: Take, content: str | bytes, told: str) -> None:
    """Nothing is written, and the line says what to do."""
    done = take(content, *EUROS)
    assert (done.code, done.values, len(done.told)) == (2, [], 1)
    assert told in done.told[0]


@pytest.mark.parametrize(
    ("library", "content", "name"),
    [
        ("duckdb", "Customer,Date,Amount\n", "file.csv"),
        ("python_calamine", (SHEETS / "verkauf.ods").read_bytes(), "file.ods"),
        ("icalendar", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "file.ics"),
    ],
)
def test_without_the_extra_one_line_says_what_to_install(
    take: Take, monkeypatch: pytest.MonkeyPatch, library: str, content: str | bytes, name: str
) -> None:
    """Each library is named where it is missed, with the extra that brings it."""
    monkeypatch.setitem(sys.modules, library, None)
    done = take(content, name=name)
    assert done.code == 2
    assert "is not installed, and it reads " in done.told[-1]
    assert "pip install 'clientward[import]'" in done.told[-1]


def test_nothing_that_fits_is_a_failure(take: Take) -> None:
    """A file of which no row fits ends with 1, and keeps the output that was there."""
    done = take("Customer,Date,Amount\n,2024-01-03,5\n", *EUROS)
    assert (done.code, done.values) == (1, [])
    assert done.told[-1].endswith("none of 1 rows became a message")
    assert take("Customer,Date,Amount\n", *EUROS).code == 1


def test_other_rows_say_what_one_row_does_not(take: Take) -> None:
    """A day above twelve or a decimal comma anywhere in the file settles it for all rows, and that is told."""
    days = take("Customer,Date,Amount\na,02/01/2024,5\nb,13/01/2024,5\n", *EUROS)
    assert [value["occurred_at"][:10] for value in days.values] == ["2024-01-02", "2024-01-13"]
    assert "dates have the day first, as some of them show" in days.told
    commas = take("Customer;Date;Amount\na;2024-01-01;1.049\nb;2024-01-01;2,5\n", *EUROS)
    assert bought(commas) == [("a", "1049.00"), ("b", "2.50")]
    mixed = take("Customer,Date,Amount\na,02/01/2024,5\nb,13/01/2024,5\nc,01/13/2024,5\n", *EUROS)
    assert len(mixed.values) == 2
    assert any("line 2, column Date: '02/01/2024' could be a day or a month first" in line for line in mixed.told)


def test_refusals_are_summed_up_and_listed_in_a_file(take: Take, tmp_path: Path) -> None:
    """Five lines of a reason are shown, the others counted; the file has all of them."""
    every = tmp_path / "refused.csv"
    rows = "".join(f"c{number},2024-01-02,none of {number}\n" for number in range(12))
    done = take(f"Customer,Date,Amount\n{rows}d,2024-01-02,5\n", *EUROS, "--refused", str(every))
    assert sum("does not fit amount" in line and ": line " in line for line in done.told) == 5
    assert any(line.startswith("and 7 more in column Amount: does not fit amount") for line in done.told)
    assert len(every.read_text(encoding="utf-8").splitlines()) == 13


def test_an_overlapping_export_adds_what_is_new(take: Take) -> None:
    """Ids come from what a row says: the rows that two exports share have the same ids, wherever they stand."""
    one = take("Customer,Date,Amount\na,2024-01-01,5\na,2024-01-01,5\nb,2024-01-02,6\n", *EUROS)
    two = take("Date,Customer,Amount,Note\n2024-01-02,b,6.00,x\n2024-01-03,c,7,y\n", *EUROS)
    ids = [value["event_id"] for value in one.values]
    assert len(set(ids)) == 3
    assert {value["event_id"] for value in two.values} & set(ids) == {ids[2]}


def test_several_files_come_in_one_order_and_once(tmp_path: Path) -> None:
    """Messages of several files are in the order of time; what stands in two of them stands once, and is counted."""
    first, second = tmp_path / "jan.csv", tmp_path / "feb.csv"
    first.write_text("Customer,Date,Amount\na,2024-01-03,5\nb,2024-02-01,6\n", encoding="utf-8")
    second.write_text("Customer,Date,Amount\nb,2024-02-01,6\na,2024-01-02,7\n", encoding="utf-8")
    done = run_import("purchases", first, second, *EUROS)
    assert bought(done) == [("a", "7.00"), ("a", "5.00"), ("b", "6.00")]
    assert "repeats: 1 message came again, and stand once" in done.told


def test_long_ids_are_made_to_fit(take: Take) -> None:
    """An id of more than 128 characters is cut, and stays unlike others; an order's of more than 255 bytes too."""
    long = "ö" * 400
    done = take(
        f"Customer,Date,Amount,Order No,no\na,2024-01-01,5,{long}1,{long}1\na,2024-01-01,5,{long}2,{long}2\n", *EUROS
    )
    assert len({value["order_id"] for value in done.values}) == 2
    assert all(len(value["order_id"].encode()) <= 255 for value in done.values)


def test_a_dry_run_says_what_would_come(take: Take, tmp_path: Path) -> None:
    """Rows, accounts, first and last day, sums by currency, refusals, and what a policy would see; nothing is written."""
    out = tmp_path / "out.jsonl"
    content = "Customer,Date,Amount\na,2024-01-01,5 EUR\na,2024-01-05,7 CHF\nb,2024-01-03,-2 EUR\nc,2024-01-03,x\n"
    done = take(content, "--dry-run", "--out", str(out))
    assert (done.code, done.values, out.exists()) == (0, [], False)
    text = "\n".join(done.told)
    assert "4 rows, 2 accounts" in text
    assert "from 2024-01-01T00:00:00+00:00 to 2024-01-05T00:00:00+00:00" in text
    assert "EUR: 5.00 sold, 2.00 refunded, 3.00 net" in text
    assert "CHF: 7.00 sold" in text
    assert "refused: 1 in column Amount: does not fit amount" in text
    assert "what a policy could see is told of 20 accounts in touch with people, and not of 0" in text


def test_a_dry_run_says_what_a_policy_would_see(tmp_path: Path) -> None:
    """In the words of `policy calibrate`: counts, what is never there, and how many points can be reached."""
    lines = [f"a{n % 25},2024-0{1 + n // 25}-03,{n},incident\n" for n in range(100)]
    (tmp_path / "tickets.csv").write_text("Customer,Opened,Ticket,Type\n" + "".join(lines))
    text = "\n".join(run_import("tickets", tmp_path / "tickets.csv", "--dry-run").told)
    assert "a policy would see: 25 accounts with 100 tickets; 25 are in touch with people" in text
    assert "a policy would see: there are no purchases" in text
    assert re.search(r"a policy would see: \d+ of the 100 points can be reached", text)


def test_what_is_not_mapped_is_known_by_its_name(take: Take) -> None:
    """--map names the column that has another name; the others are found, and told; a missing currency is asked for."""
    content = "customer_id,date,units,amount_usd\na,2024-01-01,2,5\n"
    done = take(content, "--map", "amount=amount_usd", "--currency", "USD")
    assert bought(done) == [("a", "5.00")]
    assert done.values[0]["quantity"] == 2
    assert "columns by their names: account_id is 'customer_id', occurred_at is 'date'" in done.told[0]
    mapped = ("account_id=customer_id", "occurred_at=date", "amount=amount_usd")
    assert "say --currency" in take(content, *mapped).told[-1]
    assert bought(take(content, *mapped, "--currency", "USD")) == [("a", "5.00")]


def test_a_quote_that_is_never_closed_is_told(take: Take) -> None:
    """The line on which it opens is named, and what stands before it comes in."""
    done = take('Customer,Date,Amount\na,2024-01-01,5\n"b,2024-01-01,5\nc,2024-01-01,5\n', *EUROS)
    assert bought(done) == [("a", "5.00")]
    assert any("line 3, column -: no CSV: a quote that opens here is never closed" in line for line in done.told)


def test_rows_can_be_left_out(take: Take) -> None:
    """--where says in SQL which rows count, and how many do not is told."""
    content = "Customer,Date,Amount,Status\na,2024-01-01,5,paid\nb,2024-01-01,5,cancelled\n"
    done = take(content, *EUROS, "--where", "Status <> 'cancelled'")
    assert bought(done) == [("a", "5.00")]
    assert "1 row left out by --where" in done.told


def test_messages_are_lines_that_replay_takes(take: Take, tmp_path: Path) -> None:
    """What is written to a file is one object a line with topic and value."""
    out = tmp_path / "out.jsonl"
    take("Customer,Date,Amount\na,2024-01-01,5\n", *EUROS, "--out", str(out))
    (line,) = [json.loads(text) for text in out.read_text(encoding="utf-8").splitlines()]
    assert line["topic"] == "crm.purchase.recorded.v1"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), min_size=1, max_size=20))
def test_every_cell_comes_into_the_table_as_it_is(rows: list[list[str]]) -> None:
    """Line breaks, quotes, separators, control characters: a cell's text is the same, and an empty one is NULL."""
    with open_bench() as bench:
        bench.name_columns(["a", "b", "c"])
        bench.add_rows(bench.add_file(Path("x")), ["a", "b", "c"], enumerate(rows))
        found = bench.con.execute("SELECT a, b, c FROM raw ORDER BY _line").fetchall()
    assert found == [tuple(cell or None for cell in row) for row in rows]


def test_events_of_one_account_and_time_are_in_the_order_in_which_they_are_folded(take: Take, tmp_path: Path) -> None:
    """By id, or the worker would tell a decision and correct it at once; with --map and --out else as in the file."""
    days = [2, 1, 2, 1, 2, 1]
    content = "Customer,Date,Amount\n" + "".join(f"a,2024-01-0{day},{number}\n" for number, day in enumerate(days, 1))
    ids = [(value["occurred_at"], value["event_id"]) for value in take(content, *EUROS).values]
    assert ids == sorted(ids)
    out = tmp_path / "out.jsonl"
    take(content, "account_id=Customer", "occurred_at=Date", "amount=Amount", *EUROS, "--out", str(out))
    written = [json.loads(line)["value"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert [value["occurred_at"][:10] for value in written] == ["2024-01-02"] * 3 + ["2024-01-01"] * 3
    by_day = [[value["event_id"] for value in written[at : at + 3]] for at in (0, 3)]
    assert by_day == [sorted(each) for each in by_day]
