"""The end of an agreement: a notice, a contract taken from the profile, or the day on which it ends.

From an end on an account is no client. Its evidence of engagement and personalisation from before is set aside, and so is
what still comes while the end is worked off: what counts is what shows after that. An end that is withdrawn, or an agreement
made anew, brings that evidence back.
"""

from math import exp2
from typing import Final

from relationship.classify.dimensions import ENGAGEMENT, PERSONALISATION
from relationship.contract import enums, times
from relationship.policy.compiled import Policy
from relationship.state import facts as f
from relationship.state.account import Account

LONGEST_NOTICE_US: Final = 183 * times.DAY_US  # whose agreement stands for longer in the profile was not struck off
EPISODE_DAYS: Final = 90  # a course, a sprint: over within a season of the first day; a fixed term is mostly a year's
CANCELLATION: Final = enums.TICKET_KINDS.index("cancellation")
SET_ASIDE: Final = (ENGAGEMENT, PERSONALISATION)  # whose evidence an end sets aside
ENGAGED: Final = frozenset(enums.CONTRACT_KINDS.index(kind) for kind in ("retainer", "engagement"))


def ends_at(account: Account) -> int | None:
    """Return the event time (µs) at which the agreement in the profile ends: the last moment of its last day; or None."""
    profile = account.profile
    if profile is None or profile.contract is None or account.ended is not None:
        return None
    last_day = profile.contract[2]
    if last_day is None:
        return None
    end = (last_day + 1) * times.DAY_US - 1
    return end if end >= account.t else None


def end(account: Account, t: int, ticket: int | None = None) -> None:
    """End the agreement at event time `t` (µs), by a ticket or otherwise; one that has ended already stays as it is."""
    if account.ended is not None:
        return
    good = account.good
    account.ended, account.ended_by = t, ticket
    account.ended_good = (good[ENGAGEMENT], good[PERSONALISATION])
    good[ENGAGEMENT] = good[PERSONALISATION] = 0.0


def is_winding_up(account: Account, t: int, policy: Policy) -> bool:
    """Tell whether an end is still being worked off at event time `t` (µs): a notice runs, papers are handed over.

    A notice runs on while its agreement stands in the profile, for half a year at most.
    """
    return account.ended is not None and t < worked_off_at(account, account.ended, policy)


def worked_off_at(account: Account, ended: int, policy: Policy) -> int:
    """Return the event time (µs) at which an end is worked off, as the profile stands."""
    if account.ended_by is None:
        return ended + policy.anew_us
    profile = account.profile
    stands = profile is not None and profile.contract is not None
    return ended + (max(policy.notice_us, LONGEST_NOTICE_US) if stands else policy.notice_us)


def set_aside(account: Account, dimension: int, mass: float, policy: Policy) -> None:
    """Set evidence of one of `SET_ASIDE` aside that comes while the end is worked off, as if it were from before it."""
    if account.ended is None or not mass:
        return
    engagement, personalisation = account.ended_good or (0.0, 0.0)
    mass *= exp2((account.t - account.ended) / (policy.half_lives_us[dimension] * account.stretch))
    if dimension == ENGAGEMENT:
        engagement += mass
    else:
        personalisation += mass
    account.ended_good = (engagement, personalisation)


def begin_anew(account: Account, t: int, policy: Policy) -> None:
    """Take the end back at event time `t` (µs): it was withdrawn, or there is a new agreement."""
    if account.ended is None:
        return
    for i, kept in zip(SET_ASIDE, account.ended_good or (0.0, 0.0), strict=True):
        account.good[i] += kept * exp2(-((t - account.ended) / (policy.half_lives_us[i] * account.stretch)))
    forget(account)


def forget(account: Account) -> None:
    """Forget an end: the account is a client again."""
    account.ended = account.ended_by = account.ended_good = None


def is_episode(account: Account) -> bool:
    """Tell whether the agreement in the profile is of an episode: over within a season of the first sign of life."""
    profile = account.profile
    if profile is None or profile.contract is None or account.first is None:
        return False
    last_day = profile.contract[2]
    return last_day is not None and last_day - account.first // times.DAY_US <= EPISODE_DAYS


def apply_ticket(account: Account, fact: f.TicketFact, policy: Policy) -> None:
    """End the agreement by a notice, or take the end back where the notice was withdrawn."""
    if fact.kind == CANCELLATION:
        end(account, fact.t, fact.ticket)
    elif account.ended is not None and account.ended_by == fact.ticket and not _is_over(account.profile, fact.t):
        begin_anew(account, fact.t, policy)


def apply_profile(account: Account, before: f.ProfileFact | None, t: int, policy: Policy) -> None:
    """End the agreement where the profile has none any more, or begin it anew where it has one again."""
    had = before is not None and before.contract is not None
    after = account.profile
    contract = after.contract if after is not None else None
    if contract is None:
        if had:
            end(account, t)
        return
    if _is_over(after, t):
        end(account, t)
        return
    if account.ended is not None and (account.ended_by is None or contract[1] > account.ended // times.DAY_US):
        begin_anew(account, t, policy)
    if contract[0] in ENGAGED and not (had and before is not None and before.contract == contract):
        account.signed = t


def _is_over(profile: f.ProfileFact | None, t: int) -> bool:
    """Tell whether the profile's agreement has ended by event time `t` (µs)."""
    if profile is None or profile.contract is None:
        return False
    last_day = profile.contract[2]
    return last_day is not None and last_day < t // times.DAY_US
