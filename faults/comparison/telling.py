"""Invariant I2: what was published, beside what had to be."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from faults.comparison.found import Found, Verdict, listed
from faults.comparison.oracle import Expected
from relationship.contract import enums
from relationship.state.record import STANDINGS, AccountRecord
from relationship.timeline.explain import decision_id

DECIDED_AT: Final = re.compile(rb'"decided_at":"[^"]*"')


class Told(NamedTuple):
    """One decision of an account as published: its id, its bytes without `decided_at`, and its fields."""

    event_id: str
    plain: bytes
    fields: dict[str, Any]

    @property
    def change(self) -> tuple[str, ...]:
        """What the decision says, whatever was known when it was told."""
        return tuple(self.fields[name] for name in ("effective_at", "from", "to", "direction"))


def told_of(values: Iterable[bytes]) -> dict[str, list[Told]]:
    """Return decisions by account, in order, repeats included."""
    told: defaultdict[str, list[Told]] = defaultdict(list)
    for value in values:
        fields = msgspec.json.decode(value)
        told[fields["account_id"]].append(Told(fields["event_id"], DECIDED_AT.sub(b"", value), fields))
    return told


def in_force(told: Iterable[Told]) -> list[Told]:
    """Return the decisions that stand: neither withdrawn nor a withdrawal."""
    told = list(told)
    withdrawn = {each.fields["supersedes"] for each in told}
    return [each for each in told if each.event_id not in withdrawn and each.fields["direction"] != "correction"]


def distinct(told: Iterable[Told]) -> tuple[list[Told], list[str]]:
    """Return each decision once, by its number; and which ids two different ones bear, and where they differ."""
    by_id: dict[str, Told] = {}
    clashing = []
    for each in told:
        first = by_id.setdefault(each.event_id, each)
        if first.plain != each.plain:
            names = sorted(
                name for name in each.fields if each.fields[name] != first.fields.get(name) and name != "decided_at"
            )
            clashing.append(f"{each.event_id}, which differ in {', '.join(names)}")
    return sorted(by_id.values(), key=lambda each: int(each.fields["transition_seq"])), clashing


def decisions(expected: Expected, found: Found) -> Verdict:
    """Compare what was published with what had to be."""
    published, wanted = told_of(found.decisions), told_of(v for values in expected.decisions.values() for v in values)
    wrong: list[str] = []
    retold: list[str] = []
    exact = standing = 0
    # Of a commanded account the record is compared (I1): what it told depends on when the others heard of it.
    for account in sorted((published.keys() | expected.records.keys()) - expected.commanded - expected.crossed):
        told, clashing = distinct(published.get(account, []))
        faults = _faults(account, told, clashing, wanted.get(account, []), found)
        standing += len(in_force(told))
        if account not in expected.untimely and not any(each.fields["direction"] == "correction" for each in told):
            exact += 1
            if [each.plain for each in told] != [each.plain for each in wanted.get(account, [])]:
                faults.append("its decisions are not the oracle's to the byte")
        (retold if found.retold and account in expected.untimely else wrong).extend(
            f"{account}: {text}" for text in faults
        )
    if wrong:
        return Verdict("I2", passed=False, what=f"{len(wrong)} faults: {listed(wrong)}")
    ids = sum(len({each.event_id for each in told}) for told in published.values())
    again = len(found.decisions) - ids
    text = f"{standing} in force, {ids} ids published, {again} of them again; {exact} accounts to the byte"
    return Verdict("I2", passed=True, what=f"{text}; told otherwise: {listed(retold)}" if retold else text)


def _faults(account: str, told: list[Told], clashing: list[str], wanted: list[Told], found: Found) -> list[str]:
    """Return what is wrong with an account's decisions, whether its events came in time or late."""
    record = found.records.get(account)
    faults = [f"two decisions under the id {text}" for text in clashing]
    faults += _inconsistent(account, told, record) + _last_state(record, found.states.get(account))
    if [each.change for each in in_force(told)] != [each.change for each in in_force(wanted)]:
        faults.append("the decisions in force are not the oracle's")
    return faults


def _last_state(record: AccountRecord | None, value: bytes | None) -> list[str]:
    """Return what is wrong with the last state published of an account, beside the one that its record has told."""
    if record is None or record.published_state is None:
        return ["a state is published that nothing tells of"] if value is not None else []
    if value is None:
        return ["its state was never published"]
    last, shown = msgspec.json.decode(value), record.published_state
    told = (enums.STATUSES[shown.status], STANDINGS[shown.standing], shown.score / 100)
    found = (last["status"], last["segment"]["standing"], last["score"])
    return [] if found == told else [f"the last state published is {found}, and not what its record told, {told}"]


def _inconsistent(account: str, told: list[Told], record: AccountRecord | None) -> list[str]:
    """Return what is wrong with an account's decisions in themselves, and beside its record."""
    ids = {each.event_id for each in told}
    wrong = [
        f"withdraws {each.fields['supersedes']}, which was never told"
        for each in told
        if each.fields["supersedes"] and each.fields["supersedes"] not in ids
    ]
    numbers = [each.fields["transition_seq"] for each in told]
    if numbers != list(range(1, len(told) + 1)):
        wrong.append(f"the numbers of its decisions have gaps or come twice: {numbers[:12]}")
    standing = {each.event_id for each in in_force(told)}
    if record is not None and (stored := {decision_id(account, each) for each in record.decisions}) != standing:
        unpublished, unknown = len(stored - standing), len(standing - stored)
        wrong.append(f"{unpublished} decisions in force were never published, {unknown} are unknown to its record")
    return wrong
