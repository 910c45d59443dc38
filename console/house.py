"""What all pages share: settings, users, sessions, templates, the live look, and under which address it is served."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from console.access.lockout import Lockout
from console.access.provider import Provider
from console.access.sessions import Sessions
from console.access.users import Known, Role, Users
from console.jobs.backtests import Backtests
from console.live import Live
from console.masking import Mask
from console.templating import templates
from readmodel.database import ReadModel
from streams.config.settings import Settings

HASHES_AT_ONCE: Final = 2  # passwords checked at once: each takes 64 MB and a core for some 50 ms


@dataclass
class House:
    """What the pages share.

    Attributes:
        settings: of the deployment that is looked at.
        users: who may come in.
        url: the address that people type, without a path.
        mask: whether account ids are masked for viewers.
        ticks: a clock in seconds that never goes back.
        clock: the wall's, in seconds since the epoch.
        live: the look at the servers that all share.
        model: what the lists are answered from.
        backtests: policies that were checked and backtested.
        provider: where people log in besides; None where there are local users alone.
        deliveries: the file of `clientward deliver`; None where it is not shown.
    """

    settings: Settings
    users: Users
    url: str
    live: Live
    model: ReadModel
    masks: bool = False
    ticks: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = time.time
    idle_seconds: float = 3_600.0
    provider: Provider | None = None
    deliveries: Path | None = None
    sessions: Sessions = field(init=False)
    lockout: Lockout = field(init=False)
    mask: Mask = field(default_factory=Mask, init=False)
    backtests: Backtests = field(init=False)
    streams: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.sessions, self.lockout = Sessions(self.ticks, self.idle_seconds), Lockout(self.ticks)
        self.backtests = Backtests(self.settings, self.clock)
        self.templates = templates()
        self.hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        parts = urlsplit(self.url)
        self.origin, self.host, self.secure = f"{parts.scheme}://{parts.netloc}", parts.netloc, parts.scheme == "https"

    @property
    def cookie(self) -> str:
        """The cookie's name; a browser takes the prefix from TLS only, for this host and the whole of it."""
        return "__Host-clientward" if self.secure else "clientward-console"

    def role_now(self, known: Known) -> Role | None:
        """Return somebody's role as the file has it now; of who is not in it, the one that the login was given."""
        return known.role if known.once or known.by_provider else self.users.role_of(known.name)
