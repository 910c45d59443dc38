"""The edges of an account's rhythm, of what an agreement binds, and of its end."""

from dataclasses import replace

import msgspec
import pytest
from story import POLICY

from relationship.classify import ends, rhythm
from relationship.classify.dimensions import ENGAGEMENT, PERSONALISATION
from relationship.classify.signals import SAME_VISIT_US
from relationship.contract import enums
from relationship.contract.times import DAY_US
from relationship.policy.compiled import Policy
from relationship.state.account import Account
from relationship.state.facts import ProfileFact, TicketFact

RETAINER, ENGAGEMENT_KIND = (enums.CONTRACT_KINDS.index(kind) for kind in ("retainer", "engagement"))
CANCELLED = enums.TICKET_KINDS.index("cancellation")
NOTICE = 77  # the CRC of a ticket
TODAY = 20_000  # days since the epoch
NOW = TODAY * DAY_US + DAY_US // 2


def having(contract: tuple[int, int, int | None] | None, **fields: object) -> Account:
    """Return an account of today with an agreement in its profile: (kind, day it begins, last day or None)."""
    profile = ProfileFact(0, "p", None, None, None, None, contract, 0)
    return Account(t=NOW, profile=profile, **fields)  # type: ignore[arg-type]


def met(*days: float) -> Account:
    """Return an account with contacts on these days."""
    account = Account()
    for day in days:
        rhythm.record_contact(account, round(day * DAY_US), POLICY)
    return account


def ticket(kind: int, number: int = NOTICE, t: int = NOW) -> TicketFact:
    """Return a change of a ticket."""
    return TicketFact(t, f"e{number}", number, 0, kind, None, None, None, None, 0, None)


def test_contacts_of_one_visit_are_one():
    """Half a day less a moment is the same visit, and does not move it; half a day later is the next, with a gap."""
    account = Account()
    for t in (0, SAME_VISIT_US - 1):
        rhythm.record_contact(account, t, POLICY)
    assert (account.met_first, account.met, account.met_gaps) == (0, 0, 0)
    rhythm.record_contact(account, SAME_VISIT_US, POLICY)
    assert (account.met_first, account.met, account.met_gaps, account.met_days) == (0, SAME_VISIT_US, 1.0, 0.5)
    assert account.met_squares == 0.25


def test_older_gaps_fade_by_the_memory():
    """A gap as long as the memory's half-life halves those before it, their days and their squares."""
    memory = POLICY.cadence.memory
    account = met(0, 10, 10 + memory)
    assert account.met_gaps == pytest.approx(1.5)
    assert account.met_days == pytest.approx(10 / 2 + memory)
    assert account.met_squares == pytest.approx(100 / 2 + memory**2)


def test_a_rhythm_is_regular_as_far_as_its_gaps_are_equal_and_many():
    """Clockwork of so many gaps is believed n / (n + FEW_GAPS); nothing before the second contact; chance is none."""
    assert rhythm.regularity_of(met(0)) == 0.0
    assert rhythm.rhythm_of(met(0)) == 0.0
    even = Account(met_gaps=3.0, met_days=90.0, met_squares=2_700.0)
    assert rhythm.regularity_of(even) == pytest.approx(3.0 / (3.0 + rhythm.FEW_GAPS))
    assert rhythm.rhythm_of(even) == pytest.approx(30 * 3.0 / 4.5)
    uneven = Account(met_gaps=2.0, met_days=40.0, met_squares=10.0**2 + 30.0**2)  # variance 100, of a mean of 20
    assert rhythm.regularity_of(uneven) == pytest.approx(0.75 * 2.0 / 3.5)
    by_chance = Account(met_gaps=2.0, met_days=40.0, met_squares=1_601.0)
    assert rhythm.regularity_of(by_chance) == 0.0


def test_a_slow_rhythm_stretches_evidence_as_far_as_it_is_regular_and_its_trade_allows():
    """Twice the usual days: 1 and as much more as it is regular; past the trade's longest no more; a quick one `least`."""
    trade = POLICY.trade(None)

    def stretch(gap: float) -> float:
        return rhythm.stretch_of(Account(met_gaps=1.5, met_days=1.5 * gap, met_squares=1.5 * gap * gap), POLICY, trade)

    assert stretch(2 * trade.usual) == pytest.approx(1.5)  # 1.5 gaps are believed by half
    assert stretch(trade.longest) == pytest.approx(1 + (trade.longest / trade.usual - 1) / 2)
    assert stretch(trade.longest * 3) == stretch(trade.longest)
    assert stretch(trade.usual / 9) == max(POLICY.cadence.least, 1 / 9)
    assert rhythm.stretch_of(Account(), POLICY, trade) == 1


