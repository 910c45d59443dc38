"""Folding: facts into an account, one by one and in order, with the timers that are due between them.

`advance` folds one fact and returns the changes of status that it caused, those of the timers due before it first. It
mutates the account. The same facts in the same order give the same account, to the last bit: masses decay only at facts and
timers, never when an account is read.
"""

import zlib
from decimal import Context, Decimal
from typing import Final

from relationship.classify import ends
from relationship.classify.commands import apply_command
from relationship.classify.dimensions import BOUGHT, MONTHS_KEPT
from relationship.classify.rhythm import record_contact, season_of, stretch_of
from relationship.classify.signals import (
    SAME_VISIT_US,
    effects_of,
    is_by_bot,
    is_further_line,
    remember_order,
    remember_ticket,
    sign_of_life,
)
from relationship.classify.timers import StatusChange, decay, enter, next_check, run_timers
from relationship.classify.trades import trade_of
from relationship.classify.transitions import Reading, next_rule, read
from relationship.contract import enums, times
from relationship.contract.decisions import Direction
from relationship.policy.compiled import Policy
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, LAPSED, PROSPECT, Account, copy

EXACT: Final = Context(prec=60)  # digits; amounts of 18 before the point and 8 after it leave room for 10^34 of them
RHYTHM_SHARE: Final = 0.3  # weight of a new gap in the running mean: about the last six gaps count
SPEAKS: Final = (
    0.2  # mass of evidence from which an event speaks against an account: our letter without an answer does not
)
# Work that is done for somebody: custom, in a firm whose bills are not sent. A ticket of any kind is, once it is done.
WORK_MEETINGS: Final = frozenset(
    enums.MEETING_KINDS.index(kind) for kind in ("onboarding", "consultation", "check_in", "planning", "review")
)
WORK_TICKETS: Final = frozenset(enums.TICKET_KINDS.index(kind) for kind in ("advice", "requirement_change"))
DONE: Final = frozenset(enums.TICKET_STATUSES.index(status) for status in ("resolved", "closed"))
WORKED, WORKED_US = 3, 60 * times.DAY_US  # gaps between contacts, and time: a pitch is over by then, work goes on
INTERNAL: Final = enums.SCOPES.index("internal")
MONTHS_MASK: Final = (1 << MONTHS_KEPT) - 1
LINES_KEPT: Final = 16  # lines of business remembered; further ones do not count as growth
# Keys of `seen`, disjoint: meeting kinds from 0, ticket kinds from 32, channels of meetings from 64, of tickets from 80.
MEETING_KEY: Final = 0
TICKET_KEY: Final = 32
CHANNEL_KEY: Final = 64
TICKET_CHANNEL_KEY: Final = 80


def advance(account: Account, fact: f.Fact, rules: Rules) -> tuple[list[StatusChange], Reading]:
    """Fold one fact, which is not older than the account, after the timers due before it.

    Returns the changes of the effective status, in order, and the reading on which the rules were evaluated.
    """
    t, kind = fact.t, type(fact)
    changes = run_timers(account, t, rules)
    if type(fact) is f.ReferralFact and fact.withdrawn:
        return changes, read(account, rules.at(account.t))
    decay(account, t, rules)
    policy = rules.at(t)
    speaks_against = _weigh(account, fact, policy) or kind is f.ProfileFact or kind is f.MergedProfileFact
    account.facts += 1
    alive = sign_of_life(fact)
    further_line = type(fact) is f.PurchaseFact and alive and is_further_line(fact, account)
    if alive:
        _record_life(account, t, further_line=further_line)
    elif account.last is None and (kind is f.PurchaseFact or kind is f.TicketFact or kind is f.MeetingFact):
        account.heard = t
    override, status = account.override, account.status
    direction = _apply(account, fact, policy, alive=alive, further_line=further_line)
    reading = read(account, policy)
    # A command is no evidence: it sets or ends an override. The rules are evaluated again at the next event.
    # What has faded is told by the clock: no contact demotes an account by having come, unless it speaks against it.
    rule = None if kind is f.CommandFact else next_rule(account, reading, alive=alive, falls=speaks_against)
    if rule is not None:
        enter(account, rule.target, t)
        direction = direction or rule.direction
    if rule is not None or alive or speaks_against:
        account.check = next_check(account, reading, policy)
    if direction is not None:
        before, after = status if override is None else override.status, account.effective_status
        if after != before:
            changes.append(StatusChange(t, before, after, direction, fact.id, copy(account)))
    return changes, reading


def _weigh(account: Account, fact: f.Fact, policy: Policy) -> bool:
    """Add the evidence of a fact, aside what comes while an end is worked off; tell whether it speaks against."""
    good, bad, speaks_against = account.good, account.bad, False
    winding_up = account.ended is not None and ends.is_winding_up(account, fact.t, policy)
    for i, for_it, against in effects_of(fact, account, policy):
        if winding_up and i in ends.SET_ASIDE:
            ends.set_aside(account, i, for_it, policy)
        else:
            good[i] += for_it
        if against:
            bad[i] += against
            speaks_against = speaks_against or (i != BOUGHT and against >= SPEAKS)
    return speaks_against


def _record_life(account: Account, t: int, *, further_line: bool) -> None:
    """Record a sign of life: first and last, the rhythm, the activity and the active months. An order is one of them."""
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
        if gap > account.longest and (account.was if account.status == LAPSED else account.status) >= CANDIDATE:
            account.longest = int(gap)
    account.last = t
    if not further_line:
        account.activity += 1.0
    today = times.date_of(t)
    month = today.year * 12 + today.month
    if month != account.month:
        account.months = (account.months << (month - account.month) if account.months else 0) & MONTHS_MASK
        account.month = month
        account.months |= 1
        account.season = season_of(account.months)


