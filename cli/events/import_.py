"""`clientward import FILE… [--preset NAME | --sql FILE.sql | --map FIELD=COLUMN …]`: files become lines of the contract.

The lines go to stdout, to a file, or with `--send` to the topics. What does not fit is told on stderr by reason and column
with the first few lines of each, and the rest goes on.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import FAILED, WRONG_USE, CommandError
from cli.events.import_options import read_pairs, read_words, said
from cli.events.import_output import Output, print_presets, print_summary, reading_progress, show_guess
from cli.output import print_error, printable
from importing.answers import Answers, Order, Point
from importing.errors import QuestionError
from importing.reading.calendars import Window
from importing.reading.load import Reading
from importing.run import Import, Request, open_import

POINTS: Final[dict[str, Point]] = {"point": ".", "comma": ","}
ORDERS: Final[dict[str, Order]] = {"day": "day", "month": "month"}
WHAT: Final = ("purchases", "tickets", "meetings", "profiles")

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[purchases|tickets|meetings|profiles] FILE...",
        help="Files of one shape, and what --map makes of their rows.",
    ),
]
PresetOption = Annotated[
    str, typer.Option("--preset", metavar="NAME", help="A mapping that comes along; `list` shows them. [by the header]")
]
SqlOption = Annotated[Path | None, typer.Option("--sql", metavar="FILE.sql", help="A mapping of your own.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="The column of a field, or of a preset's own column."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field that is the same in every message.")
]
WordsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--words", "--map-values", metavar="FIELD:FROM=TO,…", help="The contract's words for the file's; * is any text."
    ),
]
AcceptOption = Annotated[bool, typer.Option("--accept-words", help="Take the words that are proposed.")]
WhereOption = Annotated[
    str | None, typer.Option("--where", metavar="SQL", help="Which rows count, such as \"Status\" <> 'cancelled'.")
]
ZoneOption = Annotated[
    str | None, typer.Option("--zone", "--timezone", help="Zone of times that name none, such as Europe/Zurich.")
]
DayFirst = Annotated[
    bool | None, typer.Option("--day-first/--month-first", help="Whether 1/2/2024 is in February or in January.")
]
DecimalOption = Annotated[
    str | None, typer.Option("--decimal", metavar="point|comma", help="What 1,049 and 1.049 mean.")
]
CurrencyOption = Annotated[str | None, typer.Option("--currency", help="Code of amounts that name none, such as EUR.")]
DomainOption = Annotated[
    list[str] | None, typer.Option("--own-domain", help="Domain of your own people's addresses; as often as needed.")
]
AccountOption = Annotated[
    str | None,
    typer.Option("--account", metavar="COLUMN", help="The account's column; A|B: the first that is not empty."),
]
RoundOption = Annotated[bool, typer.Option("--round", help="Round digits away that no money has, and count them.")]
PrefixOption = Annotated[str | None, typer.Option("--id-prefix", help="Start of the ids.")]
EncodingOption = Annotated[str | None, typer.Option("--encoding", help="Encoding of text. [seen from the file]")]
DelimiterOption = Annotated[
    str | None, typer.Option("--delimiter", help="What separates cells; `tab` is a tab. [seen from the file]")
]
SheetOption = Annotated[str | None, typer.Option("--sheet", help="Name of a spreadsheet's sheet.")]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DAY", help="Leave out what is later. [meetings: now]")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Write nothing; show what it would come to.")]
SendOption = Annotated[bool, typer.Option("--send", help="Publish to the topics instead of writing lines.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Where to write instead of stdout.")]
RefusedOption = Annotated[
    Path | None, typer.Option("--refused", metavar="FILE.csv", help="Where to list all refusals.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 if any row did not fit.")]


def import_command(
    words: Words = None,
    preset: PresetOption = "",
    sql: SqlOption = None,
    maps: MapOption = None,
    constants: SetOption = None,
    map_values: WordsOption = None,
    accept_words: AcceptOption = False,
    where: WhereOption = None,
    zone: ZoneOption = None,
    day_first: DayFirst = None,
    decimal: DecimalOption = None,
    currency: CurrencyOption = None,
    own_domain: DomainOption = None,
    account: AccountOption = None,
    rounding: RoundOption = False,
    id_prefix: PrefixOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    sheet: SheetOption = None,
    until: UntilOption = None,
    dry_run: DryOption = False,
    send: SendOption = False,
    out: OutOption = None,
    refused: RefusedOption = None,
    strict: StrictOption = False,
) -> None:
    """Turn files as people have them into events: CSV, xlsx, ods, iCalendar, Parquet, JSON; for `replay` and `send`.

    Without a preset, a mapping or --map the header says which preset fits. What only a person knows is asked for on a
    terminal, and has an option each. docs/importing.md tells of presets and of mappings of your own.
    """
    if preset == "list":
        print_presets()
        return
    what, files, pairs = _sorted_out(words or [], maps or [], preset, sql)
    answers = Answers(
        zone=zone,
        first=None if day_first is None else "day" if day_first else "month",
        point=said("--decimal", decimal, POINTS),
        currency=currency.upper() if currency else None,
        own_domains=tuple(own_domain or ()),
        words=read_words(map_values or []),
        rounding=rounding,
        constants=read_pairs("--set", constants or []),
    )
    now = datetime.now(UTC)
    end = _day(until)
    request = Request(
        files=tuple(files),
        reading=Reading(Window(end or now), encoding, "\t" if delimiter == "tab" else delimiter, sheet),
        now=now,
        what=what,
        preset=preset,
        sql=sql,
        pairs=pairs,
        account=account,
        where=where,
        prefix=id_prefix,
        answers=answers,
        accepting=accept_words,
        until=end,
        refused=refused,
        counting=dry_run,
        in_file_order=out is not None,
    )
    output = Output(out=out, send=send, dry=dry_run)
    done = _asking(request, output)
    told = done.refusals.rows + done.refusals.fields
    if not done.tally.messages or (strict and told):
        raise typer.Exit(FAILED)


def _asking(request: Request, output: Output) -> Import:
    """Import, and ask on a terminal for what only a person knows; in a script the question is the error."""
    while True:
        try:
            return _import(request, output)
        except QuestionError as question:
            if not at_terminal():
                raise
            request = _answered(request, question)


def at_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _import(request: Request, output: Output) -> Import:
    with reading_progress(request.files) as on_read, open_import(request, on_read) as found:
        if found.fit is not None:
            show_guess(found)
        for note in found.notes:
            print_error(printable(note))
        recording = output.write(found)
        print_summary(found, request.files, recording)
        return found


def _answered(request: Request, question: QuestionError) -> Request:
    """Return the request with the answer that a person typed."""
    choices = f" [{'/'.join(question.choices)}]" if question.choices and _default(question) is None else ""
    text = str(typer.prompt(f"{question.question}{choices}", err=True, default=_default(question))).strip()
    answers = request.answers
    if question.option == "--preset":
        return replace(request, preset=text)
    if question.option == "--words":
        field = question.choices[0].partition(":")[0]
        given = read_words([text if text.startswith(f"{field}:") else f"{field}:{text}"])
        return replace(request, answers=replace(answers, words={**answers.words, **given}))
    return replace(request, answers=ANSWERED[question.option](answers, text))


#: What an answer says, by the option that a script would say it with.
ANSWERED: Final[dict[str, Callable[[Answers, str], Answers]]] = {
    "--zone": lambda answers, text: replace(answers, zone=text),
    "--currency": lambda answers, text: replace(answers, currency=text.upper()),
    "--own-domain": lambda answers, text: replace(answers, own_domains=tuple(text.replace(",", " ").split())),
    "--decimal": lambda answers, text: replace(answers, point=said("--decimal", text, POINTS)),
    "--day-first/--month-first": lambda answers, text: replace(answers, first=said("day or month", text, ORDERS)),
}


def _default(question: QuestionError) -> str | None:
    return question.choices[0] if question.option in {"--words", "--preset"} and question.choices else None


def _sorted_out(
    words: list[str], maps: list[str], preset: str, sql: Path | None
) -> tuple[str, list[Path], dict[str, str]]:
    """Return what the rows are, the files, and the pairs, which may stand among the files."""
    what = words[0] if words and words[0] in WHAT and not Path(words[0]).exists() else ""
    rest = words[1:] if what else words
    files = [Path(word) for word in rest if "=" not in word or Path(word).exists()]
    pairs = read_pairs("--map", [*maps, *(word for word in rest if "=" in word and not Path(word).exists())])
    if not files:
        raise CommandError("which file? as in: clientward import orders.csv", WRONG_USE)
    if preset and sql:
        raise CommandError("--preset and --sql are both mappings: choose one", WRONG_USE)
    return what, files, pairs


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--until takes a day, such as 2026-01-31, not {text!r}", WRONG_USE) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
