"""Why something was not done. The text of each error is one line that says what to do."""

from streams.health.server_errors import ServerError, server_errors

__all__ = ["ActionError", "InputError", "ServerError", "server_errors"]


class ActionError(Exception):
    """Something that cannot be done."""


class InputError(ActionError):
    """A value that was handed in does not fit."""
