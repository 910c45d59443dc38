"""Follow Clientward's decisions from Python.

    async for decision in subscribe(group="welcome-letters"):
        ...

Offers `subscribe` (decisions, as they come or settled), `subscribe_states` and `States` (where every account stands, and
what changes), `Handlers`, the messages' types and the errors; `clientward_client.testing` has what a test wants. The README
is the user's page. From the bottom up:

- `errors`, `messages`, `decoding`: what a record says.
- `seen`, `settling`, `lanes`, `merging`: what is kept of a partition, pure: no Kafka, no clock.
- `certificates`, `tokens` (and `aiokafka_private`): who we are to the brokers, looked at before it is shown.
- `connection`, `beginning`, `following`, `stopping`: the consumer group.
- `decisions`, `states`, `handlers`, `testing`: what a user calls.

May import: aiokafka and msgspec.
"""

from clientward_client.decisions import Subscription, subscribe
from clientward_client.decoding import decode_decision, decode_state
from clientward_client.errors import (
    ClientwardError,
    NotAllowedError,
    PositionLostError,
    SettleChangedError,
    TokenError,
    TopicMissingError,
    UnreachableError,
    UnreadableError,
    VersionError,
    WrongUseError,
)
from clientward_client.handlers import Handlers, Wanted, wanted
from clientward_client.messages import RECLASSIFIED, STATE, Decision, Gone, State
from clientward_client.states import States, subscribe_states

__all__ = [
    "RECLASSIFIED",
    "STATE",
    "ClientwardError",
    "Decision",
    "Gone",
    "Handlers",
    "NotAllowedError",
    "PositionLostError",
    "SettleChangedError",
    "State",
    "States",
    "Subscription",
    "TokenError",
    "TopicMissingError",
    "UnreachableError",
    "UnreadableError",
    "VersionError",
    "Wanted",
    "WrongUseError",
    "decode_decision",
    "decode_state",
    "subscribe",
    "subscribe_states",
    "wanted",
]
