"""The policies that the workers follow: in force, to come, gone by, and on trial in shadow."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from relationship.contract.times import micros
from relationship.policy.compiled import Policy, load_policy
from relationship.timeline.published import SHADOW, PublishedPolicies, PublishedPolicy
from streams.config.settings import Settings
from streams.kafka.policies import read_policies
from views.errors import server_errors

Phase = Literal["past", "in force", "to come"]


class PolicyVersion(Struct, frozen=True):
    """One policy that decides, did or will.

    Attributes:
        id, version: as decisions name it.
        phase: whether it decides what happens now.
        effective_at: event time from which on it decides; None of the workers' own, which does before every switch.
        published_at, by: when it was published, and by whom; None of the workers' own.
    """

    id: str
    version: str
    phase: Phase
    effective_at: datetime | None = None
    published_at: datetime | None = None
    by: str | None = None


class Trial(Struct, frozen=True):
    """A policy on trial in shadow. `publication` is the event_id of its publication, which its differences name."""

    id: str
    version: str
    publication: str
    effective_at: datetime
    published_at: datetime
    by: str


class Policies(Struct, frozen=True):
    """All policies, at a moment.

    Attributes:
        as_of: the moment.
        in_force: the one that decides what happens then.
        to_come: those that take force later, in order.
        history: every one that ever decided or will, the workers' own first, in the order in which they take force.
        shadow: the one on trial; None where there is none.
        trials: every one that was on trial, that one too, in order.
    """

    as_of: datetime
    in_force: PolicyVersion
    to_come: list[PolicyVersion]
    history: list[PolicyVersion]
    shadow: Trial | None
    trials: list[Trial]


async def policies(settings: Settings, at: datetime | None = None) -> Policies:
    """Return the policies at a moment, by default now. Raises ServerError, TopicsError, PolicyError."""
    first = load_policy(settings.policy_file)
    with server_errors(settings):
        known = await read_policies(settings, first)
    return policies_of(known, datetime.now(UTC) if at is None else at)


def policies_of(known: PublishedPolicies, at: datetime) -> Policies:
    """Return published policies as an answer."""
    in_force = known.rules.at(micros(at))
    first = PolicyVersion(known.first.id, known.first.version, "in force" if in_force is known.first else "past")
    history = [first, *_versions(known.switches(), in_force, at)]
    trials = [_trial(entry) for entry in known.entries(SHADOW) if entry.policy is not None]
    return Policies(
        as_of=at,
        in_force=next(each for each in history if each.phase == "in force"),
        to_come=[each for each in history if each.phase == "to come"],
        history=history,
        shadow=trials[-1] if known.shadow is not None else None,
        trials=trials,
    )


def _versions(switches: Iterable[PublishedPolicy], in_force: Policy, at: datetime) -> Iterable[PolicyVersion]:
    for published, policy in switches:
        if policy is not None:
            later: Phase = "to come" if published.effective_at > at else "past"
            yield PolicyVersion(
                id=published.id,
                version=published.version,
                phase="in force" if policy is in_force else later,
                effective_at=published.effective_at,
                published_at=published.published_at,
                by=published.by,
            )


def _trial(entry: PublishedPolicy) -> Trial:
    published = entry.published
    return Trial(
        id=published.id,
        version=published.version,
        publication=published.event_id,
        effective_at=published.effective_at,
        published_at=published.published_at,
        by=published.by,
    )
