"""Folding: an account, one fact at a time, in order; and the timers that fall between two facts.

`advance` folds a fact and returns the changes of status that it brought, those of the timers due before it first. It
mutates the account it is given. Equal facts in equal order give equal accounts, to the last bit: decay happens only at
facts and at timers, never at a look.
"""

import zlib
from decimal import Context, Decimal
from math import exp2
from typing import Final, NamedTuple

from relationship.classify.dimensions import MONTHS_KEPT, allowance_us
from relationship.classify.signals import TICKET_BOT, effects_of, sign_of_life
from relationship.classify.transitions import Reading, next_rule, read
from relationship.contract import enums, times
from relationship.contract.decisions import Direction
from relationship.policy.compiled import Policy
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import LAPSED, PROSPECT, TICKETS_REMEMBERED, Account, Override, copy

EXACT: Final = Context(prec=60)  # digits; 18 before the point and 8 after it leave room for 10^34 amounts
YEAR_US: Final = 365.0 * times.DAY_US  # half-life of the activity that confidence stands on
RHYTHM_SHARE: Final = 0.3  # of a new gap in the running mean: about the last six gaps count
SAME_VISIT_US: Final = times.DAY_US // 2  # signs of life within half a day are one visit, and no rhythm
OVERRIDE, RELEASE = (enums.COMMANDS.index(name) for name in ("override", "release"))
MONTHS_MASK: Final = (1 << MONTHS_KEPT) - 1
LINES_KEPT: Final = 16  # lines of business remembered; growth over more than these is no longer told apart
MEETING_KEY: Final = 0  # `seen` keys: meeting kinds from 0, ticket kinds from 32, channels from 64, disjoint
TICKET_KEY: Final = 32
CHANNEL_KEY: Final = 64
TICKET_CHANNEL_KEY: Final = 80


class StatusChange(NamedTuple):
    """A change of the told status. `cause` is an event's id, or the RFC 3339 moment of the timer that did it.

    `account` is a copy of the account as it stood right after the change.
    """

    t: int
    source: int
    target: int
    direction: Direction
    cause: str
    account: Account


def decay(account: Account, t: int, rules: Rules) -> None:
    """Bring an account's masses from its moment to `t` (µs), which is not before it, by each policy for its time."""
    while (switch := rules.until(account.t)) is not None and switch < t:
        _decay(account, switch, rules.at(account.t))
    _decay(account, t, rules.at(account.t))


def _decay(account: Account, t: int, policy: Policy) -> None:
    elapsed = t - account.t
    if elapsed <= 0:
        return
    if account.facts:
        good, bad = account.good, account.bad
        for half_life, members in policy.decay_groups:
            factor = 0.0
            for i in members:
                if good[i] or bad[i]:
                    factor = factor or exp2(-(elapsed / half_life))
                    good[i] *= factor
                    bad[i] *= factor
        account.activity *= exp2(-(elapsed / YEAR_US))
    account.t = t


def lapse_at(account: Account, rules: Rules) -> int | None:
    """Return the moment (µs) at which the account has been silent for too long, or None where it cannot lapse.

    It is the first at which the policy then in force says so: one that allows less does so from its switch on.
    """
    if account.last is None or account.status == LAPSED:
        return None
    policy, switch = rules.at(account.t), rules.until(account.t)
    lapse = account.last + allowance_us(account, policy, policy.trade(account.industry))
    while switch is not None and lapse >= switch:
        policy = rules.at(switch)
        lapse = max(switch, account.last + allowance_us(account, policy, policy.trade(account.industry)))
        switch = rules.until(switch)
    return lapse


def due_at(account: Account, rules: Rules) -> int | None:
    """Return the next moment (µs) at which the account changes without a fact: a lapse, or an override's end."""
    lapse = lapse_at(account, rules)
    if account.override is None:
        return lapse
    return account.override.until if lapse is None else min(lapse, account.override.until)


def run_timers(account: Account, before: int, rules: Rules) -> list[StatusChange]:
    """Fold the timers due before the moment `before` (µs), in order, and return the changes they told."""
    changes: list[StatusChange] = []
    direction: Direction
    while (due := due_at(account, rules)) is not None and due < before:
        at = max(due, account.t)
        decay(account, at, rules)
        told = account.effective_status
        if account.override and account.override.until == due:
            account.override = None
            direction = "override"
        else:
            account.was, account.status, account.since = account.status, LAPSED, at
            direction = "lapse"
        if account.effective_status != told:
            changes.append(
                StatusChange(at, told, account.effective_status, direction, times.rfc3339(due), copy(account))
            )
    return changes


def advance(account: Account, fact: f.Fact, rules: Rules) -> tuple[list[StatusChange], Reading]:
    """Fold one fact, which is not older than the account's moment, the timers due before it first.

    Returns the changes of the told status, in order, and the reading that the rules looked at.
    """
    t = fact.t
    changes = run_timers(account, t, rules)
    decay(account, t, rules)
    policy = rules.at(t)
    good, bad = account.good, account.bad
    for i, for_it, against in effects_of(fact, account, policy):
        good[i] += for_it
        bad[i] += against
    account.facts += 1
    alive = sign_of_life(fact)
    if alive:
        _note_life(account, t)
    told, direction = account.effective_status, _take(account, fact, policy, alive=alive)
    reading = read(account, policy)
    # A command is no evidence: it sets or ends an override, and what the evidence says is asked at the next event.
    rule = None if isinstance(fact, f.CommandFact) else next_rule(account, reading, alive=alive)
    if rule:
        account.status, account.since = rule.target, t
        direction = direction or rule.direction
    if account.effective_status != told:
        changes.append(
            StatusChange(t, told, account.effective_status, direction or "promotion", fact.id, copy(account))
        )
    return changes, reading


