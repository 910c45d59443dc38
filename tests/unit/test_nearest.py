"""What is nearest to a change of status: how many pieces of which evidence, from when on, and what a client loses when."""

from types import SimpleNamespace

import pytest
from story import POLICY

from relationship.contract.times import DAY_US
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account, Override
from relationship.timeline import what_next as module
from relationship.timeline.what_next import ADVICE, PLANNING, REVIEW, Nearest, fades_on, nearest, what_next

T = 20_000 * DAY_US  # 2024-10-04
WEEK = 7 * DAY_US
LONGEST = POLICY.longest_stay_us
LETTERS = "new tickets by e-mail in which it asks for advice"
SINCE = T + WEEK  # of an account that has held its status for long


@pytest.fixture
def rules(monkeypatch):
    """Rules that a test makes up: it is asked for each piece, with its kind, its place among those tried, and its time."""
    made = SimpleNamespace(piece=lambda *_: None, times=[])

    def advance(trial, fact, policy):
        assert policy is POLICY
        trial.facts += 1
        kind = {f.TicketFact: "advice", f.PurchaseFact: "purchase"}.get(type(fact)) or ("planning", "review")[
            fact.kind - 4
        ]
        made.times.append((kind, fact.t))
        outcome = made.piece(kind, trial.facts, fact.t)
        if outcome in {"lapse", "demotion", "promotion"}:
            return [SimpleNamespace(direction=outcome)], None
        if outcome is not None:
            trial.status = outcome
        return [SimpleNamespace(direction="promotion")] * (outcome is not None), None

    monkeypatch.setattr(module, "advance", advance)
    return made


def customer(**fields):
    """Return a customer of long standing."""
    return Account(**{"t": T, "status": CUSTOMER, "since": 0, **fields})


@pytest.mark.parametrize(
    ("since", "first"),
    [(0, SINCE), (SINCE - LONGEST, SINCE), (SINCE - LONGEST + 1, SINCE + 1), (T, max(SINCE, T + LONGEST))],
)
def test_the_first_piece_counts_in_a_week_or_once_the_least_times_have_passed(rules, since, first):
    """The later of the two, and each further piece a week after the one before."""
    rules.piece = lambda kind, number, _t: CANDIDATE if kind == "planning" and number == 3 else None
    assert nearest(customer(since=since), POLICY) == Nearest(3, CANDIDATE, PLANNING, first)
    assert [t for kind, t in rules.times if kind == "planning"][:3] == [first, first + WEEK, first + 2 * WEEK]
    assert [t for kind, t in rules.times if kind == "planning"][3:] == [
        first + 14 * DAY_US + each * WEEK for each in range(3)
    ]


@pytest.mark.parametrize("pieces", [1, 2, 6, 7])
def test_up_to_six_pieces_are_next(rules, pieces):
    """What needs a seventh is not."""
    rules.piece = lambda kind, number, _t: CANDIDATE if kind == "review" and number == pieces else None
    found = nearest(customer(), POLICY)
    assert found == (Nearest(pieces, CANDIDATE, REVIEW, SINCE) if pieces <= 6 else None)


def test_the_kind_that_needs_the_fewest_is_named_and_of_equals_the_first(rules):
    """Advice stands before meetings for a customer, and behind them for a candidate."""
    needs = {"advice": 3, "planning": 2, "review": 2}
    rules.piece = lambda kind, number, _t: CLIENT if number >= needs[kind] else None
    assert nearest(customer(), POLICY) == Nearest(2, CLIENT, PLANNING, SINCE)
    needs["advice"] = 2
    assert nearest(customer(), POLICY).step is ADVICE
    assert nearest(customer(status=CANDIDATE), POLICY).step is PLANNING


@pytest.mark.parametrize("ending", ["lapse", "demotion"])
def test_a_kind_by_which_the_account_would_lapse_or_fall_in_between_is_none(rules, ending):
    """Whatever would come of it then; a promotion in between that changes nothing told ends nothing."""
    rules.piece = lambda kind, number, _t: (CANDIDATE if number == 2 else ending) if kind == "advice" else None
    assert nearest(customer(), POLICY) is None
    rules.piece = lambda kind, number, _t: (CANDIDATE if number == 2 else "promotion") if kind == "advice" else None
    assert nearest(customer(), POLICY) == Nearest(2, CANDIDATE, ADVICE, SINCE)


@pytest.mark.parametrize(
    ("late", "holds"),
    [
        ({1: None, 2: CANDIDATE}, True),
        ({1: None, 2: None}, False),
        ({1: None, 2: CLIENT}, False),
        ({1: "lapse"}, False),
    ],
)
def test_it_leads_to_the_same_where_the_first_piece_comes_two_weeks_later(rules, late, holds):
    """Else that kind is not named: what is said holds on every day that is said."""

    def piece(kind, number, t):
        if kind != "advice":
            return None
        return (
            late.get(number) if t - (number - 1) * WEEK == SINCE + 14 * DAY_US else (CANDIDATE if number == 2 else None)
        )

    rules.piece = piece
    found = nearest(customer(), POLICY)
    assert found == (Nearest(2, CANDIDATE, ADVICE, SINCE) if holds else None)


