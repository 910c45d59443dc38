"""What goes wrong when a server is started here: always one line that says what happened and what to do."""


class EmbeddedError(RuntimeError):
    """A server could not be fetched, started or reached; the text is one line for the person at the keyboard."""