def _note_life(account: Account, t: int) -> None:
    """Note a sign of life: the rhythm, the active months, first and last."""
    last = account.last
    if last is None:
        account.first = t
    elif t - last >= SAME_VISIT_US:
        gap = (t - last) / times.DAY_US
        if account.gap == 0.0:
            account.gap = gap
        else:
            account.spread += RHYTHM_SHARE * (abs(gap - account.gap) - account.spread)
            account.gap += RHYTHM_SHARE * (gap - account.gap)
    account.last = t
    account.activity += 1.0
    today = times.date_of(t)
    month = today.year * 12 + today.month
    if month != account.month:
        account.months = (account.months << (month - account.month) if account.months else 0) & MONTHS_MASK
        account.month = month
    account.months |= 1


def _take(account: Account, fact: f.Fact, policy: Policy, *, alive: bool) -> Direction | None:
    """Take over what a fact states besides evidence; return the direction that a command gives a change."""
    if isinstance(fact, f.PurchaseFact):
        _take_purchase(account, fact, policy)
    elif isinstance(fact, f.TicketFact):
        _take_ticket(account, fact, alive=alive)
    elif isinstance(fact, f.MeetingFact):
        _take_meeting(account, fact)
    elif isinstance(fact, f.ProfileFact):
        _take_profile(account, fact)
    elif isinstance(fact, f.CommandFact):
        return _take_command(account, fact)
    return None


def _take_profile(account: Account, fact: f.ProfileFact) -> None:
    """Take a profile over, the account's own or that of an account merged into it."""
    own, guest = account.profile if account.merged_profile is None else account.own_profile, account.merged_profile
    if isinstance(fact, f.MergedProfileFact):
        guest = fact
    else:
        own = fact
    if guest is None:
        account.profile = own
    else:
        account.own_profile, account.merged_profile, account.profile = own, guest, _overlaid(own, guest)
    if fact.contract and fact.contract[1] <= fact.t // times.DAY_US and account.bought is None:
        account.bought = fact.t


def _overlaid(own: f.ProfileFact | None, guest: f.MergedProfileFact) -> f.ProfileFact:
    """Return one profile over another: the account's own wins field by field."""
    if own is None:  # as a profile: a guest's is another type, which an account's record has no place for here
        return f.ProfileFact(*(getattr(guest, name) for name in f.ProfileFact.__struct_fields__))
    return f.ProfileFact(
        own.t,
        own.id,
        own.industry if own.industry is not None else guest.industry,
        own.party if own.party is not None else guest.party,
        own.scope if own.scope is not None else guest.scope,
        own.market if own.market is not None else guest.market,
        own.contract or guest.contract,
        own.flags | guest.flags,
    )


def _take_purchase(account: Account, fact: f.PurchaseFact, policy: Policy) -> None:
    amount, spent = Decimal(fact.amount), Decimal(account.spent.get(fact.currency, "0"))
    if fact.flags & f.REFUND:
        account.refunds += 1
        account.spent[fact.currency] = str(EXACT.subtract(spent, amount))
        return
    account.purchases += 1
    account.quantity += fact.quantity or 0
    account.spent[fact.currency] = str(EXACT.add(spent, amount))
    if account.bought is None:
        account.bought = fact.t
    if fact.category:
        _take_line(account, zlib.crc32(fact.category.encode()), fact.t, policy.line_gap_us)


def _take_line(account: Account, line: int, t: int, line_gap_us: int) -> None:
    """Note a line of business: growth is a new one, a while after the last new one."""
    if line in account.lines or len(account.lines) >= LINES_KEPT:
        return
    if account.lines and t - account.line_at >= line_gap_us:
        account.growth += 1
    account.lines.append(line)
    account.line_at = t


def _take_ticket(account: Account, fact: f.TicketFact, *, alive: bool) -> None:
    tickets = account.tickets
    if fact.ticket in tickets:
        tickets.remove(fact.ticket)
    elif len(tickets) == TICKETS_REMEMBERED:
        del tickets[0]
    tickets.append(fact.ticket)
    if alive and fact.channel != TICKET_BOT:
        today = fact.t // times.DAY_US
        account.seen[TICKET_KEY + fact.kind] = today
        if fact.channel is not None:
            account.seen[TICKET_CHANNEL_KEY + fact.channel] = today


def _take_meeting(account: Account, fact: f.MeetingFact) -> None:
    if fact.flags & f.NO_SHOW:
        return
    today = fact.t // times.DAY_US
    account.seen[MEETING_KEY + fact.kind] = today
    if fact.channel is not None:
        account.seen[CHANNEL_KEY + fact.channel] = today
    if fact.flags & f.SIGNED and account.bought is None:
        account.bought = fact.t


def _take_command(account: Account, fact: f.CommandFact) -> Direction | None:
    if fact.command == OVERRIDE and fact.status is not None and fact.until is not None:
        account.override = Override(fact.status, fact.until)
    elif fact.command == RELEASE:
        account.override = None
    else:
        return None
    return "override"


def fresh() -> Account:
    """Return an account of which nothing is known: a prospect without an event."""
    return Account(status=PROSPECT)
