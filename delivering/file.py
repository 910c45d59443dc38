"""DELIVERIES.toml as values: each endpoint with what it wants, where it is, and how it is tried again."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from clientward_client import Wanted, WrongUseError, wanted

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: Settling longer than this holds more back than anybody waits for; the client's own limit.
LONGEST_SETTLE_MINUTES: Final = 7 * 24 * 60


class DeliveriesError(ValueError):
    """DELIVERIES.toml cannot be followed. The text is one line: file, endpoint, what is wrong, what to write instead."""


class EndpointFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[endpoints.NAME]` as the file has it.

    Attributes:
        url: where decisions are posted; https, or http with `allow_private`.
        secret_files, secret_variables: where the signing secrets stand, `whsec_…`, one a file or environment variable.
            Several sign at the same time, so that the receiver can change over.
        from_, to, direction, industry: which decisions are wanted; what is left out wants all.
        settle_minutes: of each account only the net change that has stood so long.
        erasures: tell too that an account is erased or merged into another one.
        start, since: where a new endpoint begins: after the `latest` decision, with the `earliest`, or those since a time.
        at_once: requests that may be under way, of different accounts.
        timeout_seconds: for one request.
        give_up_days: how long one decision is tried.
        allow_private: whether the address may be loopback or in a private network.
        headers: more headers for each request; none that is secret, since the file is none.
    """

    url: str
    secret_files: list[str] = field(default_factory=list)
    secret_variables: list[str] = field(default_factory=list)
    from_: list[str] = field(default_factory=list, name="from")
    to: list[str] = field(default_factory=list)
    direction: list[str] = field(default_factory=list)
    industry: list[str] = field(default_factory=list)
    settle_minutes: Annotated[float, Meta(gt=0, le=LONGEST_SETTLE_MINUTES)] | None = None
    erasures: bool = False
    start: Literal["latest", "earliest"] = "latest"
    since: datetime | None = None
    at_once: Annotated[int, Meta(ge=1, le=1000)] = 10
    timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 15
    give_up_days: Annotated[float, Meta(gt=0, le=30)] = 3
    allow_private: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    endpoints: dict[str, EndpointFile]


class Endpoint(Struct, frozen=True):
    """An endpoint that is checked; `place` says in errors and logs which one it is."""

    name: str
    place: str
    file: EndpointFile
    wanted: Wanted

    @property
    def settle_ms(self) -> int | None:
        """How long a change has to stand; None for decisions as they come."""
        minutes = self.file.settle_minutes
        return None if minutes is None else timedelta(minutes=minutes) // timedelta(milliseconds=1)

    @property
    def begin(self) -> str | int:
        """Where a new endpoint begins: a word, or ms since the epoch."""
        since = self.file.since
        return self.file.start if since is None else int(since.timestamp() * 1000)


def read_deliveries(path: Path) -> list[Endpoint]:
    """Return the endpoints of a file, by name. Raises DeliveriesError, OSError."""
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DeliveriesError(f"{path}: {error}; docs/subscribing.md shows a file") from None
    if not file.endpoints:
        raise DeliveriesError(f"{path}: no endpoint; write one as [endpoints.NAME] with its url")
    return [_endpoint(f"{path}: endpoint {name}", name, file.endpoints[name]) for name in sorted(file.endpoints)]


def _endpoint(place: str, name: str, file: EndpointFile) -> Endpoint:
    if not NAME.fullmatch(name):
        raise DeliveriesError(f"{place}: give a name of lower-case letters, digits and dashes, at most 63")
    parts = urlsplit(file.url)
    schemes = {"https", "http"} if file.allow_private else {"https"}
    if parts.scheme not in schemes or not parts.hostname:
        raise DeliveriesError(f"{place}: url = {file.url!r}: give an https:// address (http:// with allow_private)")
    if parts.username or parts.password:
        raise DeliveriesError(f"{place}: url: give no user or password there; the signature says who we are")
    if file.since is not None and file.since.tzinfo is None:
        raise DeliveriesError(f"{place}: since = {file.since}: give a time with an offset, as 2026-01-31T00:00:00Z")
    if not file.secret_files and not file.secret_variables:
        raise DeliveriesError(f"{place}: no secret; name a file in secret_files or a variable in secret_variables")
    try:
        which = wanted(from_=file.from_, to=file.to, direction=file.direction, industry=file.industry)
    except WrongUseError as error:
        raise DeliveriesError(f"{place}: {error}") from None
    return Endpoint(name, place, file, which)


def secrets_of(endpoint: Endpoint) -> list[str]:
    """Return an endpoint's secrets as they stand now. Raises DeliveriesError where one cannot be had."""
    found = []
    for name in endpoint.file.secret_files:
        try:
            found.append(Path(name).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8"
            raise DeliveriesError(f"{endpoint.place}: secret file {name}: {why}; name a file to read") from None
    for name in endpoint.file.secret_variables:
        if not os.environ.get(name):
            raise DeliveriesError(f"{endpoint.place}: the variable {name} is not set; set it, or leave it out")
        found.append(os.environ[name])
    return found


def unknown_endpoint(file: Path, name: str) -> str | None:
    """Return in one line that a file has no endpoint of a name, and which it has; None where it has it.

    Raises DeliveriesError where the file cannot be followed.
    """
    names = [each.name for each in read_deliveries(file)]
    return None if name in names else f"{file}: there is no endpoint {name}; it has {', '.join(names)}"
