"""The state of an account, as it is published on the compacted topic and printed by the command line."""

from relationship.classify.confidence import confidence
from relationship.classify.plays import play_of
from relationship.classify.segments import segment_of
from relationship.contract import enums, times
from relationship.contract.decisions import PolicyPart, State
from relationship.policy.compiled import Policy
from relationship.state.record import AccountRecord


def since_of(record: AccountRecord) -> int:
    """Return since when (µs) the effective status is in force: the last decision in force, else the first sign of life."""
    if record.decisions:
        return record.decisions[-1].t
    head = record.head
    if head.since:
        return head.since
    return head.first if head.first is not None else head.t


def state_of(account_id: str, record: AccountRecord, score: int, policy: Policy) -> State:
    """Return the state message of a record; `score` is its head's, in hundredths of a point."""
    head = record.head
    return State(
        account_id=account_id,
        status=enums.STATUSES[head.effective_status],
        since=times.rfc3339(since_of(record)),
        score=score / 100,
        confidence=round(confidence(head, score, policy), 3),
        segment=segment_of(head, policy),
        play=play_of(head, policy).name,
        policy=PolicyPart(policy.id, policy.version),
        transition_seq=record.seq,
        held_until=times.rfc3339(head.override.until) if head.override else None,
        as_of=times.rfc3339(head.t),
    )
