"""What cannot work, in one line for a person; what passes; and why a record does not map."""


class AdapterError(ValueError):
    """ADAPTER.toml, its mapping or the registry cannot be followed. The text is one line that says what to do."""


class RegistryAwayError(Exception):
    """The registry does not answer; the same question may be answered later."""


class Unreadable(Exception):  # noqa: N818 - said of a record, not of a failure
    """A record's bytes are not what the adapter reads; the text says why, and repeats nothing of them."""
