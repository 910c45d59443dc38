"""The policies that ever decided, as policies: to compare two of them, or another text with one."""

from datetime import UTC, datetime

from msgspec import Struct

from relationship.policy.compiled import Policy, default_text, load_policy
from relationship.policy.diff import differences
from streams.config.settings import Settings
from streams.kafka.policies import read_policies
from views.errors import server_errors
from views.policies.published import Policies, policies_of


class ValueDifference(Struct, frozen=True):
    """One value that differs between two policies, as text; empty where a policy does not set it."""

    path: str
    before: str
    after: str
    unit: str


class PolicyText(Struct, frozen=True):
    """A policy and the text that it was read from; its version here is the one that decisions name."""

    version: str
    policy: Policy
    text: str


class PoliciesWithTexts(Struct, frozen=True):
    """All policies now, and as texts those that ever decided or will, by version, the workers' own first."""

    known: Policies
    texts: dict[str, PolicyText]

    @property
    def in_force(self) -> PolicyText:
        """The one that decides what happens now."""
        return self.texts[self.known.in_force.version]


async def policies_with_texts(settings: Settings) -> PoliciesWithTexts:
    """Return the policies and their texts, of one reading of their topic. Raises as `policies` does."""
    first = load_policy(settings.policy_file)
    with server_errors(settings):
        known = await read_policies(settings, first)
    own = settings.policy_file.read_text(encoding="utf-8") if settings.policy_file else default_text()
    found = {first.version: PolicyText(first.version, first, own)}
    for published, policy in known.switches():
        if policy is not None:
            found[published.version] = PolicyText(published.version, policy, published.toml)
    return PoliciesWithTexts(policies_of(known, datetime.now(UTC)), found)


def value_differences(before: Policy, after: Policy) -> list[ValueDifference]:
    """Return every value that differs between two policies."""
    found = differences(before.source, after.source)
    return [ValueDifference(".".join(each.path), _shown(each.before), _shown(each.after), each.unit) for each in found]


def _shown(value: object) -> str:
    return "" if value is None else str(value)
