"""Publish a policy that the workers follow, go back to an earlier one, try one in shadow; each is noted in the audit log."""

from datetime import UTC, datetime
from typing import Final

from actions.errors import ActionError, InputError, server_errors
from relationship.contract.decisions import Published
from relationship.policy.compiled import default_text, load_policy, parse_policy
from relationship.timeline.published import ACTIVE, OFF, SHADOW, PublishedPolicies, publication
from streams.config.settings import Settings
from streams.kafka.policies import publish_policy, read_policies

NAME_LENGTH: Final = 64  # characters at most, as the contract has it of `by`


async def publish(settings: Settings, text: str, name: str, by: str, at: datetime | None = None) -> Published:
    """Publish a policy's TOML text, in force from `at` on, or as soon as every worker can have heard of it.

    `name` is what errors call the policy, such as its file. Raises InputError where its version is taken or the time is too
    soon, PolicyError, TopicsError, ServerError.
    """
    require_name(by)
    policy = parse_policy(text, name)
    published = publication(policy.id, ACTIVE, policy.version, text, by, at, datetime.now(UTC))
    wrong = (await _known(settings)).rejection_reason(published)
    if wrong is not None:
        raise InputError(f"{name}: {wrong}")
    return await _send(settings, published, "policy-publish")


async def roll_back(settings: Settings, by: str, to: str | None = None) -> Published:
    """Publish an earlier policy again, the one before the last switch or the version `to`, as a switch of its own.

    Raises ActionError where there is none to go back to; InputError, PolicyError, TopicsError, ServerError.
    """
    require_name(by)
    known = await _known(settings)
    first = settings.policy_file.read_text(encoding="utf-8") if settings.policy_file else default_text()
    found = known.rollback(to, first)
    if isinstance(found, str):
        raise ActionError(found)
    policy, text, version = found
    now = datetime.now(UTC)
    published = publication(policy.id, ACTIVE, version, text, by, known.not_before(now), now)
    return await _send(settings, published, "policy-rollback")


async def try_in_shadow(settings: Settings, text: str, name: str, by: str) -> Published:
    """Put a policy's TOML text on trial beside the active one. Raises InputError, PolicyError, TopicsError, ServerError."""
    require_name(by)
    policy = parse_policy(text, name)
    return await _shadow(settings, policy.id, policy.version, text, by)


async def end_shadow(settings: Settings, by: str) -> Published:
    """End the trial, if there is one. Raises InputError, TopicsError, ServerError."""
    require_name(by)
    return await _shadow(settings, OFF, OFF, "", by)


def require_name(by: str) -> None:
    """Raise InputError where nobody is named, or a name is longer than the topic takes."""
    if not by.strip() or len(by) > NAME_LENGTH:
        raise InputError(f"a name of 1 to {NAME_LENGTH} characters is needed: say by whom (--by)")


async def _shadow(settings: Settings, policy_id: str, version: str, text: str, by: str) -> Published:
    now = datetime.now(UTC)
    return await _send(settings, publication(policy_id, SHADOW, version, text, by, now, now), "policy-shadow")


async def _known(settings: Settings) -> PublishedPolicies:
    first = load_policy(settings.policy_file)
    with server_errors(settings):
        return await read_policies(settings, first)


async def _send(settings: Settings, published: Published, action: str) -> Published:
    with server_errors(settings):
        await publish_policy(settings, published, action)
    return published
