"""What the doctor finds, for its tests."""

from streams.config.settings import Settings
from streams.health.doctor import examine
from streams.health.finding import Finding


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    """Return the findings, the worst of each check."""
    return {each.check: each for each in sorted(findings, key=lambda each: ("ok", "warn", "fail").index(each.level))}


async def looked(settings: Settings) -> dict[str, Finding]:
    """Return what the doctor finds."""
    return by_check([finding async for finding in examine(settings)])
