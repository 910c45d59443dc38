"""Deliveries: each endpoint of `clientward deliver`, what it was not given, and what a person can do about it.

What is done is a wish in Redis, noted in the audit first; the process that delivers carries it out within a second.
Receivers choose what their answers say, and where an endpoint is may be a secret: neither is shown as it comes.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from actions.auditing import WHY_LENGTH
from actions.deliveries import ACTIONS, What, pause, redrive, replay, resume
from console.access.routes import Page
from console.answering import answered
from console.asking import ask as ask_model
from console.pages.refused import readable
from console.visit import Visit, WrongInputError
from readmodel.queries.audit import audit_entries
from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter
from views.operations.deliveries import EndpointStatus, dead_messages, deliveries

DEAD_SHOWN: Final = 100  # the newest of an endpoint's: there may be as many as there are decisions
DONE_SHOWN: Final = 20  # of what people did, each kind of change
LONGEST_ID: Final = 600  # characters of a message's id: an erasure's has the account's in it, of 255 at most


class Change(NamedTuple):
    """What a person can do to an endpoint: its title, what it says it does, and how it is told when it is done."""

    title: str
    says: str
    done: str


CHANGES: Final[Mapping[What, Change]] = {
    "pause": Change(
        "Pause",
        "Nothing is posted to the endpoint until somebody lets it go on. What comes meanwhile waits in Kafka, in order.",
        "It pauses.",
    ),
    "resume": Change("Let it go on", "What has waited is posted, each account's in order.", "It goes on."),
    "replay": Change(
        "Replay",
        "The endpoint begins again with the decisions since the time that you choose, under the same ids: a receiver that "
        "does not drop repeats by the id acts twice.",
        "It is replayed.",
    ),
    "redrive": Change(
        "Try again",
        "What was given up is posted again, under the same ids, after what its account waits for.",
        "tried again.",
    ),
}


@answered
async def show(visit: Visit) -> Response:
    """Show every endpoint."""
    file = visit.house.deliveries
    if file is None:
        return visit.page("deliveries.html", found=None, words=lambda _: "", now=visit.house.clock())
    found = await deliveries(visit.house.settings, file)
    return visit.page(
        "deliveries.html", found=found, words=lambda text: words(visit, text), now=visit.house.clock(), age=age
    )


@answered
async def show_one(visit: Visit) -> Response:
    """Show one endpoint, with what was given up and what people did."""
    each, is_running = await _endpoint(visit, visit.asked("name"))
    dead = await dead_messages(visit.house.settings, _file(visit), each.name, DEAD_SHOWN)
    return visit.page(
        "endpoint.html", each=each, is_running=is_running, dead=[visit.masked(one) for one in reversed(dead)],
        most=DEAD_SHOWN, done=await _done(visit, each.name), changes=CHANGES, words=lambda text: words(visit, text),
        now=visit.house.clock(), age=age,
    )  # fmt: skip


@answered
async def ask(visit: Visit) -> Response:
    """Show what a change does, and ask for its reason."""
    return await _page(visit, {name: visit.asked(name) for name in ("what", "name", "id")}, "")


@answered
async def do(visit: Visit) -> Response:
    """Do it; where the form does not fit, show its page again with what to mend."""
    what = _what(visit.form)
    name = visit.form.get("name", "")
    try:
        why = _why(visit.form)
        done = await _DOINGS[what](visit, _file(visit), name, why)
    except WrongInputError as error:
        return await _page(visit, visit.form, str(error), 422)
    return visit.go("/deliveries/endpoint?" + urlencode({"name": name}), done)


async def _paused(visit: Visit, file: Path, name: str, why: str) -> str:
    await pause(visit.house.settings, file, name, by=visit.known.name, why=why)
    return CHANGES["pause"].done


async def _resumed(visit: Visit, file: Path, name: str, why: str) -> str:
    await resume(visit.house.settings, file, name, by=visit.known.name, why=why)
    return CHANGES["resume"].done


async def _replayed(visit: Visit, file: Path, name: str, why: str) -> str:
    since = _since(visit.form.get("since", ""), visit.house.clock())
    await replay(visit.house.settings, file, name, since, by=visit.known.name, why=why)
    return f"{CHANGES['replay'].done} From {since:%Y-%m-%d %H:%M} UTC on."


async def _redriven(visit: Visit, file: Path, name: str, why: str) -> str:
    one = visit.form.get("id", "")
    if len(one) > LONGEST_ID:
        raise WrongInputError("there is no message of such an id")
    ids = [one] if one else []
    count = await redrive(visit.house.settings, file, name, ids, by=visit.known.name, why=why)
    return f"{count:,} {'message is' if count == 1 else 'messages are'} {CHANGES['redrive'].done}"


_DOINGS: Final[Mapping[What, Callable[[Visit, Path, str, str], Awaitable[str]]]] = {
    "pause": _paused,
    "resume": _resumed,
    "replay": _replayed,
    "redrive": _redriven,
}


async def _page(visit: Visit, given: Mapping[str, str], wrong: str, status: int = 200) -> Response:
    what = _what(given)
    each, _ = await _endpoint(visit, given.get("name", ""))
    return visit.page(
        "delivery.html", status, what=what, change=CHANGES[what], each=each, given=given, wrong=wrong, longest=WHY_LENGTH,
        latest=f"{datetime.fromtimestamp(visit.house.clock(), UTC):%Y-%m-%dT%H:%M}",
    )  # fmt: skip


def _file(visit: Visit) -> Path:
    if visit.house.deliveries is None:
        raise WrongInputError("the console was started without --deliveries FILE: it knows of no endpoint")
    return visit.house.deliveries


async def _endpoint(visit: Visit, name: str) -> tuple[EndpointStatus, bool]:
    """Return one endpoint, and whether a process delivers. Raises WrongInputError."""
    found = await deliveries(visit.house.settings, _file(visit))
    for each in found.endpoints:
        if each.name == name:
            return each, found.is_running
    raise WrongInputError(f"there is no such endpoint; there are {', '.join(each.name for each in found.endpoints)}")


async def _done(visit: Visit, name: str) -> list[Audit]:
    """Return what people did to an endpoint of late, the newest first: the audit's entries that begin with its name."""
    found: list[Audit] = []
    for action in ACTIONS.values():
        page = await ask_model(visit, audit_entries, AuditFilter(action=action), limit=DONE_SHOWN)
        found += [each for each in page.items if (each.detail or "").startswith((f"{name}:", f"{name} ", f"{name},"))]
    return sorted(found, key=lambda each: each.decided_at, reverse=True)[:DONE_SHOWN]


