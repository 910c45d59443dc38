"""Why a question has no answer. The text of each error is one line that says what to do."""

from streams.health.server_errors import ServerError, ServerUnavailableError, server_errors
from streams.kafka.admin import TopicsError

__all__ = [
    "InputError",
    "NoAccountError",
    "NoHistoryError",
    "NoShadowError",
    "ServerError",
    "ServerUnavailableError",
    "TopicsError",
    "ViewError",
    "server_errors",
]


class ViewError(Exception):
    """A question that has no answer."""


class InputError(ViewError):
    """A file or a value that was handed in does not fit."""


class NoAccountError(ViewError):
    """There is no such account."""


class NoHistoryError(ViewError):
    """The account is there, and nothing is known of it at that time."""


class NoShadowError(ViewError):
    """No shadow policy is on trial."""
