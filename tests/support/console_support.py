"""The console without servers: its real pages and guard, a file of users of each role, and a browser that keeps cookies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from console.access.users import ROLES, Users
from console.app import make_app
from console.house import House
from console.live import Live
from readmodel.database import ReadModel
from streams.config.settings import Settings
from streams.embedded.ports import free_ports

URL = "http://127.0.0.1:8090"
TLS_URL = "https://console.example"
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def password(name: str) -> str:
    """Return the password of a test's user."""
    return f"correct horse {name}"


def users_file(folder: Path) -> Path:
    """Write a file with a user of each role, named after it."""
    path = folder / "users.json"
    for role in ROLES:
        Users(path).add(role, role, password(role))
    return path


def away() -> Settings:
    """Return the settings of a deployment of which nothing answers."""
    kafka, redis = free_ports(2)
    return Settings(kafka_bootstrap=f"127.0.0.1:{kafka}", redis_url=f"redis://127.0.0.1:{redis}/0", partitions=4)  # type: ignore[arg-type]


class Clock:
    """A clock that a test moves, in seconds."""

    now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Place:
    """A console, and its clock."""

    def __init__(self, users: Path, url: str = URL, **more: Any) -> None:
        self.clock, settings = Clock(), more.pop("settings", None) or away()
        model = ReadModel.open(users.parent / "readmodel.sqlite")
        live = Live(settings, self.clock, model)
        self.house = House(settings, Users(users), url, live, model, ticks=self.clock, **more)
        self.app = make_app(self.house)

    def browser(self, role: str | None = None) -> Browser:
        """Return a browser, logged in as the user of a role."""
        found = Browser(self.app, self.house.url)
        if role is not None:
            assert found.log_in(role, password(role)).status_code == 303
        return found


class Browser:
    """Asks as a browser does: with its cookies, and with Origin and Sec-Fetch-Site on a form."""

    def __init__(self, app: Any, url: str) -> None:
        self.client = TestClient(app, base_url=url, follow_redirects=False)
        self.url = url

    def get(self, path: str, **headers: str) -> Any:
        """Ask for a page."""
        return self.client.get(path, headers={"accept": "text/html"} | headers)

    def post(self, path: str, form: dict[str, Any] | None = None, *, token: str | None = None, **headers: str) -> Any:
        """Send a form of the page's own."""
        own = {"origin": self.url, "sec-fetch-site": "same-origin", "accept": "text/html"}
        given = token if token is not None else self.token()
        return self.client.post(path, data={"csrf": given} | (form or {}), headers=own | headers)

    def token(self) -> str:
        """Return the token of the session, from a page that anybody may have."""
        page = self.get("/login")
        found = TOKEN.search(page.text if page.status_code == 200 else self.get("/keys").text)
        assert found is not None
        return found.group(1)

    def log_in(self, name: str, secret: str, **headers: str) -> Any:
        """Log in by name and password."""
        return self.post("/login", {"name": name, "password": secret}, **headers)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it has."""
        return dict(self.client.cookies)
