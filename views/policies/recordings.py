"""How the firm records whose events the intake topics hold."""

import time
from collections import Counter
from typing import Final, NamedTuple

from relationship.analysis.recording import Recording
from relationship.contract.messages import MEETINGS, PROFILES, PURCHASES, TICKETS
from relationship.contract.outcome import Refused
from relationship.policy.compiled import Policy
from streams.config.settings import Settings
from streams.kafka.reading import read_to_end
from streams.wire.codecs import Codec, Limits
from views.errors import server_errors

TOPICS: Final = (PURCHASES, TICKETS, MEETINGS, PROFILES)


class Recorded(NamedTuple):
    """What the topics show. `refused`: how many records no worker would take, by reason; they are left out."""

    recording: Recording
    refused: Counter[str]


async def recording_of_topics(settings: Settings, policy: Policy) -> Recorded:
    """Return what the topics hold from their beginnings to their ends as of now. Raises ServerError, TopicsError.

    Of each account, a topic's records come in their order; how the topics mingle changes nothing in a recording. It leaves
    no trace on the brokers, and keeps of each account some sums, so that it fits where the history would not.
    """
    codec = Codec(Limits(**settings.record_limits()))
    recording, refused = Recording(policy), Counter[str]()
    with server_errors(settings):
        async for record in read_to_end(settings, *TOPICS):
            found = codec.decode(
                record.topic,
                record.key,
                record.value,
                time.time_ns() // 1000,
                offset=record.offset,
                timestamp_us=record.timestamp * 1000,
                headers=record.headers,
            )
            if isinstance(found, Refused):
                refused[found.reason.value] += 1
            else:
                recording.see(found)
    return Recorded(recording, refused)
