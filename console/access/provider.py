"""Logins at an OpenID Connect provider: the code flow with PKCE, state and nonce.

Theory of operation: `begin` makes up a state, a nonce and a verifier, which the visitor's session keeps, and says where the
browser is to go. It comes back with the state and a code. `finish` compares the state, trades the code (which needs the
verifier) for an ID token, and believes the token only if one of the provider's own keys has signed it by an algorithm with a
public key, and it is from this provider, for this client, of this attempt by its nonce, and in time. Keys are the provider's
published ones; one that is not known yet is looked for again, since providers change their keys.
"""

import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from httpx2 import AsyncClient, HTTPError
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct

from console.access.oidc_file import OidcFile, is_private_or_tls
from console.access.sessions import Pending
from console.access.users import Known

log: Final = logging.getLogger(__name__)
#: By a public key alone: a secret that both know signs nothing here, and `none` is no signature.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ASK_SECONDS: Final = 10.0
PENDING_SECONDS: Final = 600.0  # that somebody may take at the provider
KEPT_SECONDS: Final = (
    3_600.0  # what the provider publishes of itself, and its keys: one that it withdrew is out after that
)
AGAIN_SECONDS: Final = 5.0  # between two looks for a key that is not known: a stranger's tokens cause no flood
PATH: Final = "/login/callback"


class LoginError(Exception):
    """Nobody is logged in. The text is one line for whoever tried."""


