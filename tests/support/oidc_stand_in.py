"""An OpenID Connect provider on loopback, as small as one can be that checks what one checks; its tokens can be twisted."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from streams.embedded.ports import free_ports

CLIENT, SECRET = "console-client", "a secret of the client"
Twist = Callable[[dict[str, Any]], dict[str, Any]]


class StandIn:
    """The provider.

    Attributes:
        person: the claims of whoever logs in.
        twist: what is done to the claims of the next ID tokens.
        sign: how an ID token is signed.
        published: what /jwks gives.
        metadata: what discovery says besides, or otherwise.
        jwks_asked, token_asked: how often.
    """

    def __init__(self, issuer: str, key: RSAKey) -> None:
        self.issuer, self.key, self.published = issuer, key, [key]
        self.person: dict[str, Any] = {"sub": "1", "email": "Ann@firm.example", "groups": ["sales", "ops"]}
        self.twist: Twist = lambda claims: claims
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.metadata: dict[str, Any] = {}
        self.jwks_asked = self.token_asked = 0
        self._codes: dict[str, dict[str, str]] = {}

    def signed(self, claims: dict[str, Any], key: RSAKey | None = None) -> str:
        """Sign claims as a provider does."""
        own = key or self.key
        return jwt.encode({"alg": "RS256", "kid": own.kid}, claims, own)

    def app(self) -> Starlette:
        """Return its pages."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
            ]
        )

    async def _discovery(self, _: Request) -> Response:
        own = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(own | self.metadata)

    async def _jwks(self, _: Request) -> Response:
        self.jwks_asked += 1
        return JSONResponse({"keys": [each.as_dict(private=False, use="sig", kid=each.kid) for each in self.published]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        self.token_asked += 1
        form = dict(parse_qsl((await request.body()).decode()))
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self._codes.pop(form.get("code", ""), None)  # once
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or not _proves(form, asked):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now, access = int(time.time()), secrets.token_urlsafe()
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "at_hash": _text(half),
            **self.person,
        }
        token = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        return JSONResponse(token | {"id_token": self.sign(self.twist(claims))})


def by_secret(claims: dict[str, Any], secret: bytes) -> str:
    """Return claims signed by a secret, made by hand: libraries refuse a public key's text as one."""
    body = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(claims)}"
    return f"{body}.{_text(hmac.digest(secret, body.encode(), 'sha256'))}"


def unsigned(claims: dict[str, Any]) -> str:
    """Return claims that nobody has signed."""
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _part(content: dict[str, Any]) -> str:
    return _text(json.dumps(content).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _proves(form: dict[str, str], asked: dict[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return _text(digest) == asked["code_challenge"]


@contextmanager
def standing_in(key: RSAKey) -> Iterator[StandIn]:
    """Run a provider until the block ends."""
    port = free_ports(1)[0]
    found = StandIn(f"http://127.0.0.1:{port}", key)
    server = uvicorn.Server(uvicorn.Config(found.app(), host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)  # uvicorn tells nobody outside of its loop
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join()