def words(visit: Visit, text: str) -> str:
    """Return what a receiver said, with nothing in it that acts; a viewer who sees pseudonyms sees none of it."""
    return "masked" if visit.masks else readable(text.encode(errors="backslashreplace"))


def age(at: str | None, now: float) -> float | None:
    """Return the seconds from a time (RFC 3339) to now (seconds since the epoch); None where there is none."""
    return None if at is None else max(0.0, now - datetime.fromisoformat(at).timestamp())


def _what(given: Mapping[str, str]) -> What:
    found = next((each for each in CHANGES if each == given.get("what")), None)
    if found is None:
        raise WrongInputError(f"there is no such change; there are {', '.join(CHANGES)}")
    return found


def _why(form: Mapping[str, str]) -> str:
    why = form.get("why", "").strip()
    if not 1 <= len(why) <= WHY_LENGTH:
        raise WrongInputError(f"Reason: say why, in 1 to {WHY_LENGTH} characters.")
    if form.get("understood") != "yes":
        raise WrongInputError("Tick that you have read what it does.")
    return why


def _since(text: str, now: float) -> datetime:
    """Return from when on an endpoint is replayed. Raises WrongInputError."""
    try:
        found = datetime.fromisoformat(text)
        since = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongInputError("Since: give a date and a time.") from None
    if not 0 <= since.timestamp() <= now:
        raise WrongInputError("Since: give a time that has been.")
    return since


PAGES = (
    Page("GET", "/deliveries", "viewer", show),
    Page("GET", "/deliveries/endpoint", "viewer", show_one),
    Page("GET", "/deliveries/do", "operator", ask),
    Page("POST", "/deliveries/do", "operator", do),
)
