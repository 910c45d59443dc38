"""What cannot work with webhooks."""


class HooksError(ValueError):
    """A `[hooks.NAME]` cannot be followed. The text is one line: file, hook, what is wrong, what to write instead."""


class SignatureError(Exception):
    """A request is not its sender's, or not of now. The text is one line, and says nothing of the secret."""