class Discovered(Struct, frozen=True):
    """What a provider publishes of itself, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Provider:
    """One provider.

    Args:
        file: who it is, and who may what.
        url: the console's address.
        ticks: a clock in seconds that never goes back.
        clock: the wall's, in seconds since the epoch.
    """

    def __init__(self, file: OidcFile, url: str, ticks: Callable[[], float], clock: Callable[[], float]) -> None:
        self.title, self._file, self._url, self._ticks, self._clock = file.title, file, url, ticks, clock
        self._found: tuple[float, Discovered] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, onward: str) -> tuple[str, Pending]:
        """Return where the browser is to go, and what the session keeps meanwhile. Raises LoginError."""
        found = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, onward, self._ticks())
        async with self._client(found) as client:
            address, _ = client.create_authorization_url(
                found.authorization_endpoint, pending.state, pending.verifier, nonce=pending.nonce
            )
        return address, pending

    async def finish(self, pending: Pending | None, given: Mapping[str, str]) -> Known:
        """Return who has come back from the provider. Raises LoginError."""
        if pending is None or not _same(pending.state, given.get("state", "")):
            raise LoginError("This login was not begun here, or was finished already: begin again.")
        if self._ticks() - pending.began > PENDING_SECONDS:
            raise LoginError("This login took too long: begin again.")
        found = await self._discovered()
        _require_answer(found, given)
        claims = await self._claims(found, pending, given["code"])
        name, role = self._file.name_of(claims), self._file.role_of(claims)
        if name is None:
            raise LoginError(f"{self.title} says no {self._file.name_claim} that can be used of you: ask who runs it.")
        if role is None:
            log.warning("%s logged in at the provider, and %s gives no role", name, self._file.role_claim)
            raise LoginError(f"{self.title} knows you as {name}, and you have no role here: ask who runs the console.")
        return Known(name, role, by_provider=True)

    async def leaving(self) -> str | None:
        """Return where somebody logs out of the provider too; None where it has no such place, or does not answer."""
        try:
            found = await self._discovered()
        except LoginError:
            return None
        if found.end_session_endpoint is None:
            return None
        asked = {"client_id": self._file.client_id, "post_logout_redirect_uri": f"{self._url}/login"}
        return f"{found.end_session_endpoint}{'&' if '?' in found.end_session_endpoint else '?'}{urlencode(asked)}"

    async def _claims(self, found: Discovered, pending: Pending, code: str) -> dict[str, Any]:
        """Trade a code for what the provider says of whoever brought it. Raises LoginError."""
        try:
            async with self._client(found) as client:
                token = await client.fetch_token(
                    found.token_endpoint, grant_type="authorization_code", code=code, code_verifier=pending.verifier
                )
            signed = await self._signed(found, str(token.get("id_token", "")))
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "value": found.issuer},
                    "aud": {"essential": True, "value": self._file.client_id},
                },
                {"nonce": pending.nonce, "client_id": self._file.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(int(self._clock()), self._file.leeway_seconds)
        except (OAuthError, JoseError, HTTPError, ValueError, TypeError, KeyError) as error:
            log.warning("a login at the provider is refused: %s: %s", type(error).__name__, error)
            raise LoginError(
                f"What {self.title} said of you does not hold: begin again; the console's log says why."
            ) from None
        return dict(claims)

    async def _signed(self, found: Discovered, text: str) -> jwt.Token:
        """Return a token that one of the provider's keys has signed. Raises JoseError, HTTPError, ValueError."""
        wanted = [each for each in ALGORITHMS if each in found.id_token_signing_alg_values_supported]
        registry = JWSRegistry(algorithms=wanted or ["RS256"], strict_check_header=False)
        keys = await self._published(found, KEPT_SECONDS)
        try:
            return jwt.decode(text, keys, registry=registry)
        except (InvalidKeyIdError, BadSignatureError):
            again = await self._published(found, AGAIN_SECONDS)
            if again is keys:
                raise
            return jwt.decode(text, again, registry=registry)

    async def _published(self, found: Discovered, age: float) -> KeySet:
        """Return the provider's keys, asked for again where they were asked for longer ago than that."""
        now = self._ticks()
        if self._keys is None or now - self._keys[0] > age:
            self._keys = now, KeySet.import_key_set(await _json(found.jwks_uri))
        return self._keys[1]

    async def _discovered(self) -> Discovered:
        """Return what the provider publishes of itself. Raises LoginError."""
        now = self._ticks()
        if self._found is None or now - self._found[0] > KEPT_SECONDS:
            try:
                read = await _json(f"{self._file.issuer.rstrip('/')}/.well-known/openid-configuration")
                found = msgspec.convert(read, Discovered)
                _require_own(found, self._file.issuer)
            except (HTTPError, ValueError) as error:
                log.warning("the provider %s cannot be used: %s: %s", self._file.issuer, type(error).__name__, error)
                raise LoginError(f"{self.title} does not answer as a provider should: try again later.") from None
            self._found = now, found
        return self._found[1]

    def _client(self, found: Discovered) -> AsyncOAuth2Client:
        secret, methods = self._file.secret(), found.token_endpoint_auth_methods_supported
        basic = "client_secret_basic" in methods or "client_secret_post" not in methods
        method = "none" if secret is None else "client_secret_basic" if basic else "client_secret_post"
        return AsyncOAuth2Client(
            client_id=self._file.client_id,
            client_secret=secret,
            token_endpoint_auth_method=method,
            scope=" ".join(self._file.scopes),
            redirect_uri=f"{self._url}{PATH}",
            code_challenge_method="S256",
            timeout=ASK_SECONDS,
        )


def _same(a: str, b: str) -> bool:
    return hmac.compare_digest(a.encode(), b.encode(errors="surrogatepass"))


def _require_answer(found: Discovered, given: Mapping[str, str]) -> None:
    """Raise LoginError where the answer is none: an error, of another provider (RFC 9207), or without a code."""
    if given.get("error"):
        said = "".join(each for each in given["error"] if each.isprintable())[:80]
        raise LoginError(f"The provider did not log you in: {said}.")
    iss = given.get("iss")
    if iss != found.issuer and (iss is not None or found.authorization_response_iss_parameter_supported):
        raise LoginError("The answer is another provider's: begin again.")
    if not given.get("code"):
        raise LoginError("The provider gave no code: begin again.")


def _require_own(found: Discovered, issuer: str) -> None:
    """Raise ValueError where it is another's, or would be asked in the clear."""
    if found.issuer != issuer:
        raise ValueError(f"it calls itself {found.issuer!r}")
    for each in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.end_session_endpoint):
        if each is not None and not is_private_or_tls(each):
            raise ValueError(f"{each!r} is no https:// address")


async def _json(url: str) -> Any:
    async with AsyncClient(timeout=ASK_SECONDS) as client:
        answer = await client.get(url)
        answer.raise_for_status()
        return answer.json()
