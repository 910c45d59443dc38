"""Why the read model has no answer. The text of each error is one line that says what to do."""


class ReadModelError(Exception):
    """The tables cannot be read or written."""


class DatabaseError(ReadModelError):
    """The database cannot be opened, or does not answer."""


class CursorError(ReadModelError):
    """A cursor is none that a page of this list gave."""
