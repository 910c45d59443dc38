"""What is wrong, as *Now* tells it; and which endpoints of the deliveries are among it. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from delivering.retrying import DOWN_AFTER
from views.operations.deliveries import Deliveries, EndpointStatus


class Trouble(NamedTuple):
    """What is wrong: since when, by which check, in words, and what to do; `page` is the address that shows it."""

    since: datetime
    level: str
    check: str
    text: str
    advice: str
    page: str = ""


def delivery_troubles(found: Deliveries, seen: datetime) -> list[Trouble]:
    """Return which endpoints take nothing, and whether anybody delivers at all; `seen` stands for a time that nobody noted.

    What receivers say is on the endpoints' pages alone.
    """
    troubles = [trouble for each in found.endpoints for trouble in _of_endpoint(each, seen)]
    if not found.is_running:
        text = f"nobody delivers to {len(found.endpoints)} endpoints: what is decided waits in Kafka"
        troubles.append(Trouble(seen, "warn", "deliveries", text, "run `clientward deliver`", "/deliveries"))
    return troubles


def _of_endpoint(each: EndpointStatus, seen: datetime) -> Iterator[Trouble]:
    told = each.since or each.last_failure_at
    since = seen if told is None else datetime.fromisoformat(told)
    page = "/deliveries/endpoint?" + urlencode({"name": each.name})
    if each.state == "failing":
        level = "fail" if each.failures_in_a_row >= DOWN_AFTER else "warn"
        text = f"{each.name} ({each.host}) takes nothing: {each.failures_in_a_row:,} in a row were not taken"
        yield Trouble(since, level, "endpoint", text, "have it mended; deliveries go on by themselves", page)
    elif each.state == "paused" and not each.paused_by:
        text = f"{each.name} ({each.host}) has paused itself; what comes waits in Kafka"
        yield Trouble(since, "fail", "endpoint", text, "have it mended, and let it go on", page)
    if each.dead:
        many = "1 message was" if each.dead == 1 else f"{each.dead:,} messages were"
        text = f"{each.name} ({each.host}): {many} given up"
        yield Trouble(
            since, "warn", "endpoint", text, "look at why, have it mended, and try them again", page + "#dead"
        )
