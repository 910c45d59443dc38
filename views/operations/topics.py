"""How the topics differ from what they should be."""

from typing import Literal

from msgspec import Struct

from streams.config.settings import Settings
from streams.kafka.admin import plan_topics
from streams.kafka.topic_plan import Alter, Create, TopicChange
from views.errors import server_errors

Kind = Literal["create", "alter", "refuse"]


class TopicDifference(Struct, frozen=True):
    """One difference: a topic to create or to alter, or one that must not be changed; in one line what it is."""

    kind: Kind
    topic: str
    text: str


class TopicPlan(Struct, frozen=True):
    """All differences; none where the topics are as they should be. Refused: nothing may be applied."""

    differences: list[TopicDifference]
    refused: bool


async def topic_plan(settings: Settings) -> TopicPlan:
    """Return what `actions.topics.apply_topics` would change, or refuse to. Raises ServerError, TopicsError."""
    with server_errors(settings):
        differences = [_difference(change) for change in await plan_topics(settings)]
    return TopicPlan(differences, any(each.kind == "refuse" for each in differences))


def _difference(change: TopicChange) -> TopicDifference:
    if isinstance(change, Create):
        return TopicDifference("create", change.spec.name, str(change))
    return TopicDifference("alter" if isinstance(change, Alter) else "refuse", change.name, str(change))
