"""A story of examples/stories/, folded by the product's own core: its course, its decisions, how it stood at a moment."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from relationship.contract.decisions import Reclassification
from relationship.contract.outcome import RECLASSIFIED
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import Replay
from streams.config.settings import Settings
from views.accounts.account import AccountView, account_view_at
from views.accounts.course import Course, course_of
from views.offline.event_file import EventReader, fold

FOLDER: Final = Path(__file__).parents[2] / "examples" / "stories"
#: Topics whose events are contacts; what is bought is told apart from them.
CONTACTS: Final = ("crm.meeting.held.v1", "crm.ticket.updated.v1")

DECODER: Final = msgspec.json.Decoder(Reclassification)


class Event(NamedTuple):
    """When something of a story happened, and whether people were in touch or something was bought."""

    at: datetime
    is_contact: bool


class Story(NamedTuple):
    """One account's story, folded up to a moment."""

    course: Course
    decisions: list[Reclassification]
    events: list[Event]
    view: AccountView


def story(name: str, until: datetime) -> Story:
    """Fold a story of one account, with its timers up to a moment. Raises ValueError for a line that is refused."""
    settings = Settings.model_construct()
    core = Core(load_policy(), settings.lateness_days)
    run = Replay(core)
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines()
    sent = [each for sends in fold(run, EventReader(enumerate(lines, 1), settings, _refused, core)) for each in sends]
    sent += run.run_until(micros(until), micros(until))
    ((account_id, record),) = run.records.items()
    return Story(
        course_of(account_id, record, micros(until), core.rules),
        [DECODER.decode(each.value) for each in sent if each.topic == RECLASSIFIED and each.value],
        [_event(line) for line in lines if json.loads(line)["topic"] != "crm.account.profiled.v1"],
        account_view_at(account_id, record, micros(until), core.rules),
    )


def _event(line: bytes) -> Event:
    told = json.loads(line)
    return Event(datetime.fromisoformat(told["value"]["occurred_at"]), told["topic"] in CONTACTS)


def _refused(number: int, why: str) -> None:
    raise ValueError(f"line {number} is refused: {why}")
