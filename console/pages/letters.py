"""Refused records sent again, or given up: one, or all of a reason. What would be done is shown before it is."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from starlette.responses import Response

from actions.auditing import WHY_LENGTH
from actions.dead_letters import LIMIT, Moved, Run, discard, redrive
from console.access.routes import Page
from console.answering import answered
from console.visit import Visit, WrongInputError
from relationship.contract.outcome import Reason
from streams.config.settings import Settings
from streams.wire.redriving import LetterFilter

PLACE: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,18})")
MOST_LATE_DAYS: Final = 3_650


class What(NamedTuple):
    """What is done with dead letters: its title, what it says it does, and by which action."""

    title: str
    says: str
    done: str
    action: Callable[[Settings, Run], Awaitable[Moved]]


WHATS: Final[Mapping[str, What]] = {
    "redrive": What(
        "Send again",
        "The records go to the topics that they came from, as they were, and are refused again where nothing was mended. "
        "What was applied already is a repeat. A record goes round three times at most; of an account that was erased "
        "since, none does.",
        "sent again",
        redrive,
    ),
    "discard": What(
        "Give up",
        "The records stay in their topic until its retention is over, and are not sent again. This cannot be taken back.",
        "given up",
        discard,
    ),
}


@answered
async def ask(visit: Visit) -> Response:
    """Show what would be done, as a dry run counts it."""
    return await _page(visit, {name: visit.asked(name) for name in ("what", "reason", "place")}, "")


@answered
async def do(visit: Visit) -> Response:
    """Do it; where the form does not fit, show its page again with what to mend."""
    try:
        run = _run(visit, visit.form)
    except WrongInputError as error:
        return await _page(visit, visit.form, str(error), 422)
    what = _what(visit.form)
    moved = await what.action(visit.house.settings, run)
    return visit.go("/refused", f"{moved.done:,} of {moved.chosen:,} records are {what.done}.{_left(moved)}")


async def _page(visit: Visit, given: Mapping[str, str], wrong: str, status: int = 200) -> Response:
    what, wanted = _what(given), _wanted(given)
    counted = await what.action(visit.house.settings, Run(by="", why="", wanted=wanted, dry=True))
    return visit.page(
        "letters.html", status, what=what, given=given, wrong=wrong, counted=counted, left=_left(counted), limit=LIMIT,
        longest=WHY_LENGTH, most_late=MOST_LATE_DAYS, may_be_late=given.get("what") == "redrive" and _has_late(given),
    )  # fmt: skip


def _has_late(given: Mapping[str, str]) -> bool:
    return given.get("reason", "") in {"", Reason.LATE.value}


def _left(moved: Moved) -> str:
    return "".join(f" Left: {count:,}: {why}." for why, count in sorted(moved.left.items()))


def _what(given: Mapping[str, str]) -> What:
    found = WHATS.get(given.get("what", ""))
    if found is None:
        raise WrongInputError(f"there is no such change; there are {' and '.join(WHATS)}")
    return found


def _wanted(given: Mapping[str, str]) -> LetterFilter:
    """Return which letters are meant: one by its place, or the open ones of a reason. Raises WrongInputError."""
    reason, place = given.get("reason", ""), given.get("place", "")
    if reason and reason not in {each.value for each in Reason}:
        raise WrongInputError("there is no such reason")
    if place:
        found = PLACE.fullmatch(place)
        if found is None:
            raise WrongInputError("place: give partition/offset")
        return LetterFilter(places=frozenset({(int(found[1]), int(found[2]))}))
    return LetterFilter(reason=Reason(reason) if reason else None)


def _run(visit: Visit, form: Mapping[str, str]) -> Run:
    """Return what a form asks for. Raises WrongInputError."""
    why, late = form.get("why", "").strip(), form.get("lateness_days", "").strip()
    if not 1 <= len(why) <= WHY_LENGTH:
        raise WrongInputError(f"Reason: say why, in 1 to {WHY_LENGTH} characters.")
    if form.get("understood") != "yes":
        raise WrongInputError("Tick that you have read what it does.")
    if late and not (late.isascii() and late.isdigit() and 1 <= int(late) <= MOST_LATE_DAYS):
        raise WrongInputError(f"Days: give a number from 1 to {MOST_LATE_DAYS:,}, or leave it empty.")
    days = int(late) if late and form.get("what") == "redrive" else None
    return Run(by=visit.known.name, why=why, wanted=_wanted(form), lateness_days=days)


PAGES = (Page("GET", "/refused/do", "operator", ask), Page("POST", "/refused/do", "operator", do))
