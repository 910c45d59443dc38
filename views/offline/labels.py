"""Labelled accounts to learn a policy from: CSV or JSONL of `account_id,label[,at]`, or a simulation's truth.

A label is a status; `at` is the moment of which it is true, the history's end where it is not given. An account may be
labelled at several moments. Of a truth file each phase is a label at its own end, when the evidence of it is fullest.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from relationship.contract.enums import STATUSES
from relationship.contract.times import micros
from views.errors import InputError

FORM: Final = "a line is account_id,label[,at] as CSV with a header or as JSON, or a line of `simulate --truth`"


class Label(NamedTuple):
    """One label: the status of an account at a moment (µs), None for the history's end. `line` is where it stands."""

    line: int
    account_id: str
    status: str
    at: int | None


class _Line(Struct):
    account_id: str
    label: str | None = None
    at: datetime | None = None
    phases: list[tuple[datetime, str]] | None = None


_decoder: Final = msgspec.json.Decoder(_Line)


def read_labels(file: Path) -> list[Label]:
    """Return the labels of a file, in order. Raises InputError with the line, OSError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8; labels are CSV or JSONL") from error
    lines = text.splitlines()
    found = list(_json(lines, file) if text.lstrip().startswith("{") else _csv(lines, file))
    seen: dict[tuple[str, int | None], str] = {}
    for label in found:
        if label.status not in STATUSES:
            raise _wrong(file, label.line, f"{label.status!r} is no status; they are {', '.join(STATUSES)}")
        if seen.setdefault((label.account_id, label.at), label.status) != label.status:
            raise _wrong(file, label.line, f"{label.account_id} has another label at the same moment: keep one")
    return found


def _wrong(file: Path, line: int, text: str) -> InputError:
    return InputError(f"{file}:{line}: {text}")


def _json(lines: Iterable[str], file: Path) -> Iterator[Label]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found = _decoder.decode(line)
            yield from _labels(number, found)
        except (msgspec.DecodeError, TypeError, ValueError) as error:
            raise _wrong(file, number, f"{error}; {FORM}") from error


def _labels(number: int, line: _Line) -> Iterator[Label]:
    if line.phases is not None:
        phases = sorted((micros(since), status) for since, status in line.phases)
        ends = [since - 1 for since, _ in phases[1:]]
        for (_, status), end in zip(phases, [*ends, None], strict=True):
            yield Label(number, line.account_id, status, end)
    elif line.label is None:
        raise ValueError("neither label nor phases")
    else:
        yield Label(number, line.account_id, line.label, _micros(line.at))


def _csv(lines: Iterable[str], file: Path) -> Iterator[Label]:
    reader = csv.DictReader(lines, strict=True)
    try:
        if not {"account_id", "label"} <= set(reader.fieldnames or ()):
            raise _wrong(file, 1, f"the first line names no columns account_id and label; {FORM}")
        for row in reader:
            if not row["account_id"] or not row["label"]:
                raise _wrong(file, reader.line_num, f"no account_id or no label; {FORM}")
            at = (row.get("at") or "").strip()
            t = _micros(datetime.fromisoformat(at)) if at else None
            yield Label(reader.line_num, row["account_id"], row["label"].strip(), t)
    except (csv.Error, ValueError) as error:
        raise _wrong(file, reader.line_num, f"{error}; {FORM}") from error


def _micros(at: datetime | None) -> int | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError(f"at {at.isoformat()} has no offset: end it with Z, or with one such as +01:00")
    return micros(at)
