"""An end is an end, and fading is told by the clock: on whole lives, as firms record them, and not on stories by hand."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from quality.firms.calibrating import calibrated
from quality.firms.folding import Heard, heard
from relationship.classify.fold import advance, fresh
from relationship.classify.timers import StatusChange, run_timers
from relationship.contract import messages as m
from relationship.contract.times import DAY_US, micros
from relationship.policy.compiled import Policy, default_text, parse_policy
from relationship.state.account import CLIENT
from relationship.state.facts_from_messages import fact_of
from simulator.firms import FIRMS, TUNING, Base

END = datetime(2025, 6, 1, 12, tzinfo=UTC)
SEED, PER_KIND = 77, 4
FIRM_NAMES = ("fills in nearly all", "a seventh of the cells", "logs a third")


class Lived(NamedTuple):
    """One account at a firm: what the firm heard, and the changes that were told."""

    heard: Heard
    changes: list[StatusChange]


def lived(account: Heard, policy: Policy) -> Lived:
    """Fold what a firm heard of an account, and let the clock run to the end."""
    head, changes = fresh(), []
    for _, message in account.messages:
        changes += advance(head, fact_of(message), policy)[0]
    return Lived(account, changes + run_timers(head, micros(END), policy))


@pytest.fixture(scope="module", params=FIRM_NAMES)
def lives(request) -> list[Lived]:
    """Return four accounts of every kind that may be tuned on, at one firm whose policy is calibrated."""
    accounts = heard(Base(TUNING, per_kind=PER_KIND, seed=SEED, end=END), FIRMS[request.param])
    policy = parse_policy(calibrated(accounts, default_text()), request.param)
    return [lived(account, policy) for account in accounts]


def notices_of(account: Heard) -> list[int]:
    """Return when an account gave notice that it did not withdraw, as the firm heard it."""
    notices: dict[str, int] = {}
    for _, message in account.messages:
        if isinstance(message, m.Ticket) and message.kind == "cancellation":
            notices.setdefault(message.ticket_id, micros(message.occurred_at))
        elif isinstance(message, m.Ticket):
            notices.pop(message.ticket_id, None)
    return sorted(notices.values())


def ends_of(account: Heard) -> list[int]:
    """Return when an account's agreement ended as the firm heard it: a notice, a contract taken away or past its day."""
    ends: list[int] = []
    had: m.Contract | None = None
    for _, message in account.messages:
        if isinstance(message, m.Profile):
            if had is not None and message.contract is None:
                ends.append(micros(message.occurred_at))
            had = message.contract
    last = had.ends_on if had is not None else None
    if last is not None and last < END.date():
        ends.append(micros(datetime(last.year, last.month, last.day, tzinfo=UTC)) + DAY_US)
    return sorted([*ends, *notices_of(account)])


def begins_after(account: Heard, end: int) -> int | None:
    """Return when an agreement was made anew after an end, by the profile or a signature; None where none was."""
    for _, message in account.messages:
        at = micros(message.occurred_at)
        contract = message.contract if isinstance(message, m.Profile) else None
        signed = isinstance(message, m.Meeting) and message.contract_signed
        if at > end and (signed or (contract is not None and micros_of(contract) > end - DAY_US)):
            return at
    return None


def micros_of(contract: m.Contract) -> int:
    """Return the event time at which a contract was signed, to the day."""
    day = contract.signed_on
    return micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def status_at(changes: list[StatusChange], t: int) -> int:
    """Return the status told of an account at an event time."""
    return next((change.target for change in reversed(changes) if change.t <= t), 0)


def test_whose_end_was_told_is_no_client_within_the_day(lives):
    """A notice, a contract taken from the profile, its last day: nobody stands as a client a day later."""
    tried = 0
    for each in lives:
        for end in ends_of(each.heard):
            if end + DAY_US < micros(END):
                tried += status_at(each.changes, end - 1) == CLIENT
                assert status_at(each.changes, end + DAY_US) != CLIENT, each.heard.truth.account_id
    assert tried > 10


def test_who_gave_notice_is_no_client_again_without_a_new_engagement(lives):
    """Whatever the notice was worked off with, and whatever is bought afterwards."""
    tried = 0
    for each in lives:
        notices = notices_of(each.heard)
        if notices and begins_after(each.heard, notices[0]) is None:
            tried += 1
            again = [change for change in each.changes if change.t > notices[0] and change.target == CLIENT]
            assert not again, each.heard.truth.account_id
    assert tried > 1


def test_no_contact_demotes_by_having_come(lives):
    """What has faded is told by the clock: a demotion's cause is an end, or no meeting and no ticket."""
    tried = 0
    for each in lives:
        contacts = {
            message.event_id: message
            for _, message in each.heard.messages
            if isinstance(message, m.Meeting) or (isinstance(message, m.Ticket) and message.kind != "cancellation")
        }
        for change in each.changes:
            if change.direction == "demotion":
                tried += 1
                message = contacts.get(change.cause)
                assert message is None or speaks_against(message), (each.heard.truth.account_id, change.cause)
    assert tried > 20


def speaks_against(message: m.Message) -> bool:
    """Tell whether a contact says something against the relationship, which may be told at once."""
    if isinstance(message, m.Meeting):
        return bool(message.no_show or message.outcome_met is False)
    said = (message.sentiment or 0) < 0 or (message.csat is not None and message.csat <= 3)
    return said or message.sla_met is False or message.outcome_met is False or message.kind == "complaint"
