"""Records of the output topics for the tests of the read model, and what its tables hold."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from readmodel.answers import Page
from readmodel.database import ReadModel
from readmodel.tables import accounts, audit, decisions, flows, groups, kinds, metadata, refusal_hours, refusals
from readmodel.writing.positions import Place
from readmodel.writing.writer import TOPICS, Writer
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, SHADOWED, STATE, Reason
from streams.wire import dead_letters, redriving

#: The variable that names another database than a file of the test's own.
DATABASE = "READMODEL_TEST_URL"
START_MS = 1_767_225_600_000  # 2026-01-01
START = datetime(2026, 1, 1, tzinfo=UTC)
SEGMENT = {"industry": "law", "party": "business", "scope": "external", "market": "business", "standing": "regular"}
POLICY = {"id": "clientward-default", "version": "1"}
PURCHASES = "crm.purchase.recorded.v1"
# Of the sample: so many decisions, a third of each industry; few have all that a question asks for.
INDUSTRIES = ("law", "saas", "retail")
DIRECTIONS = ("promotion", "demotion")
TO = ("customer", "candidate", "client")
NUMBER = 360


@dataclass
class Rec:
    """A record, as Kafka would deliver it."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    partition: int = 0


class Log:
    """Topics of one partition, to which records are added at rising times."""

    def __init__(self) -> None:
        self.records: list[Rec] = []
        self._ends = dict.fromkeys(TOPICS, 0)

    def add(self, topic: str, account: str | None, value: Any, headers: Sequence[tuple[str, bytes]] = ()) -> Rec:
        """Add a record."""
        raw = value if value is None or isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
        at = START_MS + len(self.records)
        record = Rec(topic, self._ends[topic], at, None if account is None else account.encode(), raw, headers)
        self._ends[topic] += 1
        self.records.append(record)
        return record

    def decision(self, account: str, event_id: str, seq: int = 1, **more: Any) -> Rec:
        """Add a reclassification."""
        return self.add(RECLASSIFIED, account, decision(account, event_id, seq, **more))

    def state(self, account: str, status: str = "customer", score: float = 20.0, **more: Any) -> Rec:
        """Add a state."""
        return self.add(STATE, account, state(account, status, score, **more))

    def gone(self, account: str, why: str = "erase") -> Rec:
        """Add a tombstone."""
        return self.add(STATE, account, None, [("ce_id", f"{why}-c".encode()), ("ce_time", b"2026-01-02T00:00:00Z")])

    def audit(self, account: str | None, event_id: str, action: str = "override", **more: Any) -> Rec:
        """Add an audit entry."""
        return self.add(AUDIT, account, entry(account, event_id, action, **more))

    def refusal(self, key: str, value: bytes, reason: Reason = Reason.SCHEMA, hour: int = 0) -> Rec:
        """Add a dead letter."""
        at = (START + timedelta(hours=hour)).isoformat()
        noted = {
            dead_letters.REASON: reason.value,
            dead_letters.PARTITION: "3",
            dead_letters.OFFSET: "17",
            dead_letters.TOPIC: PURCHASES,
            dead_letters.MESSAGE: "amount: expected `str`",
            dead_letters.REFUSED_AT: at,
        }
        return self.add(REJECTED, key, value, [(name, text.encode()) for name, text in noted.items()])

    def note(self, *offsets: int, kind: str = "redriven", by: str = "ann", day: int = 5, partition: int = 0) -> Rec:
        """Add a note on dead letters."""
        at = _text(START + timedelta(days=day))
        said = {"kind": kind, "partition": partition, "offsets": list(offsets), "by": by, "why": "mended", "at": at}
        return self.add(REJECTED, None, said, [(redriving.NOTE, b"1.0")])

    def difference(self, account: str, kind: str = "entered", publication: str = "p", shadow: str = "client") -> Rec:
        """Add a shadow's difference."""
        return self.add(SHADOWED, account, difference(account, kind, publication, shadow))


def decision(account: str, event_id: str, seq: int = 1, **more: Any) -> dict[str, Any]:
    """Return a reclassification; a day of `day` days after the start."""
    day = more.pop("day", 0)
    industry = more.pop("industry", "law")
    return {
        "event_id": event_id,
        "account_id": account,
        "transition_seq": seq,
        "from": "prospect",
        "to": "customer",
        "direction": "promotion",
        "effective_at": _text(START + timedelta(days=day)),
        "decided_at": "2026-06-01T00:00:00Z",
        "score": 20.0,
        "confidence": 0.9,
        "dimensions": [],
        "why": "Its first purchase.",
        "what_next": "",
        "segment": {**SEGMENT, "industry": industry},
        "play": {"name": "serve", "service_model": "", "marketing": "", "actions": [], "stop": []},
        "policy": POLICY,
        "caused_by": "p-1",
        "supersedes": None,
        "schema_version": "1.0",
        **more,
    }


