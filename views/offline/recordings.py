"""How the firm records whose events a file has."""

from collections import deque
from collections.abc import Iterable

from relationship.analysis.recording import Recording
from relationship.policy.compiled import Policy
from streams.config.settings import Settings
from views.offline.event_file import EventReader, OnRefusal


def recording_of(
    lines: Iterable[tuple[int, bytes]], policy: Policy, settings: Settings, on_refusal: OnRefusal
) -> Recording:
    """Return what the lines of a file of events show of how the firm records."""
    recording = Recording(policy)
    deque(EventReader(lines, settings, on_refusal, recording=recording).messages(), maxlen=0)
    return recording
