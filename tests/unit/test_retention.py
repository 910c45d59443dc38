"""The retention of a base from its decisions: a window's two ends, corrections, repeats, and who comes again."""

import json

import msgspec
from story import command, courtship, fold, purchase

from relationship.analysis.retention import Base, Retention
from relationship.contract.decisions import Reclassification

decode = msgspec.json.Decoder(Reclassification).decode


def decision(account, seq, to, second, **fields):
    """Return a decision of an account, effective so many seconds after the epoch."""
    (template,) = fold([purchase(1)])[1]
    changed = {
        "event_id": f"{account}{seq}",
        "account_id": account,
        "transition_seq": seq,
        "to": to,
        "direction": "promotion",
        "effective_at": f"1970-01-01T00:00:{second:02}Z",
    }
    return decode(json.dumps({**template, **changed, **fields}).encode())


def base_of(*decisions, window=10):
    """Return a base that has these decisions, and a state of each of their accounts."""
    base = Base(window * 1_000_000)
    for each in decisions:
        base.decided(each)
        base.stated(each.account_id, there=True)
    return base


def counts(base, second):
    """Return (then, kept, now) over the window that ends at a second."""
    return tuple(base.at(second * 1_000_000))


def test_a_client_counts_from_its_moment_on():
    """At the very moment it is one, a microsecond before it is not; a window's beginning is such a moment too."""
    base = base_of(decision("a", 1, "client", 20), decision("b", 1, "client", 25), decision("b", 2, "lapsed", 32))
    assert base.at(19_999_999) == Retention(0, 0, 0)
    assert counts(base, 20) == (0, 0, 1)
    assert counts(base, 29) == (0, 0, 2)
    assert counts(base, 30) == (1, 1, 2)
    assert counts(base, 35) == (2, 1, 1)
    assert base.at(35_000_000).rate == 0.5
    assert base.at(20_000_000).rate is None


def test_a_correction_takes_its_decision_back():
    """And no other; what was before it counts again."""
    base = base_of(decision("a", 1, "client", 5), decision("a", 2, "lapsed", 6))
    assert counts(base, 30) == (0, 0, 0)
    base.decided(decision("a", 3, "client", 6, direction="correction", supersedes="a2"))
    assert counts(base, 30) == (1, 1, 1)


def test_what_comes_again_changes_nothing():
    """A repeat of any decision, the last one or an earlier one."""
    told = [decision("a", 1, "client", 5), decision("a", 2, "lapsed", 6)]
    base = base_of(*told, told[1], told[0])
    assert counts(base, 5) == (0, 0, 1)
    assert counts(base, 30) == (0, 0, 0)


def test_only_who_has_a_state_counts():
    """An account without one is not there yet; one that lost it is forgotten, and a stranger when it comes again."""
    base = Base(10_000_000)
    base.decided(decision("a", 1, "client", 5))
    assert counts(base, 20) == (0, 0, 0)
    base.stated("a", there=True)
    assert counts(base, 20) == (1, 1, 1)
    base.stated("a", there=False)
    assert counts(base, 20) == (0, 0, 0)
    base.decided(decision("a", 1, "client", 15, event_id="other"))
    assert counts(base, 20) == (0, 0, 0)
    base.stated("a", there=True)
    assert counts(base, 20) == (0, 0, 1)
    base.stated("nobody", there=False)
    assert counts(base, 20) == (0, 0, 1)


def test_a_stranger_counts_from_one():
    """A first decision under another id is of an account that was erased meanwhile: nothing of before counts."""
    base = base_of(decision("a", 1, "client", 5), decision("a", 2, "client", 6))
    base.decided(decision("a", 1, "customer", 15, event_id="other"))
    assert counts(base, 20) == (0, 0, 0)
    base.decided(decision("a", 2, "client", 16, event_id="another"))
    assert counts(base, 20) == (0, 0, 1)


def test_the_courtship_is_a_client_from_its_decision_on():
    """The core's own decisions are read as they are."""
    decisions = fold([*courtship(), command(165, "release")])[1]
    base = Base(10**15)
    for each in decisions:
        base.decided(decode(json.dumps(each).encode()))
    base.stated("a", there=True)
    assert base.at(2 * 10**15) == Retention(0, 0, 1)