def _apply(account: Account, fact: f.Fact, policy: Policy, *, alive: bool, further_line: bool) -> Direction | None:
    """Apply what a fact says besides evidence. Returns the direction of a change that a command makes."""
    if type(fact) is f.PurchaseFact:
        _apply_purchase(account, fact, policy, further_line=further_line)
    elif type(fact) is f.TicketFact:
        _apply_ticket(account, fact, policy, alive=alive)
    elif type(fact) is f.MeetingFact:
        _apply_meeting(account, fact, policy)
    elif isinstance(fact, f.ProfileFact):
        before = account.profile
        _apply_profile(account, fact)
        ends.apply_profile(account, before, fact.t, policy)
        account.stretch = stretch_of(account, policy, trade_of(account, policy))
    elif isinstance(fact, f.CommandFact):
        return apply_command(account, fact)
    return None


def _apply_profile(account: Account, fact: f.ProfileFact) -> None:
    """Apply a profile, the account's own or that of an account merged into it."""
    own, merged = account.profile if account.merged_profile is None else account.own_profile, account.merged_profile
    if isinstance(fact, f.MergedProfileFact):
        merged = fact
    else:
        own = fact
    if merged is None:
        account.profile = own
    else:
        account.own_profile, account.merged_profile, account.profile = own, merged, _overlaid(own, merged)
    if fact.contract and fact.contract[1] <= fact.t // times.DAY_US and account.bought is None:
        account.bought = fact.t


def _overlaid(own: f.ProfileFact | None, merged: f.MergedProfileFact) -> f.ProfileFact:
    """Return the two profiles as one, in which the account's own takes precedence field by field."""
    if own is None:  # as a plain profile, the type that `Account.profile` has in the encoded record
        return f.ProfileFact(*(getattr(merged, name) for name in f.ProfileFact.__struct_fields__))
    return f.ProfileFact(
        own.t,
        own.id,
        own.industry if own.industry is not None else merged.industry,
        own.party if own.party is not None else merged.party,
        own.scope if own.scope is not None else merged.scope,
        own.market if own.market is not None else merged.market,
        own.contract or merged.contract,
        own.flags | merged.flags,
    )


def _apply_purchase(account: Account, fact: f.PurchaseFact, policy: Policy, *, further_line: bool) -> None:
    amount, spent = Decimal(fact.amount), Decimal(account.spent.get(fact.currency, "0"))
    if fact.flags & f.REFUND:
        if amount:
            account.refunds += 1
            account.spent[fact.currency] = str(EXACT.subtract(spent, amount))
            _take_back(account)
        return
    if not further_line:
        account.purchases += 1
    remember_order(account, fact, further_line=further_line)
    account.quantity += fact.quantity or 0
    account.spent[fact.currency] = str(EXACT.add(spent, amount))
    if account.bought is None:
        account.bought = fact.t
    if fact.category:
        _apply_line(account, zlib.crc32(fact.category.encode()), fact.t, policy.line_gap_us)


def _take_back(account: Account) -> None:
    """Count as no buyer an account whose only purchase was refunded in full, unless it has an agreement."""
    agreed = account.profile is not None and account.profile.contract is not None
    if account.purchases == 1 and not agreed and not any(Decimal(net) for net in account.spent.values()):
        account.purchases, account.bought, account.bought_last, account.orders = 0, None, None, []


def _apply_line(account: Account, line: int, t: int, line_gap_us: int) -> None:
    """Add a line of business; it is growth where the last one was added a while before."""
    if line in account.lines or len(account.lines) >= LINES_KEPT:
        return
    if account.lines and t - account.line_at >= line_gap_us:
        account.growth += 1
    account.lines.append(line)
    account.line_at = t


def _is_custom(account: Account, policy: Policy) -> bool:
    """Tell whether work for one that was never billed is custom: where nobody is billed, in the house, where it goes on."""
    if not policy.bills or (account.profile is not None and account.profile.scope == INTERNAL):
        return True
    return account.met_gaps >= WORKED and account.first is not None and account.t - account.first >= WORKED_US


def _apply_ticket(account: Account, fact: f.TicketFact, policy: Policy, *, alive: bool) -> None:
    with_person = alive and not is_by_bot(fact, account)
    if with_person and fact.ticket not in account.tickets:
        account.letters += 1
    remember_ticket(account, fact)
    if with_person and account.bought is None:
        done = fact.kind in WORK_TICKETS or fact.status in DONE
        account.bought = fact.t if done and _is_custom(account, policy) else None
    ends.apply_ticket(account, fact, policy)
    if with_person:
        record_contact(account, fact.t, policy)
        today = fact.t // times.DAY_US
        account.seen[TICKET_KEY + fact.kind] = today
        if fact.channel is not None:
            account.seen[TICKET_CHANNEL_KEY + fact.channel] = today


def _apply_meeting(account: Account, fact: f.MeetingFact, policy: Policy) -> None:
    if fact.flags & f.NO_SHOW:
        return
    record_contact(account, fact.t, policy)
    account.meetings += 1
    if fact.flags & f.SIGNED:
        ends.begin_anew(account, fact.t, policy)
        account.signed = fact.t
    today = fact.t // times.DAY_US
    account.seen[MEETING_KEY + fact.kind] = today
    if fact.channel is not None:
        account.seen[CHANNEL_KEY + fact.channel] = today
    if account.bought is None and (
        fact.flags & f.SIGNED or (fact.kind in WORK_MEETINGS and _is_custom(account, policy))
    ):
        account.bought = fact.t


def fresh() -> Account:
    """Return an account without any fact: a prospect."""
    return Account(status=PROSPECT)
