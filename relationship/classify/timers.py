"""The clock: what changes of an account without a fact. A lapse, the end of an override or an agreement, a check.

A check tries the rules without a fact: evidence had faded below a threshold by the last one, or a least time was to pass.
"""

from math import exp2
from typing import Final, NamedTuple

from relationship.classify import ends
from relationship.classify.dimensions import allowance_us
from relationship.classify.rhythm import stretch_of
from relationship.classify.trades import trade_of
from relationship.classify.transitions import (
    GATE_SLACK,
    Reading,
    Rule,
    client_border,
    leaving_border,
    next_rule,
    read,
)
from relationship.contract import times
from relationship.contract.decisions import Direction
from relationship.policy.compiled import Policy, Trade
from relationship.policy.schedule import Rules
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, Account, copy

# Half-life of the activity: a year of 365 days, so that the same day of last year counts half.
ACTIVITY_HALF_LIFE_US: Final = 365.0 * times.DAY_US
CHECK_US: Final = times.DAY_US  # after the event by which evidence had faded: the clock tells it, and not the event


class StatusChange(NamedTuple):
    """A change of the effective status at event time `t` (µs).

    `cause` is the id of the event, or the RFC 3339 time of the timer that caused it; `account` is a copy of the account
    right after the change.
    """

    t: int
    source: int
    target: int
    direction: Direction
    cause: str
    account: Account


def decay(account: Account, t: int, rules: Rules) -> None:
    """Decay an account's masses from its own time to `t` (µs), by each policy for the time in which it is in force."""
    if t <= account.t:
        return
    while (switch := rules.until(account.t)) is not None and switch < t:
        _decay(account, switch, rules.at(account.t))
    _decay(account, t, rules.at(account.t))


def _decay(account: Account, t: int, policy: Policy) -> None:
    elapsed = t - account.t
    if elapsed <= 0:
        return
    if account.facts:
        good, bad = account.good, account.bad
        own = elapsed / account.stretch
        for half_life, members in policy.decay_groups:
            factor = 0.0
            for i in members:
                if good[i] or bad[i]:
                    factor = factor or exp2(-(own / half_life))
                    good[i] *= factor
                    bad[i] *= factor
        account.activity *= exp2(-(elapsed / ACTIVITY_HALF_LIFE_US))
    account.t = t


def lapse_at(account: Account, rules: Rules) -> int | None:
    """Return the event time (µs) at which the account lapses if it stays silent, or None where it cannot lapse.

    It is the first time at which the policy then in force allows no more silence: a stricter one applies from its switch on.
    """
    last = account.last if account.last is not None else account.heard
    if last is None or account.status == LAPSED:
        return None
    policy, switch = rules.at(account.t), rules.until(account.t)
    lapse = last + allowance_us(account, policy, trade_of(account, policy))
    while switch is not None and lapse >= switch:
        policy = rules.at(switch)
        lapse = max(switch, last + allowance_us(account, policy, trade_of(account, policy)))
        switch = rules.until(switch)
    return lapse


def _fixed_due(account: Account, rules: Rules) -> int | None:
    """Return the next event time (µs) of a lapse, or of an override's or an agreement's end, or None."""
    due = lapse_at(account, rules)
    if account.override is not None and (due is None or account.override.until < due):
        due = account.override.until
    end = ends.ends_at(account)
    return end if end is not None and (due is None or end < due) else due


def due_at(account: Account, rules: Rules) -> int | None:
    """Return the next event time (µs) at which the account may change without a fact, or None."""
    due, check = _fixed_due(account, rules), account.check
    return check if check is not None and (due is None or check < due) else due


