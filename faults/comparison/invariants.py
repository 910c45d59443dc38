"""The comparison of what a run left with what the oracle says: invariants I1, I2, I3 and I5. I4 is timed in the run.

What is compared, and why not more:
- An account's state is a function of the set of its events: the account itself (every mass of evidence, to the last bit),
  the facts kept, the decisions in force, status, score, since, dimensions, and how many messages were applied and
  recognised. Its revision, offsets and last sendings are not: they tell how it came about.
- Which decisions are in force is a function of the set of events too. In which order they were told, and with what was
  known then, is so only where all events were in time: there every decision is compared to the byte, but for
  `decided_at`; of the others those in force, by moment, statuses and direction.
- Of the accounts with commands (faults/records/commanding.py), and those that they merge with or refer, the account, its
  facts and where it is merged into; of an erased one that it is gone, or what it is since. A merged account's timers do not
  run, so of it the facts alone.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import msgspec

from faults.comparison.found import Found, Letter, Verdict, listed
from faults.comparison.oracle import Expected
from faults.comparison.telling import decisions
from relationship.classify.transitions import read
from relationship.contract.outcome import Reason
from relationship.policy.compiled import Policy, load_policy
from relationship.state import facts as f
from relationship.state.record import AccountRecord
from relationship.timeline.state_message import state_of


@cache
def _policy() -> Policy:
    """The policy of every run."""
    return load_policy()


def comparable(account: str, record: AccountRecord, extra_repeats: int = 0) -> dict[str, Any]:
    """Return what must be equal of an account however its events came."""
    policy = _policy()
    reading = read(record.head, policy)
    state = msgspec.to_builtins(state_of(account, record, reading.score, policy))
    del state["transition_seq"]  # counts what was told and withdrawn, too
    return {
        **state,
        "dimensions": list(zip(reading.values, reading.contributions, strict=True)),
        "account": record.head,
        "facts": record.facts(),
        "in force": [(told.t, told.source, told.target, told.direction) for told in record.decisions],
        "newest": record.newest,
        "applied": record.applied,
        "repeats": record.repeats - extra_repeats,
    }


def commanded(record: AccountRecord) -> dict[str, Any]:
    """Return what must be equal of an account with commands."""
    merged = record.merged_into is not None
    return {
        "facts": sorted((f.order(fact), type(fact).__name__) for fact in record.facts()),
        "merged into": record.merged_into,
        "merged sources": record.merged_sources,
        "account": None if merged else record.head,
    }


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the names of what differs."""
    return [name for name, value in expected.items() if found[name] != value]


def states(name: str, expected: Expected, found: Found, accounts: Collection[str]) -> Verdict:
    """Compare the states of accounts, but of those that nobody can say."""
    wrong, known = [], {*accounts} - expected.crossed
    for account in sorted(known):
        if account not in found.records or account not in expected.records:
            if account in found.records or account in expected.records:  # an erased one is gone from both
                wrong.append(f"{account} is {'missing' if account in expected.records else 'unheard of'}")
            continue
        if account in expected.commanded:
            differ = differences(commanded(expected.records[account]), commanded(found.records[account]))
        else:
            differ = differences(
                comparable(account, expected.records[account]),
                comparable(account, found.records[account], found.doubled[account]),
            )
        if differ:
            wrong.append(f"{account} differs in {', '.join(differ)}")
    return Verdict(
        name,
        not wrong,
        (f"{len(wrong)} of {len(known)} accounts: {listed(wrong)}" if wrong else f"{len(known)} accounts equal")
        + (f", {left} left out" if (left := len(accounts) - len(known)) else ""),
    )


def account_for(expected: Expected, found: Found) -> Verdict:
    """Count every record that was produced: applied, recognised, or refused into the dead-letter topic."""
    wrong = []
    for account in sorted((found.produced.keys() | found.records.keys()) - expected.commanded):
        record = found.records.get(account) or AccountRecord()
        if record.applied + record.repeats != found.produced[account]:
            counted = f"{record.applied} applied + {record.repeats} repeats"
            wrong.append(f"{account}: {counted} is not {found.produced[account]} produced and not refused")
    # Whether a commanded account's event is late, or at odds with one that it has, depends on when what others sent it
    # came, a merged history above all, and on whether an erasure was first.
    letters = _of_others(Counter(found.letters.values()), expected)
    wanted = _of_others(expected.letters, expected)
    if letters != wanted:
        lost, strange = wanted - letters, letters - wanted
        wrong.append(
            f"{lost.total()} refusals are missing among the dead letters ({_listed(lost)}), "
            f"{strange.total()} are there for nothing ({_listed(strange)})"
        )
    if wrong:
        return Verdict("I3", passed=False, what=f"{len(wrong)} faults: {listed(wrong)}")
    counted_for = [record for account, record in found.records.items() if account not in expected.commanded]
    applied = sum(record.applied for record in counted_for)
    repeats = sum(record.repeats for record in counted_for)
    refused = len(found.letters)
    produced = refused + sum(number for account, number in found.produced.items() if account not in expected.commanded)
    counted = f"{applied} applied + {repeats} repeats + {refused} refused = {produced} produced, account by account"
    return Verdict("I3", passed=True, what=f"{counted}; {found.letters_published - refused} letters sent again")


def _listed(letters: Counter[Letter]) -> str:
    return listed([f"{reason} of {(key or b'').decode()}" for _, key, _, reason in letters]) or "none"


def _of_others(letters: Counter[Letter], expected: Expected) -> Counter[Letter]:
    """Return the dead letters but those of a commanded account that depend on its other events."""
    return Counter(
        {
            (topic, key, value, reason): count
            for (topic, key, value, reason), count in letters.items()
            if reason not in {Reason.LATE, Reason.CONFLICT} or (key or b"").decode() not in expected.commanded
        }
    )


def compare(expected: Expected, found: Found) -> list[Verdict]:
    """Return the verdicts on I1, I2, I3 and I5."""
    everyone = expected.records.keys() | found.records.keys()
    others = states("I5", expected, found, found.quiet)
    if found.twice:
        others = Verdict("I5", passed=False, what=f"in a partition that is not theirs: {listed(found.twice)}")
    elif others.passed:
        others = others._replace(
            what=f"{others.what} that had no event since the first fault; none in a foreign partition"
        )
    return [states("I1", expected, found, everyone), decisions(expected, found), account_for(expected, found), others]
