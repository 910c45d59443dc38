"""Words found in a file that the contract has not: what they could stand for, to be taken or changed by a person."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from importing.answers import Answers
from importing.cells.words import Words
from importing.errors import Misfit, QuestionError
from importing.guessing.evidence import Reads
from importing.guessing.lexicon import PROPOSED
from importing.mapping.words_of import known_words
from importing.reading.bench import Bench, quoted

#: Distinct words of a column that are looked at, and those that an error names.
MOST: Final = 2_000
NAMED: Final = 6
LONGEST: Final = 40  # characters of a word that an error names


class Unknown(NamedTuple):
    """Words of a column that have no translation yet.

    Attributes:
        field: whose words they are, such as `meetings.kind`.
        column: where they stand.
        proposed: what they could stand for, by pattern or word.
        left: those for which there is no proposal, the most frequent first.
    """

    field: str
    column: str
    proposed: dict[str, str]
    left: list[str]


def check_words(bench: Bench, reads: Reads, answers: Answers, notes: list[str], *, accepting: bool) -> Answers:
    """Return the answers with the proposals where they are accepted, noted. Raises QuestionError where they are not."""
    for field, column in _called(reads):
        if answers.words.get(field) and field in answers.said:
            continue
        unknown = _unknown(bench, field, column, answers)
        if not unknown.proposed and (not unknown.left or not field.endswith(".kind")):
            continue  # what a message can do without is left out of it, and told row by row
        listed = ",".join(f"{word}={meaning}" for word, meaning in unknown.proposed.items())
        if not accepting or (unknown.left and not listed):
            raise QuestionError(
                f"{reads.name(column)}: {_shown(unknown)}. Take {listed or 'none'}? (or FROM=TO,…; *=WORD for all others)",
                "--words",
                f"column {reads.name(column)}: {_shown(unknown)}; say --words '{field}:{listed or '…=WORD,*=WORD'}'"
                + (" or --accept-words" if listed else f"; WORD is one of {', '.join(sorted(known_words(field)))}"),
                (f"{field}:{listed}",),
            )
        notes.append(
            f"words of column {reads.name(column)}, as proposed: {listed}; --words {field}:FROM=TO says otherwise"
        )
        table = {**answers.words.get(field, {}), **unknown.proposed}
        answers = replace(answers, words={**answers.words, field: table})
    return answers


def _called(reads: Reads) -> Iterator[tuple[str, str]]:
    seen = set()
    for syntax in reads.syntaxes:
        for call in syntax.calls:
            if call.name == "word" and call.text and len(call.arguments) > 1:
                for column in reads.there(call.arguments[1]):
                    if (call.text, column) not in seen:
                        seen.add((call.text, column))
                        yield call.text, column


def _unknown(bench: Bench, field: str, column: str, answers: Answers) -> Unknown:
    words = Words(answers.words.get(field, {}), known_words(field))
    rows = bench.stream(
        f"SELECT CAST({quoted(column)} AS VARCHAR) AS w, count(*) AS n FROM file WHERE trim({quoted(column)}) <> '' "
        f"GROUP BY w ORDER BY n DESC, w LIMIT {MOST}"
    )
    proposed, left = {}, []
    for word, _ in rows:
        try:
            words.translate(word)
        except Misfit:
            if found := _propose(field, word):
                proposed[found[0]] = found[1]
            else:
                left.append(word)
    return Unknown(field, column, proposed, left)


def _propose(field: str, word: str) -> tuple[str, str] | None:
    for meaning, patterns in PROPOSED.get(field, {}).items():
        for pattern in re.findall(r"\*[^*]*\*|\*", patterns):
            try:
                Words({pattern: meaning}, frozenset()).translate(word)
            except Misfit:
                continue
            return pattern, meaning
    return None


def _shown(unknown: Unknown) -> str:
    what = [f"{word} → {meaning}" for word, meaning in unknown.proposed.items()]
    left = [repr(word if len(word) <= LONGEST else f"{word[:LONGEST]}…") for word in unknown.left[:NAMED]]
    more = f" and {len(unknown.left) - NAMED} more" if len(unknown.left) > NAMED else ""
    parts = [f"proposed {', '.join(what)}"] if what else []
    parts += [f"no proposal for {', '.join(left)}{more}"] if left else []
    return "words that the contract has not: " + "; ".join(parts)
