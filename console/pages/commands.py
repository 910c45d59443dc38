"""What a person does to an account. Each command has a page that says what it does and asks for a reason; then it is sent.

Who asks is the login's name and no field of the form. What cannot be taken back asks for the account's id once more.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from actions.accounts import command_value, send_command
from console.access.routes import Page, may
from console.access.users import Role
from console.answering import answered
from console.visit import Visit, WrongInputError
from relationship.contract.messages import CommandName

LONGEST_REASON: Final = 500  # characters: a sentence or two, that ten years of audit may show
OVERRIDE_DAYS: Final = 30  # proposed for an override: long enough to look into it, and it ends by itself


class Kind(NamedTuple):
    """One command: who may give it, what it does, and whether it asks for the account's id again."""

    title: str
    role: Role
    says: str
    sure: bool = False


KINDS: Final[Mapping[CommandName, Kind]] = {
    "override": Kind(
        "Override the status",
        "operator",
        "The account has the status that you choose until the time that you choose, whatever its events say. The "
        "evidence goes on being weighed, and decides again afterwards.",
    ),
    "release": Kind(
        "Release the override", "operator", "The override in force ends now, and the evidence decides again."
    ),
    "correct": Kind(
        "Correct an event",
        "operator",
        "An event is replaced by another version of itself, or withdrawn. The history is folded again, and what was "
        "decided because of it is corrected.",
    ),
    "merge": Kind(
        "Merge into another account",
        "operator",
        "The account's history joins the other account's. This one has no standing of its own until it is unmerged.",
        sure=True,
    ),
    "unmerge": Kind("Unmerge", "operator", "The account's own history leaves the account that it was merged into."),
    "erase": Kind(
        "Erase the account",
        "admin",
        "The account and its history leave Redis and every compacted topic. This cannot be taken back.",
        sure=True,
    ),
}


@answered
async def ask(visit: Visit) -> Response:
    """Show a command's page."""
    return _page(visit, _command(visit.asked("command")), visit.asked("id"), {"corrects": visit.asked("event")}, "")


@answered
async def do(visit: Visit) -> Response:
    """Send a command; where it does not fit, show its page again with what to mend."""
    command, account_id = _command(visit.form.get("command", "")), visit.form.get("id", "")
    try:
        value = _value(visit, command, account_id)
        entry = await send_command(visit.house.settings, value)
    except Exception as error:
        if not isinstance(error, WrongInputError) and type(error).__name__ != "InputError":
            raise
        return _page(visit, command, account_id, visit.form, str(error), 422)
    address = "/account?" + urlencode({"id": account_id, "awaits": entry})
    return visit.go(address, f"“{KINDS[command].title}” is sent. Its trace is below as soon as a worker has done it.")


def _command(name: str) -> CommandName:
    found = next((each for each in KINDS if each == name), None)
    if found is None:
        raise WrongInputError(f"there is no such command; there are {', '.join(KINDS)}")
    return found


def _page(
    visit: Visit, command: CommandName, account_id: str, given: Mapping[str, str], wrong: str, status: int = 200
) -> Response:
    kind = KINDS[command]
    if not may(visit.known.role, kind.role):
        return visit.page("problem.html", 403, line=f"{kind.title}: this takes the role {kind.role}.")
    until = datetime.fromtimestamp(visit.house.clock(), UTC) + timedelta(days=OVERRIDE_DAYS)
    return visit.page(
        "command.html", status, command=command, kind=kind, shown=account_id, given=given, wrong=wrong,
        until=f"{until:%Y-%m-%dT%H:%M}",
    )  # fmt: skip


def _value(visit: Visit, command: CommandName, account_id: str) -> dict[str, Any]:
    """Return the message of a form. Raises WrongInputError."""
    kind, form = KINDS[command], visit.form
    if not may(visit.known.role, kind.role):
        raise WrongInputError(f"{kind.title}: this takes the role {kind.role}")
    reason = form.get("reason", "").strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise WrongInputError(f"Reason: say why, in 1 to {LONGEST_REASON} characters.")
    if kind.sure and form.get("again", "") != account_id:
        raise WrongInputError("Type the account's id once more, exactly as it stands above.")
    if form.get("understood") != "yes":
        raise WrongInputError("Tick that you have read what it does.")
    now = datetime.fromtimestamp(visit.house.clock(), UTC)
    return command_value(account_id, command, visit.known.name, reason, now, **_more(command, form))


def _more(command: CommandName, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that only some commands have. Raises WrongInputError."""
    if command == "override":
        return {"status": form.get("status", ""), "until": _time(form.get("until", ""))}
    if command in {"merge", "unmerge"}:
        return {"into": form.get("into", "").strip()}
    if command == "correct":
        return {"corrects": form.get("corrects", "").strip(), **_correction(form)}
    return {}


def _correction(form: Mapping[str, str]) -> dict[str, Any]:
    if form.get("how") == "withdraw":
        return {"value": None, **({"topic": form["topic"]} if form.get("topic") else {})}
    try:
        value = msgspec.json.decode(form.get("value", ""))
    except msgspec.DecodeError as error:
        raise WrongInputError(f"The event as it should be is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise WrongInputError("The event as it should be is a JSON object.")
    return {"value": value}


def _time(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongInputError("Until: give a date and a time.") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


PAGES = (Page("GET", "/account/do", "operator", ask), Page("POST", "/account/do", "operator", do))