def state(account: str, status: str, score: float, **more: Any) -> dict[str, Any]:
    """Return a state."""
    return {
        "account_id": account,
        "status": status,
        "since": "2026-01-01T00:00:00Z",
        "score": score,
        "confidence": 0.9,
        "segment": {**SEGMENT, "industry": more.pop("industry", "law")},
        "play": "serve",
        "policy": POLICY,
        "transition_seq": 1,
        "held_until": None,
        "as_of": "2026-01-01T00:00:00Z",
        "schema_version": "1.0",
        **more,
    }


def entry(account: str | None, event_id: str, action: str, **more: Any) -> dict[str, Any]:
    """Return an audit entry."""
    return {
        "event_id": event_id,
        "account_id": account,
        "action": action,
        "outcome": "done",
        "detail": None,
        "by": "ops",
        "occurred_at": "2026-01-01T00:00:00Z",
        "decided_at": "2026-01-01T00:00:00Z",
        **more,
    }


def difference(account: str, kind: str, publication: str, shadow: str) -> dict[str, Any]:
    """Return a shadow's difference."""
    side = {"status": "customer", "score": 20.0, "policy": POLICY}
    return {
        "event_id": f"sh-{account}",
        "account_id": account,
        "kind": kind,
        "active": side,
        "shadow": {**side, "status": shadow},
        "publication": publication,
        "approximate": False,
        "effective_at": "2026-01-01T00:00:00Z",
        "decided_at": "2026-01-01T00:00:00Z",
    }


def opened(folder: Path) -> ReadModel:
    """Return a read model: of a file, or of the database that `DATABASE` names."""
    url = os.environ.get(DATABASE)
    if url is None:
        return ReadModel.open(folder / "readmodel.sqlite")
    return ReadModel.open(url)  # `begun` empties it


def begun(model: ReadModel) -> Writer:
    """Return a writer of empty tables, with one partition a topic."""
    writer = Writer(model)
    writer.begin_anew({Place(topic, 0): 0 for topic in TOPICS}, why="new", now_ms=START_MS, cluster="here")
    return writer


def write(writer: Writer, records: Sequence[Rec]) -> None:
    """Write records as one batch."""
    reached = {Place(each.topic, 0): each.offset + 1 for each in records}
    writer.write(records, reached)


def filled(folder: Path, log: Log) -> ReadModel:
    """Return a read model of a file that holds a log."""
    model = opened(folder)
    write(begun(model), log.records)
    return model


def held(model: ReadModel) -> dict[str, Any]:
    """Return what the tables hold, without the numbers of rows' own."""
    with model.reading() as connection:
        of = decisions.c
        named = {row.kind: tuple(row)[1:-2] for row in connection.execute(select(kinds))}
        grouped = {row.group: tuple(row)[1:-1] for row in connection.execute(select(groups))}
        return {
            "decisions": sorted(
                (row.event_id, row.account_id, row.superseded_by, named[row.kind])
                for row in connection.execute(select(of.event_id, of.account_id, of.superseded_by, of.kind))
            ),
            "kinds": _counted(
                (named[row.kind], row.rows) for row in connection.execute(select(kinds.c.kind, kinds.c.rows))
            ),
            "flows": _counted((tuple(row)[:-1], row.rows) for row in connection.execute(select(flows))),
            "accounts": sorted(
                (row.account_id, row.score, repr(grouped[row.group]))
                for row in connection.execute(select(accounts.c.account_id, accounts.c.score, accounts.c.group))
            ),
            "groups": _counted((grouped[row.group], row.rows) for row in connection.execute(select(groups))),
            "audit": sorted(connection.scalars(select(audit.c.event_id))),
            "hours": _counted((tuple(row)[:-1], row.rows) for row in connection.execute(select(refusal_hours))),
            "refusals": sorted(map(repr, connection.execute(select(refusals)))),
            "others": {
                table.name: sorted(repr(row[0]) for row in connection.execute(select(*table.primary_key)))
                for table in metadata.sorted_tables
                if table.name in {"departed", "shadows"}
            },
        }


def bytes_of(folder: Path) -> bytes:
    """Return the bytes of every file of the folder: the database, its log, and what stands beside them."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("readmodel.sqlite*")))


def _counted(found: Iterable[tuple[Any, int]]) -> list[tuple[str, int]]:
    return sorted((repr(what), count) for what, count in found if count)


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def sample() -> Log:
    """Return some hundred accounts with a decision each, some at one time."""
    log = Log()
    for at in range(NUMBER):
        name, to = f"acc-{at % 7}-{at}", TO[at % 3 and at % 5 % 3]
        more = {"industry": INDUSTRIES[at % 3], "direction": DIRECTIONS[at % 11 == 0], "confidence": at % 100 / 100}
        log.decision(name, f"d-{at}", day=at // 4, to=to, **more)
        log.state(name, to, at % 60, industry=INDUSTRIES[at % 3])
    return log


def all_of(ask: Callable[..., Page[Any]], model: ReadModel, wanted: Any, limit: int) -> list[Any]:
    """Return every item of a list, page by page."""
    items, after = [], None
    while True:
        found = ask(model, wanted, after=after, limit=limit)
        assert len(found.items) <= limit
        items += found.items
        assert found.total is None or len(items) <= found.total
        after = found.after
        if after is None:
            assert found.total in {None, len(items)}
            return items
