"""What cannot be answered, as a page: every error that has a line for a person, with the status that fits it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

from starlette.responses import Response

from actions.errors import ActionError
from actions.errors import InputError as WrongActionError
from console.jobs.backtests import BusyError
from console.visit import Visit, WrongInputError
from delivering.file import DeliveriesError
from readmodel.errors import CursorError, ReadModelError
from relationship.policy.file import PolicyError
from relationship.state.record import RecordError
from streams.kafka.admin import TopicsError
from views.errors import InputError, NoAccountError, NoHistoryError, ServerError, ViewError

#: The first class that an error is of says the status.
STATUSES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (NoAccountError, 404),
    (NoHistoryError, 404),
    (WrongInputError, 422),
    (InputError, 422),
    (WrongActionError, 422),
    (PolicyError, 422),
    (CursorError, 400),
    (ReadModelError, 503),
    (ActionError, 409),
    (BusyError, 409),
    (ViewError, 404),
    (RecordError, 500),
    (TopicsError, 503),
    (ServerError, 503),
    (DeliveriesError, 503),
    (OSError, 503),
)
KNOWN: Final = tuple(each for each, _ in STATUSES)

Handler = Callable[[Visit], Awaitable[Response]]


def answered(handler: Handler) -> Handler:
    """Return a handler whose known errors are pages that say what happened and what to do."""

    @wraps(handler)
    async def answering(visit: Visit) -> Response:
        try:
            return await handler(visit)
        except KNOWN as error:
            return problem(visit, error)

    return answering


def problem(visit: Visit, error: Exception) -> Response:
    """Return the page of an error."""
    status = next(code for kind, code in STATUSES if isinstance(error, kind))
    return visit.page("problem.html", status, line=str(error) or type(error).__name__)
