"""The policies published, and what follows from them: a schedule of the active ones, and the shadow.

Every switch is kept, so that a rebuild folds the past under the policies of the past. Of two that take effect at the same
time the one published last applies. A record that cannot be decoded, or whose policy fails the check, changes nothing.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from relationship.contract import times
from relationship.contract.decisions import Audit, Published, to_json
from relationship.contract.outcome import AUDIT, POLICIES, Outgoing
from relationship.policy.compiled import Policy, parse_policy
from relationship.policy.file import PolicyError
from relationship.policy.schedule import Rules, Schedule, Switch
from relationship.timeline.shadow import Shadow

ACTIVE: Final = "active"
SHADOW: Final = "shadow"
NO_KEY: Final = ""  # of a record that concerns no account; it is sent without a key
OFF: Final = "off"  # in the place of an id and a version: it ends the shadow
# Between publication and effect: workers poll the topic every half second, and one that is starting, or waits for a broker,
# has read it within a minute. A worker that reads it later refolds what is affected, and publishes corrections.
LEAD: Final = timedelta(seconds=60)
_ROLLED_BACK: Final = re.compile(r"-r[0-9]+$")

_decode: Final = msgspec.json.Decoder(Published).decode


class PublishedPolicy(NamedTuple):
    """One policy of the topic: as published, and compiled; None where a shadow ends."""

    published: Published
    policy: Policy | None


def key_of(published: Published) -> str:
    """Return the key of a policy's record: no two switches share one, so that compaction keeps them all."""
    return f"{published.slot}/{published.id}/{published.version}"


def compiled(published: Published) -> Policy:
    """Return a published policy, under the version that it was published with. Raises PolicyError."""
    policy = parse_policy(published.toml, f"{published.id} {published.version}")
    if policy.id != published.id:
        raise PolicyError(f"policy {published.id} {published.version}: its text says id {policy.id}")
    return Policy(msgspec.structs.replace(policy.source, version=published.version))


class PublishedPolicies:
    """The contents of the topic of policies. `first` is in force before every switch; records may come in any order."""

    def __init__(self, first: Policy) -> None:
        self.first = first
        self._entries: dict[str, PublishedPolicy] = {}
        self.rules: Rules = first
        self.shadow: Shadow | None = None

    def apply(self, value: bytes | None) -> str | None:
        """Apply one record; return why it is rejected, or None. A tombstone undoes nothing; a rollback is a new record."""
        if value is None:
            return None
        try:
            published = _decode(value)
            policy = compiled(published) if published.toml or published.slot == ACTIVE else None
        except (msgspec.DecodeError, UnicodeDecodeError, PolicyError) as error:
            return " ".join(str(error).split())
        self._entries[key_of(published)] = PublishedPolicy(published, policy)
        switches = [Switch(times.micros(e.published.effective_at), e.policy) for e in self.switches() if e.policy]
        self.rules = Schedule(self.first, switches) if switches else self.first
        last = self.entries(SHADOW)[-1:]
        self.shadow = Shadow(last[0].published.event_id, last[0].policy) if last and last[0].policy else None
        return None

    def entries(self, slot: str) -> list[PublishedPolicy]:
        """Return the policies of a slot, in the order in which they take effect."""
        of_slot = [entry for entry in self._entries.values() if entry.published.slot == slot]
        return sorted(of_slot, key=lambda e: (e.published.effective_at, e.published.published_at, key_of(e.published)))

    def switches(self) -> list[PublishedPolicy]:
        """Return the switches of the active policy, in order."""
        return self.entries(ACTIVE)

    def rejection_reason(self, published: Published) -> str | None:
        """Return why a switch must not be published, or None: its version exists, or it takes effect too soon."""
        names = {(self.first.id, self.first.version)} | {(e.published.id, e.published.version) for e in self.switches()}
        if (published.id, published.version) in names:
            return f"{published.id} {published.version} is there already: raise the version, which decisions name"
        soonest = published.published_at + LEAD
        if published.effective_at < soonest:
            seconds = int(LEAD.total_seconds())
            return (
                f"it must take force {seconds} s from now or later, at {_text(soonest)}: every worker must hear first"
            )
        return None

    def rollback(self, to: str | None, first_text: str) -> tuple[Policy, str, str] | str:
        """Return the policy to go back to, its text and its new version; or why there is none.

        Without `to` it is the one before the last switch; `first_text` is the text of the first policy.
        """
        known = [(self.first, first_text), *((e.policy, e.published.toml) for e in self.switches() if e.policy)]
        if len(known) == 1:
            return "there is no switch to take back"
        earlier = [each for each in known[:-1] if to in {None, each[0].version}]
        if not earlier:
            listed = ", ".join(policy.version for policy, _ in known[:-1])
            return f"no earlier version {to}: there is {listed}"
        policy, text = earlier[-1]
        return policy, text, self._next(policy)

    def not_before(self, now: datetime) -> datetime | None:
        """Return when the last switch takes effect, if that is in the future: what replaces it must not come sooner."""
        last = self.switches()[-1:]
        soonest = now + LEAD + timedelta(seconds=2)
        return last[0].published.effective_at if last and last[0].published.effective_at > soonest else None

    def _next(self, policy: Policy) -> str:
        """Return a version for a policy that is published again: its own with the number of the rollback."""
        original, used = _ROLLED_BACK.sub("", policy.version), {e.published.version for e in self.switches()}
        return next(name for number in range(1, len(used) + 2) if (name := f"{original}-r{number}") not in used)


def event_id_of(published: Published) -> str:
    """Return the id of a publication."""
    return f"policy-{key_of(published)}-{times.micros(published.published_at)}"


def publication(
    policy_id: str, slot: str, version: str, toml: str, by: str, effective_at: datetime | None, now: datetime
) -> Published:
    """Return a policy to publish: in effect from `effective_at`, or as soon as possible (a full second after the lead)."""
    soonest = (now + LEAD).replace(microsecond=0) + timedelta(seconds=2)
    draft = Published(
        event_id="",
        slot="active" if slot == ACTIVE else "shadow",
        id=policy_id,
        version=version,
        effective_at=(effective_at or soonest).astimezone(UTC),
        toml=toml,
        by=by,
        published_at=now,
    )
    return msgspec.structs.replace(draft, event_id=event_id_of(draft))


def outgoing(published: Published) -> Outgoing:
    """Return a policy's record."""
    time = _text(published.published_at)
    return Outgoing(POLICIES, key_of(published), to_json(published), published.event_id, time)


def audit(published: Published, action: str, reason: str | None, decided_at: datetime) -> Outgoing:
    """Return the audit entry of a policy: published, or rejected for a reason.

    It concerns no account: its `account_id` is null and its record has no key, since the contract wants the two to agree.
    """
    entry = Audit(
        event_id=f"audit-{action}-{published.event_id}",
        account_id=None,
        action=action,
        outcome="refused" if reason else "done",
        detail=reason or f"{key_of(published)} from {_text(published.effective_at)}",
        by=published.by,
        occurred_at=_text(published.published_at),
        decided_at=_text(decided_at),
    )
    return Outgoing(AUDIT, NO_KEY, to_json(entry), entry.event_id, entry.occurred_at)


def named(value: bytes) -> Published | None:
    """Return the publication in a record, whether or not its policy is valid; None where there is none."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _text(time: datetime) -> str:
    return times.rfc3339(times.micros(time))
