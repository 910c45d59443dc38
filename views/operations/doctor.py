"""Whether all is well: what the doctor finds, check by check."""

from collections.abc import AsyncIterator

from streams.config.settings import Settings
from streams.health.doctor import examine
from streams.health.finding import Finding


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Give the findings as they are made. A server that does not answer is a finding, and no error."""
    async for finding in examine(settings):
        yield finding
