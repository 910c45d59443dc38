"""The read model's tables follow from the topics alone, however they are read."""

import tempfile
from pathlib import Path
from typing import Any

from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from readmodel_support import Log, Rec, begun, held, write

from readmodel.database import ReadModel
from relationship.contract.outcome import Reason

NAMES = ("ann", "bob", "cé")
STATUSES = ("prospect", "customer", "candidate", "client", "lapsed")
ACTIONS = st.sampled_from(
    ["decide", "decide", "decide", "correct", "state", "erase", "merge", "audit", "refuse", "shadow", "left"]
)
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), ACTIONS, st.integers(0, 4)), min_size=1, max_size=40)


class Lives:
    """Accounts that live, are merged, erased and come again, and the log of it; `kept` is what must be left of decisions."""

    def __init__(self, steps: list[tuple[str, str, int]]) -> None:
        self.log = Log()
        self.kept: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
        self.status: dict[str, str | None] = dict.fromkeys(NAMES)
        for at, (name, action, number) in enumerate(steps):
            getattr(self, f"_{action}")(name, f"e{at}", number)

    def _decide(self, name: str, event_id: str, number: int, **more: Any) -> None:
        seq = len(self.kept[name]) + 1
        self.log.decision(name, event_id, seq, day=number, to=STATUSES[number], **more)
        self.kept[name].append({"id": event_id, "by": None, **more})
        self._state(name, event_id, number)

    def _correct(self, name: str, event_id: str, number: int) -> None:
        open_ = [each for each in self.kept[name] if each["by"] is None and each.get("direction") != "correction"]
        if open_:
            open_[-1]["by"] = event_id
            self._decide(name, event_id, number, direction="correction", supersedes=open_[-1]["id"])

    def _state(self, name: str, _event_id: str, number: int) -> None:
        self.log.state(name, STATUSES[number], float(number))
        self.status[name] = STATUSES[number]

    def _erase(self, name: str, event_id: str, _number: int) -> None:
        self.log.audit(name, event_id, "erase")
        self.log.gone(name, "erase")
        self.kept[name], self.status[name] = [], None

    def _merge(self, name: str, _event_id: str, _number: int) -> None:
        self.log.gone(name, "merge")
        self.status[name] = None

    def _audit(self, name: str, event_id: str, _number: int) -> None:
        self.log.audit(name, event_id)

    def _refuse(self, name: str, _event_id: str, number: int) -> None:
        self.log.refusal(name, b"{", Reason.DECODE, hour=number)

    def _shadow(self, name: str, _event_id: str, number: int) -> None:
        self.log.difference(name, shadow=STATUSES[number])

    def _left(self, name: str, _event_id: str, _number: int) -> None:
        self.log.difference(name, kind="left")


def _interleaved(log: Log, data: st.DataObject) -> list[list[Rec]]:
    """Return the log's records in batches: each topic in its order, the topics in any; some batches twice."""
    queues = {
        topic: [each for each in log.records if each.topic == topic] for topic in {each.topic for each in log.records}
    }
    batches: list[list[Rec]] = []
    while any(queues.values()):
        batch: list[Rec] = []
        for topic in sorted(queues):
            count = data.draw(st.integers(0, len(queues[topic])))
            batch += queues[topic][:count]
            del queues[topic][:count]
        if not batch:
            batch = [queue.pop(0) for queue in queues.values() if queue]
        batches += [batch] * data.draw(st.sampled_from([1, 1, 2]))
    return batches


@cases(25)
@given(STEPS, st.data())
def test_the_way_of_reading_changes_nothing(steps: list[tuple[str, str, int]], data: st.DataObject) -> None:
    """Batches of any size, topics in any order and batches that come twice make the tables that one batch makes."""
    lives = Lives(steps)
    with tempfile.TemporaryDirectory() as folder:
        whole, parts = ReadModel.open(Path(folder) / "whole"), ReadModel.open(Path(folder) / "parts")
        write(begun(whole), lives.log.records)
        writer = begun(parts)
        for batch in _interleaved(lives.log, data):
            write(writer, batch)
        one, other = held(whole), held(parts)
        whole.close()
        parts.close()
    for each in (one, other):  # an erasure's own entry goes by a hash with the tables' own salt
        each["audit"] = ["erased" if name.startswith("erase-") else name for name in each["audit"]]
    assert one == other
    expected = sorted((each["id"], name, each["by"]) for name, kept in lives.kept.items() for each in kept)
    assert [row[:3] for row in one["decisions"]] == expected
    assert {row[0] for row in one["accounts"]} == {name for name, status in lives.status.items() if status is not None}
    assert sum(count for _, count in one["groups"]) == len(one["accounts"])
    assert sum(count for _, count in one["kinds"]) == len(one["decisions"])
