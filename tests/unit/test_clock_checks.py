"""When the clock tries the rules of an account, and when work for it is custom: each at its edge and beside it."""

import pytest
from story import POLICY, command, purchase, step

from relationship.classify.fold import WORKED, WORKED_US, advance
from relationship.classify.timers import next_check, run_timers
from relationship.classify.transitions import GATE_SLACK, Reading
from relationship.contract import enums
from relationship.contract.names import INDEX
from relationship.contract.outcome import AUDIT
from relationship.contract.times import DAY_US, rfc3339
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, Account
from relationship.state.record import AccountRecord
from relationship.timeline.merging import merge_rejection
from relationship.timeline.what_next import APART_US, fades_on

TRADE, GATE, STAY = POLICY.trade(None), POLICY.gate, POLICY.stays_us
T = 20_000 * DAY_US  # the account's time, µs
HALF_OPEN = {"engagement": GATE * GATE_SLACK, "trust": GATE * GATE_SLACK}
OPEN = {"engagement": GATE, "trust": GATE}
SHUT: dict[str, float] = {}


def check(status, score, shown, *, held=0, known=0):
    """Return when the rules are tried by the clock, as µs after the account's time; None where they are not."""
    values = [0.0] * len(INDEX)
    for name, value in shown.items():
        values[INDEX[name]] = value
    account = Account(t=T, status=status, since=T - held, first=T - known, met=T)
    found = next_check(account, Reading(score, values, [0] * len(INDEX), TRADE, POLICY), POLICY)
    return None if found is None else found - T


def test_a_client_is_tried_once_it_is_below_the_border_or_its_gate_is_shut():
    """Down to the border, with the gate half open, nothing is tried."""
    told = max(STAY["client"], int(TRADE.usual * DAY_US))
    assert check(CLIENT, TRADE.client_down, HALF_OPEN) is None
    assert check(CLIENT, TRADE.client_down - 1, HALF_OPEN) == told
    assert check(CLIENT, TRADE.client_down, SHUT) == told


def test_a_candidate_is_tried_when_its_least_times_have_passed():
    """The later of stay and tenure; at the bar and not below it, and never at the account's own time."""
    up, stay, tenure = TRADE.client_up, STAY["candidate"], STAY["tenure"]
    assert check(CANDIDATE, up, OPEN, held=0, known=tenure) == stay
    assert check(CANDIDATE, up, OPEN, held=stay, known=tenure - 5) == 5
    assert check(CANDIDATE, up - 1, OPEN, held=0, known=tenure) is None
    assert check(CANDIDATE, up, SHUT, held=0, known=tenure) is None
    assert check(CANDIDATE, up, OPEN, held=stay - 1, known=tenure) == 1
    assert check(CANDIDATE, up, OPEN, held=stay, known=tenure) is None
    assert check(CANDIDATE, TRADE.candidate_down - 1, OPEN) == max(stay, int(TRADE.usual * DAY_US))
    assert check(CANDIDATE, TRADE.candidate_down, OPEN) is None


def test_a_customer_that_is_turning_is_tried_when_its_least_stay_has_passed():
    """At the bar and with contact, tailoring or trust; below either, and once the stay has passed, nothing is tried."""
    up, stay = TRADE.candidate_up, STAY["customer"]
    for shown in ("engagement", "personalisation", "trust"):
        assert check(CUSTOMER, up, {shown: GATE}) == stay
        assert check(CUSTOMER, up, {shown: 0.99 * GATE}) is None
    assert check(CUSTOMER, up, OPEN, held=stay - 1) == 1
    assert check(CUSTOMER, up, OPEN, held=stay) is None
    assert check(CUSTOMER, up - 1, OPEN) is None
    assert check(LAPSED, 10_000, OPEN) is None