def next_check(account: Account, reading: Reading, policy: Policy) -> int | None:
    """Return the event time (µs) at which the rules are to be tried by the clock; None where nothing can come of it.

    Evidence that has faded below a threshold by the account's last event is told after the least stay, and not before the
    next contact of a usual relationship would have come. While an account is silent it does not fade: it lapses.
    """
    status, score, trade, stays = account.status, reading.score, reading.trade, policy.stays_us
    check: int | None = None
    if status == CLIENT and (score < leaving_border(account, reading) or not reading.gate(GATE_SLACK)):
        check = _told_at(account, trade, account.since + stays["client"])
    elif status == CANDIDATE and score < trade.candidate_down:
        check = _told_at(account, trade, account.since + stays["candidate"])
    elif (
        status == CANDIDATE
        and score >= client_border(account, reading)
        and account.first is not None
        and reading.gate()
    ):
        check = max(account.since + stays["candidate"], account.first + stays["tenure"])
    elif status == CUSTOMER and score >= trade.candidate_up and reading.is_turning():
        check = account.since + stays["customer"]
    return check if check is not None and check > account.t else None


def _told_at(account: Account, trade: Trade, held: int) -> int:
    """Return when evidence that has faded is told."""
    met = account.t if account.met is None else account.met
    return max(account.t + CHECK_US, held, met + int(trade.usual * times.DAY_US))


def run_timers(account: Account, before: int, rules: Rules) -> list[StatusChange]:
    """Run the timers due before event time `before` (µs), in order, and return the changes of the effective status."""
    changes: list[StatusChange] = []
    if _is_quiet(account, before, rules):
        return changes
    while (due := due_at(account, rules)) is not None and due < before:
        account.timer_at = max(due, account.t)
        if due == account.check:
            _check(account, due, rules, changes)
        else:
            _run(account, due, rules, changes)
    return changes


def _is_quiet(account: Account, before: int, rules: Rules) -> bool:
    """Tell in a few steps that nothing can be due, as is usual: False where that needs a closer look."""
    last, profile = account.last, account.profile
    if last is None or account.override is not None or (account.check is not None and account.check < before):
        return False
    if profile is not None and profile.contract is not None and profile.contract[2] is not None:
        return False
    # No allowance is shorter than that of a client of the trade.
    shortest = trade_of(account, rules.at(account.t)).client_lapse_us
    return before <= last + shortest and rules.until(account.t) is None


def _check(account: Account, t: int, rules: Rules, changes: list[StatusChange]) -> None:
    """Try the rules by the clock. What does not fire now waits for the next fact."""
    decay(account, t, rules)
    account.check = None
    rule = next_rule(account, read(account, rules.at(t)), alive=False, falls=True)
    if rule:
        _enter(account, rule, rules, changes, t)


def _enter(account: Account, rule: Rule, rules: Rules, changes: list[StatusChange], t: int) -> None:
    status, policy = account.effective_status, rules.at(t)
    enter(account, rule.target, t)
    account.check = next_check(account, read(account, policy), policy)
    if account.effective_status != status:
        cause = times.rfc3339(t)
        changes.append(StatusChange(t, status, account.effective_status, rule.direction, cause, copy(account)))


def enter(account: Account, status: int, t: int) -> None:
    """Give an account a status by the evidence, from event time `t` (µs) on."""
    account.status, account.since = status, t
    if status == CLIENT:
        ends.forget(account)


def _run(account: Account, due: int, rules: Rules, changes: list[StatusChange]) -> None:
    """Run the lapse, or the end of an override or an agreement, that is due."""
    at, policy = max(due, account.t), rules.at(max(due, account.t))
    ending = ends.ends_at(account) == due
    decay(account, at, rules)
    status = account.effective_status
    direction: Direction
    if account.override and account.override.until == due:
        account.override = None
        direction = "override"
    elif ending:
        ends.end(account, at)
        account.stretch = stretch_of(account, policy, trade_of(account, policy))
        reading = read(account, policy)
        rule = next_rule(account, reading, alive=False, falls=True)
        if rule:
            _enter(account, rule, rules, changes, at)
        else:
            account.check = next_check(account, reading, policy)
        return
    else:
        account.was, account.status, account.since, account.check = account.status, LAPSED, at, None
        direction = "lapse"
    if account.effective_status != status:
        changes.append(StatusChange(at, status, account.effective_status, direction, times.rfc3339(due), copy(account)))