@pytest.mark.parametrize(("of_usual", "expected"), [(0.4, 0.5), (0.95, 0.95), (1.0, 1.0), (1.05, 1.025)])
def test_only_what_is_slower_than_usual_has_to_be_regular(of_usual, expected):
    """A rhythm that is quicker than its trade's shortens in full, down to the policy's `least`; a slower one by half."""
    policy, trade = Policy(POLICY.source), POLICY.trade(None)
    policy.cadence = msgspec.structs.replace(POLICY.cadence, least=0.5)
    gap = of_usual * trade.usual
    account = Account(met_gaps=1.5, met_days=1.5 * gap, met_squares=1.5 * gap * gap)
    assert rhythm.stretch_of(account, policy, trade) == pytest.approx(expected)


def test_a_season_stretches_as_a_rhythm_of_its_months():
    """The longer of rhythm and season holds; a season no trade allows is as long as the longest it does."""
    trade = POLICY.trade(None)
    wide = replace(trade, usual=30.0, longest=400.0)
    assert rhythm.stretch_of(Account(season=6), POLICY, wide) == pytest.approx(6 * rhythm.MONTH_DAYS / 30.0)
    narrow = replace(trade, usual=30.0, longest=60.0)
    assert rhythm.stretch_of(Account(season=6), POLICY, narrow) == 2.0


def test_an_agreement_in_force_makes_evidence_last():
    """Twice as long for one that binds wholly, by `agreement`; a stretch that is longer by itself stays."""
    trade = POLICY.trade(None)
    bound = having((RETAINER, TODAY, None))
    binding = POLICY.contract[RETAINER]
    assert rhythm.stretch_of(bound, POLICY, trade) == 1.0 + POLICY.cadence.agreement * binding
    wide = replace(trade, usual=10.0, longest=400.0)
    bound.season = 6
    assert rhythm.stretch_of(bound, POLICY, wide) == pytest.approx(6 * rhythm.MONTH_DAYS / 10.0)


@pytest.mark.parametrize(
    ("begins", "last_day", "binds"),
    [
        (TODAY, None, True),
        (TODAY + 1, None, False),
        (TODAY - 9, TODAY, True),
        (TODAY - 9, TODAY - 1, False),
    ],
)
def test_an_agreement_binds_from_its_first_day_to_its_last(begins, last_day, binds):
    """On both of them too, and neither on the day before nor on the day after; never once it was ended."""
    account = having((RETAINER, begins, last_day))
    assert bool(rhythm.binding_of(account, POLICY)) is binds
    assert rhythm.binding_of(having((RETAINER, begins, last_day), ended=1), POLICY) == 0.0


def test_what_binds_by_less_than_half_does_not_bind():
    """Half of a commitment is one; a kind with less, and a profile without an agreement, stretch nothing."""
    for kind, share in enumerate(POLICY.contract):
        found = rhythm.binding_of(having((kind, TODAY, None)), POLICY)
        assert found == (share if share >= rhythm.BINDING else 0.0), enums.CONTRACT_KINDS[kind]
    assert rhythm.binding_of(having(None), POLICY) == 0.0
    assert rhythm.binding_of(Account(), POLICY) == 0.0


@pytest.mark.parametrize(
    ("active", "season"),
    [
        ([0], 0),
        ([0, 12], 0),  # nothing after it until now: no silence has ended
        ([0, 12, 5], 6),
        ([0, 12, 11], 0),
        ([0, 12, 1], 10),
        ([0, 13, 4], 8),
        ([0, 11, 4], 6),
        ([0, 14, 4], 0),  # another season
        ([0, 10, 4], 0),
        ([0, 13, 12, 3], 8),  # the longest of the three
    ],
)
def test_a_season_is_the_silence_that_followed_this_month_a_year_ago(active, season):
    """Of 11, 12 or 13 months ago, until the next active month, the months between them; this month ends none."""
    assert rhythm.season_of(sum(1 << ago for ago in active)) == season


def test_an_agreement_ends_with_the_last_moment_of_its_last_day():
    """A timer of that moment, even when the account stands there; none after it, without a last day, or once it ended."""
    last_moment = (TODAY + 1) * DAY_US - 1
    account = having((RETAINER, TODAY - 9, TODAY))
    assert ends.ends_at(account) == last_moment
    account.t = last_moment
    assert ends.ends_at(account) == last_moment
    account.t = last_moment + 1
    assert ends.ends_at(account) is None
    assert ends.ends_at(having((RETAINER, TODAY, None))) is None
    assert ends.ends_at(having(None)) is None
    assert ends.ends_at(Account()) is None
    assert ends.ends_at(having((RETAINER, TODAY, TODAY), ended=0)) is None


def with_evidence(**fields: object) -> Account:
    """Return an account with 4 of engagement and 2 of personalisation."""
    account = having((RETAINER, TODAY - 9, None), **fields)
    account.good[ENGAGEMENT], account.good[PERSONALISATION] = 4.0, 2.0
    return account


