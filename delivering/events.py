"""What is posted: a CloudEvent in JSON, the same bytes at every attempt."""

from typing import Any, Final

import msgspec

from clientward_client import RECLASSIFIED, STATE, Decision, Gone

CONTENT_TYPE: Final = "application/cloudevents+json"
SOURCE: Final = "clientward"


def event_id_of(message: Decision | Gone) -> str:
    """Return the id under which a message is posted, however often."""
    return message.event_id if isinstance(message, Decision) else f"{message.event_id}:{message.account_id}"


def body_of(message: Decision | Gone) -> str:
    """Return the CloudEvent: of a decision with the decision as its `data`; of an account that is gone with why."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id_of(message),
        "source": SOURCE,
        "type": RECLASSIFIED if isinstance(message, Decision) else STATE,
        "subject": message.account_id,
        "datacontenttype": "application/json",
    }
    if isinstance(message, Decision):
        data = msgspec.to_builtins(message)
        if not message.stands_for:
            del data["stands_for"]
        event |= {"time": data["decided_at"], "data": data}
    else:
        at = {} if message.at is None else {"time": msgspec.to_builtins(message.at)}
        event |= {**at, "data": None, "reason": message.reason}
    return msgspec.json.encode(event).decode()
