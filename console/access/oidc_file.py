"""The file that names an OpenID Connect provider, and which of its users may what.

TOML, of which docs/console.md has an example. The client's secret stands in a file of its own, or nowhere: the login proves
by PKCE that whoever brings a code has asked for it.
"""

import tomllib
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from console.access.users import NAME, Role
from streams.config.private import is_private

LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}
MOST_LEEWAY: Final = 300  # seconds: clocks that are further off are to be set


class OidcFileError(Exception):
    """The file cannot be used. The text is one line that says what to do."""


class OidcFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file holds.

    Attributes:
        issuer: the provider, as its tokens name it.
        client_id, client_secret_file: what the provider knows the console as; without a secret it is a public client.
        title: what people call the provider; the login's button says it.
        scopes: what is asked for, `openid` among it.
        name_claim: the claim of whoever logs in that commands are audited under.
        role_claim: the claim that says what somebody is: a text or a list of texts; `a.b` is a part of a part.
        roles: the console's role of each value of that claim; of several the highest counts, and of none there is no login.
        leeway_seconds: by which the provider's clock may be off.
    """

    issuer: str
    client_id: str
    client_secret_file: str | None = None
    title: str = "your organisation"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    name_claim: str = "email"
    role_claim: str = "groups"
    roles: dict[str, Role]
    leeway_seconds: int = 60

    def role_of(self, claims: dict[str, Any]) -> Role | None:
        """Return the highest role that the claims give; None where they give none."""
        found = _claim(claims, self.role_claim)
        values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        given = {self.roles[each] for each in values if isinstance(each, str) and each in self.roles}
        return next((role for role in ("admin", "operator", "viewer") if role in given), None)

    def name_of(self, claims: dict[str, Any]) -> str | None:
        """Return under which name somebody is audited; None where the claim is none, or an address that nobody verified."""
        found = _claim(claims, self.name_claim)
        if self.name_claim == "email" and claims.get("email_verified") is False:
            return None
        name = found.lower() if isinstance(found, str) else ""
        return name if NAME.fullmatch(name) else None

    def secret(self) -> str | None:
        """Return the client's secret. Raises OidcFileError."""
        return None if self.client_secret_file is None else _secret(Path(self.client_secret_file))


def read_oidc(path: Path) -> OidcFile:
    """Return what a file holds. Raises OidcFileError."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), OidcFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise OidcFileError(f"{path}: {why}; docs/console.md has an example") from None
    if not is_private_or_tls(found.issuer):
        raise OidcFileError(f"{path}: issuer: give the provider's https:// address, as its tokens name it")
    if "openid" not in found.scopes:
        raise OidcFileError(f"{path}: scopes: openid has to be among them")
    if not found.roles:
        raise OidcFileError(f"{path}: roles: name at least one value of {found.role_claim}, and its role")
    if not 0 <= found.leeway_seconds <= MOST_LEEWAY:
        raise OidcFileError(f"{path}: leeway_seconds: give 0 to {MOST_LEEWAY}")
    found.secret()
    return found


def is_private_or_tls(url: str) -> bool:
    """Tell whether what is sent to an address is seen by nobody on the way: it is TLS, or does not leave the machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def _claim(claims: dict[str, Any], path: str) -> Any:
    """Return a claim by its name; where there is no such, a part of a part."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _secret(path: Path) -> str:
    try:
        if not is_private(path.stat()):
            raise OidcFileError(
                f"{path} can be read by others: `chmod 600` it, and have the provider make a new secret"
            )
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise OidcFileError(f"{path}: {why}; it should hold the client's secret") from None
    if not found:
        raise OidcFileError(f"{path} is empty: it should hold the client's secret")
    return found
