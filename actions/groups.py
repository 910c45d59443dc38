"""What has to be so before somebody else than a worker writes to the table: no worker is there."""

from actions.errors import ActionError
from streams.config.settings import Settings
from streams.kafka.admin import admin_client
from streams.kafka.groups import describe_group


async def require_no_workers(settings: Settings) -> None:
    """Raise ActionError where the group has members. Raises KafkaError."""
    async with admin_client(settings) as client:
        group = await describe_group(client, settings.group)
    if group.members:
        names = ", ".join(sorted({each.member_id for each in group.members}))
        raise ActionError(
            f"group {settings.group} has {len(group.members)} workers ({names}): stop them first; of one that was killed "
            "the group knows after six seconds"
        )
