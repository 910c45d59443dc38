"""What cannot work, in one line for a person; and what does not fit in a cell."""


class ImportingError(Exception):
    """What was asked for cannot work on this file; the text is one line and says what to do."""


class QuestionError(ImportingError):
    """Something that only a person knows, and the file does not tell.

    Attributes:
        question: what is asked, for a person at a terminal.
        option: the option by which a script says it, such as `--zone`.
        choices: the answers to choose from; empty where any text may be one.
    """

    def __init__(self, question: str, option: str, line: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(line)
        self.question = question
        self.option = option
        self.choices = choices


class Misfit(Exception):  # noqa: N818 - the word for a cell that cannot be read, not for a failure
    """A cell that cannot be read as what it should be; the text says why, and repeats nothing of the cell."""
