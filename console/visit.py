"""One request that the guard has let through: who asks, what the form says, and how to answer."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access.routes import may
from console.access.sessions import Session
from console.access.users import Known
from console.house import House

#: Where a message may name its account; a status or a time that has the same letters stays as it is.
NAMING: Final = ("account_id", "event_id", "caused_by", "supersedes", "why", "what_next", "detail")
LONGEST_VALUE: Final = 512  # characters of a filter's value: an account id has 255 bytes


class WrongInputError(Exception):
    """What was typed does not fit. The text is one line that says what to do."""


class Visit:
    """A request, its session, and what all pages share."""

    def __init__(self, request: Request, house: House, session: Session | None, form: Mapping[str, str]) -> None:
        self.request, self.house, self.session, self.form = request, house, session, form

    @property
    def known(self) -> Known:
        """Who asks; the guard has seen to it that there is somebody."""
        assert self.session is not None  # noqa: S101 - a route for anybody does not ask this
        assert self.session.known is not None  # noqa: S101
        return self.session.known

    @property
    def masks(self) -> bool:
        """Whether account ids are masked for whoever asks."""
        return self.house.masks and self.known.role == "viewer"

    def asked(self, name: str) -> str:
        """Return a value of the address's query, or an empty one. Raises WrongInputError for one that is too long."""
        value = self.request.query_params.get(name, "").strip()
        if len(value) > LONGEST_VALUE or not value.isprintable():
            raise WrongInputError(f"{name}: give at most {LONGEST_VALUE} printable characters")
        return value

    def shown_id(self, account_id: str) -> str:
        """Return an account's id as whoever asks may see it."""
        return self.house.mask.of(account_id) if self.masks else account_id

    def real_id(self, shown: str) -> str:
        """Return the id behind what was shown. Raises WrongInputError for a pseudonym that is not known any more."""
        if not self.masks:
            return shown
        found = self.house.mask.id_of(shown)
        if found is None:
            raise WrongInputError("account ids are masked for you: follow a link to an account, or ask an operator")
        return found

    def masked_text(self, text: str, account_id: str) -> str:
        """Return a sentence with an account's id in it as whoever asks may see it."""
        return text.replace(account_id, self.shown_id(account_id)) if self.masks else text

    def masked(self, message: Any) -> Any:
        """Return a message of an account as whoever asks may see it: its id, and wherever a text in it names the account.

        Events often have the account's id in their own: what is decided names them as its evidence.
        """
        if not self.masks or message.account_id is None:
            return message
        account_id, shown = message.account_id, self.shown_id(message.account_id)
        hidden: dict[str, Any] = {
            name: value.replace(account_id, shown)
            for name in NAMING
            if isinstance(value := getattr(message, name, None), str)
        }
        dimensions = getattr(message, "dimensions", None)
        if dimensions:
            hidden["dimensions"] = [
                msgspec.structs.replace(each, evidence=[piece.replace(account_id, shown) for piece in each.evidence])
                for each in dimensions
            ]
        return msgspec.structs.replace(message, **hidden)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page made of a template."""
        return HTMLResponse(self.fragment(template, notice=self._notice(), **values), status)

    def fragment(self, template: str, **values: Any) -> str:
        """Return what a template comes to for whoever asks."""
        known = self.session.known if self.session is not None else None
        common = {
            "visit": self,
            "known": known,
            "csrf": self.session.csrf if self.session is not None else "",
            "path": self.request.url.path,
            "may": lambda least: known is not None and may(known.role, least),
        }
        return self.house.templates.get_template(template).render(common | values)

    def go(self, address: str, notice: str = "") -> Response:
        """Lead on to a page of ours, which tells a notice once."""
        if self.session is not None:
            self.session.notice = notice
        return RedirectResponse(address, 303)

    def set_cookie(self, answer: Response) -> None:
        """Give the browser the session's cookie, where it has another one or none."""
        house = self.house
        if self.session is None or self.request.cookies.get(house.cookie) == self.session.id:
            return
        answer.set_cookie(house.cookie, self.session.id, path="/", secure=house.secure, httponly=True, samesite="lax")

    def _notice(self) -> str:
        if self.session is None:
            return ""
        told, self.session.notice = self.session.notice, ""
        return told