def test_the_first_end_holds():
    """Evidence is set aside at the first; what shows after it counts, and a second end neither moves it nor takes more."""
    account = with_evidence()
    ends.apply_ticket(account, ticket(CANCELLED), POLICY)
    assert (account.ended, account.ended_by, account.ended_good) == (NOW, NOTICE, (4.0, 2.0))
    assert (account.good[ENGAGEMENT], account.good[PERSONALISATION]) == (0.0, 0.0)
    account.good[ENGAGEMENT] = 1.0
    ends.apply_ticket(account, ticket(CANCELLED, NOTICE + 1, NOW + 1), POLICY)
    assert (account.ended, account.ended_by, account.ended_good) == (NOW, NOTICE, (4.0, 2.0))
    assert account.good[ENGAGEMENT] == 1.0


def test_what_is_taken_back_counts_as_if_it_had_faded_all_along():
    """After one half-life a half of it comes back, on top of what has shown since; a stretch makes that half-life longer."""
    for stretch in (1.0, 2.0):
        account = with_evidence(stretch=stretch)
        ends.end(account, NOW, NOTICE)
        account.good[ENGAGEMENT] = 1.0
        later = NOW + round(POLICY.half_lives_us[ENGAGEMENT] * stretch)
        ends.begin_anew(account, later, POLICY)
        assert account.good[ENGAGEMENT] == pytest.approx(1.0 + 2.0)
        kept = 0.5 ** ((later - NOW) / (POLICY.half_lives_us[PERSONALISATION] * stretch))
        assert account.good[PERSONALISATION] == pytest.approx(2.0 * kept)
        assert (account.ended, account.ended_by, account.ended_good) == (None, None, None)
    fresh = with_evidence()
    ends.begin_anew(fresh, NOW, POLICY)
    assert fresh.good[ENGAGEMENT] == 4.0


def test_only_the_ticket_that_ended_it_takes_the_end_back_and_only_while_the_agreement_lasts():
    """Another ticket does not; nor the same one after the last day, on which it still does."""
    other = CANCELLED - 1 if CANCELLED else CANCELLED + 1

    def still_ended(number: int, last_day: int | None) -> bool:
        account = having((RETAINER, TODAY - 9, last_day))
        ends.end(account, NOW - DAY_US, NOTICE)
        ends.apply_ticket(account, ticket(other, number), POLICY)
        return account.ended is not None

    assert still_ended(NOTICE + 1, None)
    assert not still_ended(NOTICE, None)
    assert not still_ended(NOTICE, TODAY)
    assert still_ended(NOTICE, TODAY - 1)


def test_a_notice_is_undone_by_an_agreement_signed_after_its_day_and_not_on_it():
    """The day of the notice is the old agreement's; where a profile or the last day had ended it, any begins anew."""

    def still_ended(ended_by: int | None, signed: int) -> bool:
        account = having((RETAINER, signed, None))
        before = having((RETAINER, TODAY - 99, None)).profile
        ends.end(account, NOW, ended_by)
        ends.apply_profile(account, before, NOW + DAY_US, POLICY)
        return account.ended is not None

    assert still_ended(NOTICE, TODAY)
    assert not still_ended(NOTICE, TODAY + 1)
    assert not still_ended(None, TODAY)


def test_a_profile_without_an_agreement_ends_one_that_was_there():
    """One that never had any ends nothing; one whose last day has passed ends it, on the last day not yet."""
    with_one = having((RETAINER, TODAY - 9, None)).profile
    without = having(None)
    ends.apply_profile(without, with_one, NOW, POLICY)
    assert without.ended == NOW
    for before in (None, having(None).profile):
        never = having(None)
        ends.apply_profile(never, before, NOW, POLICY)
        assert never.ended is None
    for last_day, ended in ((TODAY, None), (TODAY - 1, NOW)):
        account = having((RETAINER, TODAY - 9, last_day))
        ends.apply_profile(account, with_one, NOW, POLICY)
        assert account.ended == ended


@pytest.mark.parametrize("kind", range(len(enums.CONTRACT_KINDS)))
def test_an_engagement_or_a_retainer_is_signed_when_it_is_new(kind):
    """Not another kind; not the same agreement in a profile told again; and again where anything of it differs."""
    is_signed = kind in {RETAINER, ENGAGEMENT_KIND}
    agreement = (kind, TODAY - 9, None)
    for before, is_new in ((None, True), (having(None).profile, True), (having(agreement).profile, False)):
        account = having(agreement)
        ends.apply_profile(account, before, NOW, POLICY)
        assert account.signed == (NOW if is_signed and is_new else None)
    account = having(agreement)
    ends.apply_profile(account, having((kind, TODAY - 8, None)).profile, NOW, POLICY)
    assert account.signed == (NOW if is_signed else None)
