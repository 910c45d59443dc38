"""The doctor's check on the policy in force: how many of the 100 points it can reach, and whether it is the firm's own."""

import time

from relationship.analysis.findings import reached
from relationship.policy.compiled import Policy, load_policy
from relationship.policy.file import PolicyError
from streams.config.settings import Settings
from streams.health.finding import Finding
from streams.kafka.policies import read_policies


async def check_policy(settings: Settings) -> Finding:
    """Tell what decides now. Raises KafkaError and TopicsError."""
    try:
        first = load_policy(settings.policy_file)
    except PolicyError as error:
        return Finding(
            "fail", "policy", str(error), "correct policy_file; `clientward policy check` names every mistake"
        )
    known = await read_policies(settings, first)
    policy = known.rules.at(time.time_ns() // 1000)
    return policy_finding(policy, shipped=policy is first and settings.policy_file is None)


def policy_finding(policy: Policy, *, shipped: bool) -> Finding:
    """Judge the policy in force; `shipped`: it is the one that comes with the package."""
    named = f"{policy.id} {policy.version}{', the shipped default,' if shipped else ''} decides"
    if policy.source.firm is not None:
        return Finding("ok", "policy", f"{named}; calibrated: {reached(policy, policy.firm)}")
    text = f"{named}; calibrated on no firm, it takes all 100 points for such as your events can reach"
    advice = (
        "`clientward policy calibrate --from-topics --out FILE` tells how many they can reach and makes the policy your "
        "own; `clientward policy publish FILE` puts it in force"
    )
    return Finding("warn", "policy", text, advice)
