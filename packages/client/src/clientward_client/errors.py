"""What can go wrong, each with one line: what happened, where, and what to do."""


class ClientwardError(Exception):
    """Any of these errors."""


class WrongUseError(ClientwardError, ValueError):
    """Arguments or settings that do not fit together; nothing was started."""


class UnreachableError(ClientwardError):
    """No broker answers. The same call may succeed later."""


class TokenError(ClientwardError, OSError):
    """There is no token to log in with: its file, or the command that prints it, gives none that is good."""


class NotAllowedError(ClientwardError):
    """The brokers refuse the user, or its right to read the topic or to be in the group. Repeating does not help."""


class TopicMissingError(ClientwardError):
    """There is no such topic, or this user may not see it."""


class PositionLostError(ClientwardError):
    """The group's position is beyond the end of its partition: the topic was made anew. Nothing was read."""


class SettleChangedError(ClientwardError):
    """The group waits for decisions with another `settle`, and the new one would tell some of them twice or otherwise."""


class UnreadableError(ClientwardError):
    """A record is not what the contract says. The position stays before it."""


class VersionError(UnreadableError):
    """A record is of a newer major version of the contract than this client reads. The position stays before it."""