@pytest.mark.parametrize(
    ("met", "held", "told"),
    [
        (None, 0.0, TRADE.usual),
        (0.0, 0.0, TRADE.usual),
        (TRADE.usual - 2.0, 900.0, 2.0),
        (TRADE.usual - 1.0, 900.0, 1.0),
        (TRADE.usual, 900.0, 1.0),
        (900.0, 900.0, 1.0),
        (900.0, STAY["candidate"] / DAY_US - 3.0, 3.0),
    ],
)
def test_what_has_faded_is_told_when_the_next_contact_would_have_come(met, held, told):
    """Not before the least stay has passed, and a day later at the earliest; `met`: days since the last contact."""
    since = T - int(held * DAY_US)
    account = Account(t=T, status=CANDIDATE, since=since, first=0, met=None if met is None else T - int(met * DAY_US))
    faded = Reading(TRADE.candidate_down - 1, [0.0] * len(INDEX), [0] * len(INDEX), TRADE, POLICY)
    found = next_check(account, faded, POLICY)
    assert found - T == pytest.approx(max(told, STAY["candidate"] / DAY_US - held) * DAY_US, abs=2)


def test_a_lapse_that_is_overdue_happens_at_the_accounts_own_time():
    """A stricter policy may allow less silence than has passed: nothing is changed before what is folded."""
    account = Account(t=T, status=CUSTOMER, since=1, first=1, last=T - 4_000 * DAY_US, facts=1)
    (change,) = run_timers(account, T + 1, POLICY)
    assert (change.t, change.target, account.since, account.was) == (T, LAPSED, T, CUSTOMER)
    assert change.cause < rfc3339(T)


def worked(fact, *, gaps: float = WORKED, first: int | None = T - WORKED_US) -> bool:
    """Tell whether a fact at `T` is custom of an account that was never billed."""
    account = Account(t=T, first=first, last=T, met=T, met_first=first, met_gaps=gaps, facts=1)
    advance(account, fact, POLICY)
    return account.bought is not None


def told(kind="requirement_change", status="opened", channel="email", initiator="account"):
    """Return a ticket at `T`."""
    number = enums.TICKET_STATUSES.index(status), enums.TICKET_KINDS.index(kind), enums.TICKET_CHANNELS.index(channel)
    return f.TicketFact(T, "x", 1, *number, enums.INITIATORS.index(initiator), None, None, 0, None)


@pytest.mark.parametrize(
    ("fact", "case", "custom"),
    [
        (told(), {}, True),
        (told(), {"gaps": WORKED - 0.001}, False),
        (told(), {"first": T - WORKED_US + 1}, False),
        (told(), {"first": None}, False),
        (told("question"), {}, False),
        (told("question", "resolved"), {}, True),
        (told("question", "closed"), {}, True),
        (told(channel="bot"), {}, False),
        (told(initiator="us"), {}, False),
    ],
)
def test_work_that_was_never_billed_is_custom_where_it_goes_on(fact, case, custom):
    """After three gaps and sixty days, for advice, a change or what was settled; a machine's answer is no work."""
    assert worked(fact, **case) is custom


def test_a_history_is_merged_up_to_its_share_of_a_record():
    """Two fifths of the longest record may travel, and no byte more."""
    (_, merge) = command(1, "merge", into="b")
    assert merge_rejection(AccountRecord(history=b"x" * 40), merge, 100) is None
    assert (
        merge_rejection(AccountRecord(history=b"x" * 41), merge, 100) == "its history is longer than a message may be"
    )


def test_a_client_that_has_faded_by_the_first_week_is_told_of_that_week():
    """The week is the smallest step that is looked at; within less nothing is said."""
    faded = Account(t=T, status=CLIENT, since=T, first=T, last=T, facts=1)
    assert fades_on(faded, POLICY, T + 10 * APART_US) == T + APART_US
    assert fades_on(faded, POLICY, T + APART_US) == T + APART_US
    assert fades_on(faded, POLICY, T + APART_US - 1) is None


def test_an_erasure_says_whether_there_was_a_record():
    """What came in the same step counts as one; an account that is not known has none."""

    def note(messages) -> str | None:
        (audit,) = (sent for sent in step(None, messages).sends if sent.topic == AUDIT)
        return audit.value and b"there was no record of the account" in audit.value

    assert note([command(2, "erase")])
    assert not note([purchase(1), command(2, "erase")])
