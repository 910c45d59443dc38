"""Who is logged in: sessions kept on the server, told by a random id in a cookie.

A session ends when nothing was asked for a while, and in any case after a day's work. Its id is new at every login, so one
that was planted in a browser before is worth nothing after it. They are in memory: a restart logs everybody out.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from console.access.users import Known

ID_BYTES: Final = 32  # of randomness; OWASP asks 8 at least
IDLE_SECONDS: Final = 3_600.0  # without a request; an open page's stream is none
END_SECONDS: Final = 12 * 3_600.0  # a working day and a little
VISITOR_SECONDS: Final = 900.0  # before a login: long enough to look a password up
MOST: Final = 10_000  # sessions; the one unused the longest goes first, so that strangers cannot fill the memory


class Pending(Struct, frozen=True):
    """A login that was begun: what must come back, and where to lead on."""

    state: str
    nonce: str
    verifier: str
    onward: str
    began: float


@dataclass
class Session:
    """One browser.

    Attributes:
        id: what its cookie says.
        csrf: what each change must bring along.
        known: who it is; None before the login.
        began, seen: ticks, in seconds.
        notice: what the next page tells once.
        pending: a login at the provider that was begun and not finished.
    """

    id: str
    csrf: str
    known: Known | None
    began: float
    seen: float
    notice: str = field(default="", repr=False)
    pending: Pending | None = field(default=None, repr=False)


class Sessions:
    """All sessions. `ticks` is a clock in seconds that never goes back."""

    def __init__(
        self, ticks: Callable[[], float], idle_seconds: float = IDLE_SECONDS, end_seconds: float = END_SECONDS
    ) -> None:
        self._ticks, self._idle, self._end = ticks, idle_seconds, end_seconds
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._visitors: OrderedDict[str, Session] = OrderedDict()

    def begin(self, known: Known | None = None, old: Session | None = None) -> Session:
        """Return a new session under a new id; the old one is over."""
        self.end(old)
        now = self._ticks()
        session = Session(secrets.token_urlsafe(ID_BYTES), secrets.token_urlsafe(ID_BYTES), known, now, now)
        kept = self._visitors if known is None else self._sessions  # strangers push out strangers only
        kept[session.id] = session
        while len(kept) > MOST:
            kept.popitem(last=False)
        return session

    def find(self, identity: str | None, *, touch: bool = True) -> Session | None:
        """Return the session of an id while it lasts; `touch` says that somebody is there."""
        session = self._of(identity or "")
        if session is None:
            return None
        now = self._ticks()
        idle = self._idle if session.known is not None else VISITOR_SECONDS
        if now - session.seen > idle or now - session.began > self._end:
            self.end(session)
            return None
        if touch:
            session.seen = now
            (self._visitors if session.known is None else self._sessions).move_to_end(session.id)
        return session

    def end(self, session: Session | None) -> None:
        """Forget a session."""
        if session is not None:
            self._sessions.pop(session.id, None)
            self._visitors.pop(session.id, None)

    def end_of(self, name: str) -> None:
        """Forget every session of a user."""
        for session in [each for each in self._sessions.values() if each.known and each.known.name == name]:
            self.end(session)

    def _of(self, identity: str) -> Session | None:
        return self._sessions.get(identity) or self._visitors.get(identity)


def is_token(session: Session, given: str) -> bool:
    """Tell whether a change brings the session's token along, in a time that says nothing of it."""
    return hmac.compare_digest(session.csrf.encode(), given.encode(errors="surrogatepass"))
