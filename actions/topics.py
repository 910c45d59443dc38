"""Make the topics as they should be."""

from actions.errors import server_errors
from streams.config.settings import Settings
from streams.kafka.admin import ensure_topics


async def apply_topics(settings: Settings) -> int:
    """Create the topics that are missing and correct their settings; return how many changes that took.

    Raises TopicsError before any change where one has to be refused; ServerError.
    """
    with server_errors(settings):
        return len(await ensure_topics(settings))