def test_an_override_hides_what_the_evidence_comes_to(rules):
    """Until it ends, no evidence changes the status that is told."""
    rules.piece = lambda *_: CANDIDATE
    assert nearest(customer(override=Override(CUSTOMER, T + 99 * WEEK)), POLICY) is None


def test_the_trial_leaves_the_account_as_it_is(rules):
    """What would be is tried on a copy."""
    account = customer()
    rules.piece = lambda *_: CANDIDATE
    nearest(account, POLICY)
    assert account == customer()


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (
            1,
            "A new ticket by e-mail in which it asks for advice, between 2024-10-11 and 2024-10-25, would make it a client",
        ),
        (2, f"Two {LETTERS}, a week apart, the first between 2024-10-11 and 2024-10-25, would make it a client"),
        (6, f"Six {LETTERS}, a week apart, the first between 2024-10-11 and 2024-10-25, would make it a client"),
    ],
)
def test_pieces_are_told_in_words_with_the_days_within_which_the_first_is_to_come(rules, pieces, words):
    """And what silence would do, where the account can lapse at all."""
    rules.piece = lambda kind, number, _t: CLIENT if kind == "advice" and number == pieces else None
    told = what_next(customer(), POLICY)
    assert told.startswith(words)
    assert told.endswith("would make it a client.")
    lapse = what_next(customer(last=T), POLICY)
    assert lapse.startswith(words)
    assert lapse.endswith("; silence until 2025-05-02 would make it lapsed.")


def client(**fields):
    """Return a client whose evidence is fresh."""
    account = Account(**{"t": T, "status": CLIENT, "since": 0, "first": 0, "last": T, "facts": 1, **fields})
    for i in range(14):
        account.good[i] = 8.0
    return account


def weeks_held(account):
    """Return for how many weeks a purchase of goods keeps it above the border, tried one by one."""
    week = 1
    while not module._faded(account, account.t + week * WEEK, POLICY):
        week += 1
    return week


@pytest.mark.parametrize("mass", [0.5, 2.0, 4.0, 8.0])
def test_a_client_fades_in_the_first_week_in_which_a_purchase_no_longer_keeps_it(mass):
    """The very week, found without trying all; within a time that ends before it there is none."""
    account = client()
    account.good = [mass] * 14
    week = weeks_held(account)
    for until in (week, week + 1, 2 * week, 52):
        assert fades_on(account, POLICY, T + max(until, week) * WEEK) == T + week * WEEK
    assert fades_on(account, POLICY, T + week * WEEK - 1) is None
    assert fades_on(account, POLICY, T) is None
    assert fades_on(account, POLICY, T - WEEK) is None


def test_fading_is_below_the_border_or_a_gate_that_is_shut(monkeypatch):
    """At the border it has not faded; the gate is the one for staying a client."""
    border = POLICY.trade(None).client_down
    asked = []

    def reading(score, is_open):
        def gate(slack):
            asked.append(slack)
            return is_open

        return SimpleNamespace(score=score, trade=POLICY.trade(None), policy=POLICY, gate=gate)

    for score, is_open, faded in ((border, True, False), (border - 1, True, True), (border, False, True)):
        found = reading(score, is_open)
        monkeypatch.setattr(module, "advance", lambda *_, found=found: ([], found))
        assert module._faded(client(), T + WEEK, POLICY) is faded
    assert set(asked) == {module.GATE_SLACK}


def test_a_client_is_told_what_ends_it_before_silence_does(monkeypatch):
    """The end of its agreement, its fading, and a notice; fading is looked for up to the silence, or a year."""
    asked = []
    monkeypatch.setattr(module, "fades_on", lambda _account, _policy, until: asked.append(until))
    assert what_next(client(last=None, first=None), POLICY) == "A notice would end it at once."
    silence = T + POLICY.trade(None).client_lapse_us
    told = what_next(client(), POLICY)
    assert told.startswith("A notice would end it at once; silence until ")
    assert asked == [T + 365 * DAY_US, silence]
    agreed = f.ProfileFact(0, "p", None, None, None, None, (2, 19_000, 20_010), 0)
    assert what_next(client(last=None, profile=agreed), POLICY) == (
        "Its agreement ends on 2024-10-14, and its standing with it unless there is another; a notice would end it at once."
    )


@pytest.mark.parametrize(("status", "words"), [(PROSPECT, "customer"), (LAPSED, "customer")])
def test_a_purchase_is_what_brings_a_stranger_or_somebody_back(rules, status, words):
    """One kind of evidence alone is tried."""
    rules.piece = lambda kind, _number, _t: CUSTOMER if kind == "purchase" else CLIENT
    account = customer(status=status)
    assert f"would make it a {words}." in what_next(account, POLICY)
    assert {kind for kind, _ in rules.times} == {"purchase"}
