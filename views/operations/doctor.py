"""Whether all is well: what the doctor finds, check by check."""

from collections.abc import AsyncIterator

from streams.config.settings import Settings
from streams.health.doctor import examine
from streams.health.finding import Finding
from streams.rights.parts import WORKER, parts
from views.errors import InputError


async def findings(settings: Settings, part: str = WORKER) -> AsyncIterator[Finding]:
    """Give the findings as they are made, for a part. A server that does not answer is a finding, and no error.

    Raises InputError where there is no such part.
    """
    if part not in parts(settings):
        raise InputError(f"there is no part {part!r}; there are: {', '.join(parts(settings))}")
    async for finding in examine(settings, part):
        yield finding
